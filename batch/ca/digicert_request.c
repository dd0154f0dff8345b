/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of the calls of CertCentral, and the bodies of those that are no orders.
 */
#include "batch/ca/digicert.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/crl.h"

#include <string.h>

/* --- small things that several parts need --- */
const char *digicert_field(const struct ca_order *o, const char *name, const char *otherwise)
{
    const struct ynode *n = o ? yaml_get(o->extra, name) : NULL;
    return n && n->kind == YAML_SCALAR && n->text[0] ? n->text : otherwise;
}

bool digicert_flag(const struct ca_order *o, const char *name, bool otherwise)
{
    const char *text = digicert_field(o, name, NULL);
    return text ? str_eq(text, "true") : otherwise;
}

bool digicert_is_duplicate(const struct ca_order *o)
{
    return o && str_eq(o->action, "reissue") && digicert_flag(o, "duplicate", false);
}

const char *digicert_prior(const struct ca_order *o)
{
    return o && str_eq(o->action, "reissue") ? o->prior_order : NULL;
}

const char *digicert_common_name(const struct ca_order *o)
{
    const char *name = o->common_name && *o->common_name ? o->common_name : NULL;
    for (size_t i = 0; !name && i < o->nsan; i++) {
        const enum gn_type type = o->san[i].type;
        name = type == GN_DNS || type == GN_IP ? o->san[i].text : NULL;
    }
    return name;
}

enum { NUMBER_DIGITS = 18 };
bool digicert_is_number(const char *id)
{
    const size_t n = id ? strlen(id) : 0;
    return n && n <= NUMBER_DIGITS && strspn(id, "0123456789") == n;
}

/* --- addresses --- */
static bool put(struct buf *url, const char *before, const char *id, const char *after)
{
    buf_puts(url, before);
    request_put_escaped(url, id);
    buf_puts(url, after);
    return true;
}

static bool lacks(const struct rest_asked *q, const char *what)
{
    return err_set(q->err, ERR_INPUT, "this call of DigiCert needs %s", what);
}

static const char orders[] = "/order/certificate/";

/* Of the call, else of what is revoked. */
static const char *order_of(const struct ca_call *call)
{
    return call->order_id ? call->order_id : call->revoke ? call->revoke->order : NULL;
}

static bool put_order_path(const struct rest_asked *q, struct buf *url, const char *after)
{
    const char *id = order_of(q->call);
    return id ? put(url, orders, id, after) : lacks(q, "the number of an order");
}

/* A reissue and a duplicate go to the order they belong to. */
bool digicert_path_order(const struct rest_asked *q, struct buf *url)
{
    const struct ca_order *o = q->call->order;
    const char *prior = digicert_prior(o);
    if (o && str_eq(o->action, "reissue") && !prior) {
        return lacks(q,
                     "`replaces: {order: ...}`: a reissue goes to the order it belongs to, which "
                     "cannot be found by its serial number");
    }
    if (prior) {
        return put(url, orders, prior, digicert_is_duplicate(o) ? "/duplicate" : "/reissue");
    }
    return o && o->product && *o->product ? put(url, orders, o->product, "")
                                          : lacks(q, "a product");
}

bool digicert_path_tracked(const struct rest_asked *q, struct buf *url)
{
    return put_order_path(q, url, "");
}

/* The number of a certificate or request comes from the phase before. */
bool digicert_path_chain(const struct rest_asked *q, struct buf *url)
{
    return q->call->page ? put(url, "/certificate/", q->call->page, "/chain")
                         : lacks(q, "the number of a certificate");
}

bool digicert_path_request(const struct rest_asked *q, struct buf *url)
{
    return q->call->page ? put(url, "/request/", q->call->page, "/status")
                         : lacks(q, "the number of a request");
}

bool digicert_path_reissues(const struct rest_asked *q, struct buf *url)
{
    return put_order_path(q, url, "/reissue");
}

bool digicert_path_duplicates(const struct rest_asked *q, struct buf *url)
{
    return put_order_path(q, url, "/duplicate?show_archived=true");
}

bool digicert_path_siblings(const struct rest_asked *q, struct buf *url)
{
    return digicert_is_duplicate(q->call->order) ? digicert_path_duplicates(q, url)
                                                 : digicert_path_reissues(q, url);
}

bool digicert_path_cancel(const struct rest_asked *q, struct buf *url)
{
    return put_order_path(q, url, "/status");
}

bool digicert_path_challenge(const struct rest_asked *q, struct buf *url)
{
    return put_order_path(q, url, "/dcv-random-value");
}

bool digicert_path_validate(const struct rest_asked *q, struct buf *url)
{
    return put_order_path(q, url, "/check-dcv");
}

/* A serial number names one certificate; an order alone all of its certificates. */
bool digicert_path_revoke(const struct rest_asked *q, struct buf *url)
{
    const struct ca_revocation *v = q->call->revoke;
    if (v && v->serial) {
        return put(url, "/certificate/", v->serial, "/revoke");
    }
    return v && v->order ? put(url, orders, v->order, "/revoke")
                         : lacks(q, "a serial number or the number of an order");
}

/* Order info takes the serial number of an order's first certificate in place of a number. */
bool digicert_path_state(const struct rest_asked *q, struct buf *url)
{
    const struct ca_revocation *v = q->call->revoke;
    const char *id = v && v->order ? v->order : v ? v->serial : NULL;
    return id ? put(url, orders, id, "") : lacks(q, "a serial number or the number of an order");
}

