/* SPDX-License-Identifier: Apache-2.0
 *
 * The report of SSL orders: the only place where SCM shows state, dates and comments of many orders
 * at once. It is searched for an order whose answer was lost, and read window by window for an
 * inventory, because it has no pages.
 *
 * An order is ours by the mark in its comments; one without a mark (a renewal by number takes no
 * comments) by the key of its certificate. Days of the report's filter are of an unknown zone, and
 * whether its last day counts is not said: one day more is asked for on either side, and rows are
 * compared by their own times.
 */
#include "batch/ca/sectigo.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

enum { ANY_STATUS = 0, BY_REQUEST_DATE = 4 };

static void put_day(struct jw *j, const char *key, int64_t t)
{
    char date[TIME_TEXT];
    time_format_date(t, date);
    jw_str(j, key, date);
}

static bool put_report(const struct rest_asked *q, struct jw *j, const char *org, int64_t from,
                       int64_t to)
{
    uint64_t number = 0;
    if (org) {
        if (!str_u64(org, &number) || number > INT32_MAX) {
            return err_set(q->err, ERR_INPUT, "organization_id is no number");
        }
        jw_array(j, "organizationIds");
        jw_int(j, NULL, (int64_t)number);
        jw_end(j);
    }
    jw_int(j, "certificateStatus", ANY_STATUS);
    jw_int(j, "certificateDateAttribute", BY_REQUEST_DATE);
    put_day(j, "from", from - DAY_SECONDS);
    put_day(j, "to", to + DAY_SECONDS);
    return true;
}

/* "statusCode" is 0 for a report that is whole; anything else proves nothing. */
static const json_t *rows_of(const struct rest_heard *h)
{
    const json_t *rows = reply_member(h->body, "reports");
    const json_t *status = reply_member(h->body, "statusCode");
    const bool good = !status || (json_is_integer(status) && json_integer_value(status) == 0);
    if (!json_is_array(rows) || !good) {
        rest_say(h, OUTCOME_UNKNOWN, "the answer is no report");
        return NULL;
    }
    return rows;
}

/* --- FIND --- */
bool sectigo_put_find(const struct rest_asked *q, struct jw *j)
{
    const struct ca_call *call = q->call;
    const struct ca_order *o = call->order;
    const int64_t since = call->since > DAY_SECONDS ? call->since : call->now;
    if (!o || !o->spki_sha256) {
        return err_set(q->err, ERR_INPUT, "without its key an order cannot be looked for");
    }
    rest_put(j, "commonName", o->common_name);
    return put_report(q, j, sectigo_organization(q->config, o), since, call->now);
}

enum { CLOCKS_MAY_DIFFER = 3600 };

/* Placed by the intent, as far as times tell, and not failed: it may be ours. */
static bool may_be_ours(const struct rest_heard *h, const json_t *row)
{
    struct arena *a = h->out->arena;
    const struct ca_order *o = h->call->order;
    const int64_t requested = reply_time(a, row, "requested");
    const char *name = reply_text(a, row, "commonName");
    const enum sectigo_class class = sectigo_class(reply_text(a, row, "status"));
    return class != CLASS_FAILED && (!name || !o->common_name || str_ieq(name, o->common_name)) &&
           (requested == TIME_NONE || requested >= h->call->since - CLOCKS_MAY_DIFFER);
}

static bool is_ours(const struct rest_heard *h, const char *comments)
{
    return sectigo_mark_fits(comments, h->call->order, h->call->client_key);
}

/* A renewal by number may be shown with the comments of the order it renews. */
static bool is_marked(const struct rest_heard *h, const char *comments)
{
    return comments && strstr(comments, "certbatch=") && !str_eq(h->call->order->action, "renew");
}

void sectigo_search_on(const struct rest_heard *h, struct search *s)
{
    if (!s->todo.n) {
        search_give(h->out, s);
        return;
    }
    h->out->next_page = search_write(h->out->arena, s);
    h->out->phase = FIND_COLLECT;
    if (!h->out->next_page) {
        rest_say(h, OUTCOME_UNKNOWN, "there are too many orders of this name to be looked at");
    }
}

void sectigo_found(const struct rest_heard *h)
{
    CLEANUP(search_release) struct search s = {.page = 1, .pages = 1};
    struct arena *a = h->out->arena;
    const json_t *rows = rows_of(h);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *id = reply_text(a, row, "id");
        const char *comments = reply_text(a, row, "comments");
        const bool prior = id && str_eq(id, h->call->order->prior_order);
        if (!sectigo_is_number(id) || prior) {
            continue;
        }
        if (is_ours(h, comments)) {
            search_add_once(&s.hits, id);
        } else if (!is_marked(h, comments) && may_be_ours(h, row)) {
            search_add_once(&s.todo, id);
        }
    }
    if (s.hits.n) {
        s.todo.n = 0; /* a mark decides */
    }
    if (rows) {
        sectigo_search_on(h, &s);
    }
}

