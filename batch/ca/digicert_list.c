/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of CertCentral: orders, whole for an inventory and searched for one whose reply was lost;
 * products; and what a probe of the key is told.
 *
 * Rows of the list of orders do not show the CSR. A candidate is looked at by itself, and is ours
 * when the CSR it shows has our key; names and times only choose the candidates. Filters were seen
 * to be ignored, so every row is judged again.
 */
#include "batch/ca/digicert.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

/* How many rows there are. */
static uint64_t total_of(const struct rest_heard *h, uint64_t otherwise)
{
    return reply_number(reply_member(h->body, "page"), "total", otherwise);
}

/* --- FIND --- */
enum { SLACK_SECONDS = DAY_SECONDS }; /* clocks, and time zones of DigiCert's own */

static void search_on(const struct rest_heard *h, struct search *s)
{
    unsigned phase = s->todo.n ? FIND_KEY : s->page < s->pages ? FIND_NEXT : 0;
    if (!phase) {
        search_give(h->out, s);
        return;
    }
    s->page += phase == FIND_NEXT ? 1 : 0;
    h->out->next_page = search_write(h->out->arena, s);
    h->out->phase = phase;
    if (!h->out->next_page) {
        digicert_unknown(h, "there are more orders of this name than a search can hold");
    }
}

static void look_at(const struct rest_heard *h, const json_t *row, struct search *s)
{
    struct arena *a = h->out->arena;
    const struct ca_order *o = h->call->order;
    const json_t *certificate = reply_member(row, "certificate");
    const char *id = reply_text(a, row, "id");
    const char *shown = reply_text(a, certificate, "common_name");
    const char *name = digicert_listed_name(h->ca->config, o);
    const int64_t ordered = reply_time(a, row, "date_created");
    const bool old = ordered != TIME_NONE && h->call->since > 0 &&
                     ordered + DAY_SECONDS + SLACK_SECONDS < h->call->since;
    const bool other = shown && name && !str_ieq(shown, name);
    const bool failed = digicert_class_of(reply_text(a, row, "status")) == CLASS_FAILED;
    if (digicert_is_number(id) && !old && !other && !failed && !strlist_has(&s->hits, id)) {
        search_add_once(&s->todo, id);
    }
}

/* A reissue and a duplicate stay in their order: that has the certificate or has it not. */
static void look_among_siblings(const struct rest_heard *h, struct search *s)
{
    const json_t *all = reply_member(h->body, "certificates");
    for (size_t i = 0; i < json_array_size(all); i++) {
        if (digicert_csr_is_ours(h, json_array_get(all, i))) {
            search_add_once(&s->hits, digicert_prior(h->call->order));
        }
    }
    search_give(h->out, s);
}

void digicert_take_found(const struct rest_heard *h)
{
    CLEANUP(search_release) struct search s = {0};
    const json_t *rows = reply_member(h->body, "orders"); /* absent when there is none */
    const size_t n = json_array_size(rows);
    if (!search_read(h->out->arena, h->call->page, &s) || !json_is_object(h->body) ||
        (rows && !json_is_array(rows))) {
        digicert_unknown(h, "the reply is no list of orders");
        return;
    }
    if (digicert_prior(h->call->order)) {
        look_among_siblings(h, &s);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        look_at(h, json_array_get(rows, i), &s);
    }
    s.pages = n ? (total_of(h, 0) + FIND_ROWS - 1) / FIND_ROWS : s.page;
    search_on(h, &s);
}

void digicert_take_candidate(const struct rest_heard *h)
{
    CLEANUP(search_release) struct search s = {0};
    if (!search_read(h->out->arena, h->call->page, &s) || !s.todo.n) {
        digicert_unknown(h, "the search was lost between two requests");
        return;
    }
    if (!json_is_object(h->body)) {
        digicert_unknown(h, "the reply is no order");
        return;
    }
    if (digicert_csr_is_ours(h, reply_member(h->body, "certificate"))) {
        search_add_once(&s.hits, s.todo.v[0]);
    }
    s.todo.n--;
    memmove(s.todo.v, s.todo.v + 1, s.todo.n * sizeof *s.todo.v);
    search_on(h, &s);
}