/* Which order has it, when it is not the first certificate of one. */
bool digicert_path_serial(const struct rest_asked *q, struct buf *url)
{
    const struct ca_revocation *v = q->call->revoke;
    return v && v->serial
               ? put(url, "/order/certificate?limit=2&filters%5Bserial_number%5D=", v->serial, "")
               : lacks(q, "a serial number");
}

bool digicert_path_user(const struct rest_asked *q UNUSED, struct buf *url)
{
    buf_puts(url, "/user/me");
    return true;
}

/* What a key that may do nothing but orders is asked instead. */
bool digicert_path_one_order(const struct rest_asked *q UNUSED, struct buf *url)
{
    buf_puts(url, "/order/certificate?limit=1");
    return true;
}

bool digicert_path_products(const struct rest_asked *q, struct buf *url)
{
    const struct digicert_config *c = q->config;
    return c->container_id ? put(url, "/product?container_id=", c->container_id, "")
                           : (buf_puts(url, "/product"), true);
}

/* --- lists --- */
enum { SLACK_DAYS = 2 }; /* filters compare dates in a time zone of DigiCert's own */

static void put_since(struct buf *url, int64_t since)
{
    char day[TIME_TEXT];
    if (since > SLACK_DAYS * DAY_SECONDS) {
        time_format_date(since - SLACK_DAYS * DAY_SECONDS, day);
        buf_printf(url, "&filters%%5Bdate_created%%5D=%%3E%s", day); /* ">2026-11-20" */
    }
}

/* Oldest first: what is ordered while the pages are read comes behind the last of them. */
bool digicert_path_inventory(const struct rest_asked *q, struct buf *url)
{
    const struct digicert_config *c = q->config;
    uint64_t offset = 0;
    if (q->call->page && !str_u64(q->call->page, &offset)) {
        return err_set(q->err, ERR_INTERNAL, "there is no page %.32s", q->call->page);
    }
    buf_printf(url, "/order/certificate?limit=%lld&offset=%llu&sort=date_created",
               (long long)c->page_size, (unsigned long long)offset);
    put_since(url, q->call->since);
    return true;
}

bool digicert_path_find(const struct rest_asked *q, struct buf *url)
{
    CLEANUP(search_release) struct search s = {0};
    const struct ca_order *o = q->call->order;
    const char *name = digicert_listed_name(q->ca->config, o);
    if (digicert_prior(o)) { /* it can be in one place only */
        return put(url, orders, digicert_prior(o),
                   digicert_is_duplicate(o) ? "/duplicate?show_archived=true" : "/reissue");
    }
    if (!search_read(q->out->arena, q->call->page, &s)) {
        return err_set(q->err, ERR_INTERNAL, "the search was lost between two requests");
    }
    buf_printf(url, "/order/certificate?limit=%d&offset=%llu&sort=-date_created", FIND_ROWS,
               (unsigned long long)((s.page - 1) * FIND_ROWS));
    if (name) {
        (void)put(url, "&filters%5Bcommon_name%5D=", name, "");
    }
    put_since(url, q->call->since);
    return true;
}

bool digicert_path_candidate(const struct rest_asked *q, struct buf *url)
{
    CLEANUP(search_release) struct search s = {0};
    if (!search_read(q->out->arena, q->call->page, &s) || !s.todo.n) {
        return err_set(q->err, ERR_INTERNAL, "the search was lost between two requests");
    }
    return put(url, orders, s.todo.v[0], "");
}

/* --- bodies --- */
bool digicert_put_nothing(const struct rest_asked *q UNUSED, struct jw *j UNUSED)
{
    return true;
}

bool digicert_put_approval(const struct rest_asked *q UNUSED, struct jw *j)
{
    jw_str(j, "status", "approved");
    jw_str(j, "processor_comment", "approved by certbatch, as its settings say");
    return true;
}

/* RFC 5280 reasons without a word here are refused: none is turned into another. */
static const char *reason_word(int reason)
{
    static const struct {
        int reason;
        const char *word;
    } rows[] = {
        {REASON_UNSPECIFIED, "unspecified"},
        {REASON_KEY_COMPROMISE, "keyCompromise"},
        {REASON_AFFILIATION_CHANGED, "affiliationChanged"},
        {REASON_SUPERSEDED, "superseded"},
        {REASON_CESSATION_OF_OPERATION, "cessationOfOperation"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        if (rows[i].reason == reason) {
            return rows[i].word;
        }
    }
    return NULL;
}

bool digicert_put_revocation(const struct rest_asked *q, struct jw *j)
{
    const struct digicert_config *c = q->config;
    const struct ca_revocation *v = q->call->revoke;
    const char *word = v->reason == REASON_NONE ? NULL : reason_word(v->reason);
    if (!word && v->reason != REASON_NONE) {
        return err_set(q->err, ERR_INPUT,
                       "DigiCert has no revocation reason %s; it has unspecified, keyCompromise, "
                       "affiliationChanged, superseded and cessationOfOperation",
                       revocation_reason_name(v->reason));
    }
    rest_put(j, "revocation_reason", word);
    jw_str(j, "comments",
           arena_printf(q->out->arena, "%s%s" DIGICERT_MARK "%s %s", v->comment ? v->comment : "",
                        v->comment ? "; " : "", v->item,
                        q->call->client_key ? q->call->client_key : ""));
    if (c->skip_approval) {
        jw_bool(j, "skip_approval", true);
    }
    return true;
}

/* The word is case sensitive, and the note is demanded. */
bool digicert_put_cancel(const struct rest_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    const char *note = o && o->comment ? o->comment : o ? o->ticket : NULL;
    jw_str(j, "status", "canceled");
    jw_str(j, "note", note && *note ? note : "cancelled by certbatch");
    return true;
}