static bool has_our_key(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    struct reply_certs all = {arena_array(a, LIMIT_CHAIN + 1, sizeof *all.v), 0};
    return h->reply->http_status < 300 && reply_take_pem(a, buf_text(&h->reply->body), &all) &&
           reply_has_key(h->call->order, &all);
}

/* Without a certificate, or with none of our key, the candidate is not known to be ours. A reissue
 * has one candidate, the order it stays in. */
void sectigo_key_seen(const struct rest_heard *h)
{
    CLEANUP(search_release) struct search s = {.page = 1, .pages = 1};
    const char *reissues = sectigo_reissues(h->call->order);
    if (reissues) {
        VEC_PUSH(&s.todo, reissues);
    } else if (!search_read(h->out->arena, h->call->page, &s) || !s.todo.n) {
        rest_say(h, OUTCOME_UNKNOWN, "the search was lost between two requests");
        return;
    }
    if (has_our_key(h)) {
        search_add_once(&s.hits, s.todo.v[0]);
    }
    s.todo.n--;
    memmove(s.todo.v, s.todo.v + 1, s.todo.n * sizeof *s.todo.v);
    sectigo_search_on(h, &s);
}

/* --- INVENTORY --- */
/* Certificates of 398 days and older ones that were sold for longer: what was requested before is
 * one window, since there is little of it that still lives. */
enum { OLD_DAYS = 800 };
#define BEGINNING (INT64_C(10957) * DAY_SECONDS) /* 2000-01-01, before there was an SCM */

struct window {
    int64_t from, to; /* to: the first second that is not in it */
    bool last;
};

/* False: the cursor is none of ours. */
static bool window_of(const struct sectigo_config *c, const struct ca_call *call,
                      struct window *out)
{
    const int64_t today = call->now - call->now % DAY_SECONDS;
    const int64_t end = today + DAY_SECONDS;
    const int64_t old = today - (int64_t)OLD_DAYS * DAY_SECONDS;
    int64_t from = call->since > 0 ? call->since : BEGINNING;
    if (call->page && !time_parse_date(call->page, &from)) {
        return false;
    }
    const int64_t to = from < old ? old : from + c->inventory_window_days * DAY_SECONDS;
    *out = (struct window){from, to < end ? to : end, to >= end};
    return true;
}

bool sectigo_put_inventory(const struct rest_asked *q, struct jw *j)
{
    struct window w;
    const struct sectigo_config *c = q->config;
    if (!window_of(c, q->call, &w)) {
        return err_set(q->err, ERR_INTERNAL, "the inventory has no page of that name");
    }
    return put_report(q, j, c->organization_id, w.from, w.to);
}

static void read_row(struct arena *a, const json_t *row, struct ca_listed *out)
{
    const char *status = reply_text(a, row, "status");
    const char *serial = reply_text(a, row, "serialNumber");
    *out = (struct ca_listed){.order_id = reply_text(a, row, "id"),
                              .status = status,
                              .common_name = reply_text(a, row, "commonName"),
                              .serial = serial ? serial_normal(a, serial) : NULL,
                              .product = reply_text(a, row, "typeId"),
                              .organization = reply_text(a, row, "organizationName"),
                              .issuer = reply_text(a, row, "issuer"),
                              .ordered = reply_time(a, row, "requested"),
                              .not_after = reply_time(a, row, "expires"),
                              .revoked = sectigo_class(status) == CLASS_REVOKED,
                              .expired = status && str_ieq(status, "Expired")};
}

void sectigo_listed(const struct rest_heard *h)
{
    struct window w;
    struct ca_result *out = h->out;
    const struct sectigo_config *c = h->config;
    const json_t *rows = rows_of(h);
    const size_t n = json_array_size(rows);
    if (!rows || !window_of(c, h->call, &w)) {
        return;
    }
    out->listed = arena_array(out->arena, n, sizeof *out->listed);
    for (size_t i = 0; i < n; i++) {
        struct ca_listed *row = &out->listed[out->nlisted];
        read_row(out->arena, json_array_get(rows, i), row);
        const bool elsewhere =
            row->ordered != TIME_NONE && (row->ordered < w.from || row->ordered >= w.to);
        out->nlisted += elsewhere && !(w.last && row->ordered >= w.to) ? 0 : 1;
    }
    if (!w.last) {
        char date[TIME_TEXT];
        time_format_date(w.to, date);
        out->next_page = arena_strdup(out->arena, date);
    }
}