/* --- INVENTORY --- */
static void read_row(const struct rest_heard *h, const json_t *row, struct ca_listed *out)
{
    struct arena *a = h->out->arena;
    const json_t *c = reply_member(row, "certificate");
    const char *serial = reply_text(a, c, "serial_number");
    const char *product = reply_text(a, reply_member(row, "product"), "name_id");
    const char *status = reply_text(a, row, "status");
    *out =
        (struct ca_listed){.order_id = reply_text(a, row, "id"),
                           .status = status,
                           .common_name = reply_text(a, c, "common_name"),
                           .serial = serial ? serial_normal(a, serial) : NULL,
                           .product = product ? product : reply_text(a, row, "product_name_id"),
                           .organization = reply_text(a, reply_member(row, "organization"), "name"),
                           .issuer = reply_text(a, reply_member(c, "ca_cert"), "name"),
                           .ordered = reply_time(a, row, "date_created"),
                           .not_after = reply_time(a, c, "valid_till"),
                           .revoked = digicert_class_of(status) == CLASS_REVOKED,
                           .expired = str_eq(status, "expired")};
    if (out->not_after != TIME_NONE) {
        out->not_after += DAY_SECONDS - 1; /* a day is told: good until its end */
        out->expired = out->expired || (h->call->now && out->not_after < h->call->now);
    }
}

void digicert_take_inventory(const struct rest_heard *h)
{
    struct ca_result *out = h->out;
    const json_t *rows = reply_member(h->body, "orders");
    const size_t n = json_array_size(rows);
    uint64_t offset = 0;
    if ((h->call->page && !str_u64(h->call->page, &offset)) || !json_is_object(h->body) ||
        (rows && !json_is_array(rows)) || (!rows && !reply_member(h->body, "page"))) {
        digicert_unknown(h, "the reply is no list of orders");
        return;
    }
    out->listed = arena_array(out->arena, n + 1, sizeof *out->listed);
    for (size_t i = 0; i < n; i++) {
        read_row(h, json_array_get(rows, i), &out->listed[out->nlisted++]);
    }
    if (n && offset + n < total_of(h, 0)) {
        out->next_page = arena_printf(out->arena, "%llu", (unsigned long long)(offset + n));
    }
}

/* --- PRODUCTS --- */
static const char *term_text(struct arena *a, const json_t *product)
{
    const json_t *years = reply_member(product, "allowed_order_validity_years");
    json_int_t most = 0;
    years = json_is_array(years) ? years : reply_member(product, "allowed_validity_years");
    for (size_t i = 0; i < json_array_size(years); i++) {
        const json_int_t n = json_integer_value(json_array_get(years, i));
        most = n > most ? n : most;
    }
    return most ? arena_printf(a, "%lldy", (long long)most) : NULL;
}

void digicert_take_products(const struct rest_heard *h)
{
    struct ca_result *out = h->out;
    struct arena *a = out->arena;
    const json_t *all = reply_member(h->body, "products");
    const size_t n = json_array_size(all);
    if (!json_is_array(all)) {
        digicert_unknown(h, "the reply is no catalogue");
        return;
    }
    out->sold = arena_array(a, n + 1, sizeof *out->sold);
    for (size_t i = 0; i < n; i++) {
        const json_t *p = json_array_get(all, i);
        const char *code = reply_text(a, p, "name_id");
        if (code) {
            out->sold[out->nsold++] = (struct ca_sold){.code = code,
                                                       .name = reply_text(a, p, "name"),
                                                       .category = reply_text(a, p, "group_name"),
                                                       .type_id = reply_text(a, p, "type"),
                                                       .term = term_text(a, p)};
        }
    }
}

/* --- PROBE --- */
static const char *roles_of(struct arena *a, const json_t *user)
{
    const json_t *all = reply_member(user, "access_roles");
    const char *text = "no role";
    for (size_t i = 0; i < json_array_size(all); i++) {
        const char *name = reply_text(a, json_array_get(all, i), "name");
        text = i ? arena_printf(a, "%s, %.64s", text, name ? name : "?")
                 : arena_printf(a, "%.64s", name ? name : "?");
    }
    return text;
}

void digicert_take_user(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    const char *name = reply_text(a, h->body, "username");
    const char *status = reply_text(a, h->body, "status");
    const char *account = reply_text(a, h->body, "account_id");
    if (!name && !account) {
        digicert_unknown(h, "the reply tells no user");
        return;
    }
    if (status && !str_eq(status, "active")) {
        rest_say(h, OUTCOME_AUTH, arena_printf(a, "the user of the key is %.64s", status));
        return;
    }
    h->out->message =
        arena_printf(a, "the key is that of %.64s, account %.32s: %s", name ? name : "a user",
                     account ? account : "?", roles_of(a, h->body));
}

void digicert_take_one_order(const struct rest_heard *h)
{
    if (!json_is_object(h->body)) {
        digicert_unknown(h, "the reply is no list of orders");
        return;
    }
    h->out->message = "the key is good, and is restricted: it may not ask who it belongs to";
}
