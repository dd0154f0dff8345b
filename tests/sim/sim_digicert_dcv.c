/* SPDX-License-Identifier: Apache-2.0
 *
 * Domain control validation at CertCentral. The method is the order's: what it is placed with, else
 * mail. A check looks for what that method wants, under the right name and with the right value, in
 * the table (--dcv-table), where a hook publishes lines:
 *
 *     NAME VALUE                                               dns-txt-token
 *     _dnsauth.NAME CNAME VALUE.dcv.digicert.com               dns-cname-token
 *     http://NAME/.well-known/pki-validation/fileauth.txt VALUE    http-token
 *     http://NAME/.well-known/pki-validation/ORDER.txt VALUE       http-token-dynamic
 *
 * Mail is never answered here, unless domains pass by themselves (--dcv auto).
 */
#include "tests/sim/sim_digicert.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"

#include <string.h>

#define MAIL "email"
#define PKI  "/.well-known/pki-validation/"

static const struct method {
    const char *word;
    const char *code, *text; /* nothing was found; NULL: there is nothing to look for */
    bool file, dynamic;
} methods[] = {
    {"dns-txt-token", "invalid_dns_txt",
     "Could not find a valid TXT record for one or more domains.", false, false},
    {"dns-cname-token", "invalid_dns_cname",
     "Could not find a valid CNAME record for one or more domains.", false, false},
    {"http-token", "file_random_value_not_found",
     "Could not find the random value at the expected file location for one or more domains.", true,
     false},
    {"http-token-dynamic", "file_random_value_not_found",
     "Could not find the random value at the expected file location for one or more domains.", true,
     true},
    {MAIL, NULL, NULL, false, false},
};

static const struct method *find(const char *word)
{
    for (size_t i = 0; i < NITEMS(methods); i++) {
        if (str_eq(methods[i].word, word)) {
            return &methods[i];
        }
    }
    return NULL;
}

/* --- placing --- */
const char *dc_method(struct request *q, struct reply *r, const struct order *made)
{
    const char *said = shape_str(q->json, "dcv_method"); /* one of the words: see the shapes */
    const struct method *m = find(said ? said : MAIL);
    const bool dv = made->product->type->level == LEVEL_DV;
    bool wildcard = false;
    for (size_t i = 0; i < made->ndomains; i++) {
        wildcard = wildcard || str_starts(made->domains[i].name, "*.");
    }
    if (!m || (m->file && wildcard) || (m->dynamic && dv)) {
        dc_error(q, r, 400, "invalid_dcv_method", "The DCV method is not valid for this order.");
        return NULL;
    }
    return m->word;
}

void dc_put_validation(struct request *q, const struct dc *c, json_t *tree)
{
    const struct order *o = c->o;
    if (o->mail) {
        return; /* a mailbox is proven by mail to it, and the reply says nothing of that */
    }
    json_t *all = json_array();
    const char *token = str_eq(c->dcv_method, MAIL) ? NULL : o->domains[0].token;
    for (size_t i = 0; i < o->ndomains; i++) {
        if (!order_validated(q->sim, o, &o->domains[i])) {
            (void)json_array_append_new(all,
                                        json_pack("{s:i,s:s,s:{s:s*,s:s}}", "id", 55001 + (int)i,
                                                  "name", o->domains[i].name, "dcv_token", "token",
                                                  token, "status", "pending"));
        }
    }
    (void)json_object_set_new(tree, "domains", all);
    if (token) {
        (void)json_object_set_new(tree, "dcv_random_value", json_string(token));
    }
}

/* --- looking --- */
static const char *bare(const char *name)
{
    return str_starts(name, "*.") ? name + 2 : name;
}

static const char *wanted(struct arena *a, const struct dc *c, const char *name, const char *token)
{
    const struct method *m = find(c->dcv_method);
    if (m->file) {
        return m->dynamic ? arena_printf(a, "http://%s" PKI "%s.txt %s", name, c->o->number, token)
                          : arena_printf(a, "http://%s" PKI "fileauth.txt %s", name, token);
    }
    return str_eq(m->word, "dns-cname-token")
               ? arena_printf(a, "_dnsauth.%s CNAME %s.dcv.digicert.com", bare(name), token)
               : arena_printf(a, "%s %s", bare(name), token);
}

static bool in_table(const struct sim *s, const char *line)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    const size_t n = strlen(line);
    if (!s->options.dcv_table || !fs_read(s->options.dcv_table, &text, &err)) {
        return false;
    }
    for (const char *at = buf_text(&text); *at; at += strcspn(at, "\n"), at += *at ? 1 : 0) {
        if (strncmp(at, line, n) == 0 && at[n] == '\n') {
            return true;
        }
    }
    return false;
}

/* A question about an order that waits for no token is refused. */
static struct dc *open_order(struct request *q, struct reply *r, const char *id)
{
    struct dc *c = dc_find(id);
    if (!c) {
        dc_no_order(q, r);
    } else if (!str_eq(dc_status(q, c, false), "pending")) {
        dc_error(q, r, 400, "invalid_status", "The order waits for no validation.");
    } else if (!find(c->dcv_method)->code) {
        dc_error(q, r, 400, "invalid_dcv_method", "The DCV method of the order has no token.");
    } else {
        return c;
    }
    return NULL;
}

DC_HANDLER(dc_random_value)
{
    const struct dc *c = open_order(q, r, id);
    if (!c) {
        return;
    }
    const struct order *o = c->o;
    const char *url =
        find(c->dcv_method)->dynamic
            ? arena_printf(&q->arena, "http://%s" PKI "%s.txt", o->domains[0].name, o->number)
            : NULL;
    dc_good(q, r, 200,
            json_pack("{s:s,s:s,s:s*}", "dcv_random_value", o->domains[0].token, "expiration_date",
                      dc_stamp(&q->arena, time_now() + 30 * DAY_SECONDS), "http_token_url", url));
}

/* All names of the order have the token, or none is validated. */
DC_HANDLER(dc_check)
{
    struct dc *c = open_order(q, r, id);
    bool all = true;
    if (!c) {
        return;
    }
    struct order *o = c->o;
    const struct method *m = find(c->dcv_method);
    for (size_t i = 0; i < o->ndomains; i++) {
        struct sim_domain *d = &o->domains[i];
        all = all && (order_validated(q->sim, o, d) ||
                      in_table(q->sim, wanted(&q->arena, c, d->name, o->domains[0].token)));
    }
    if (!all) {
        dc_error(q, r, 400, m->code, m->text);
        return;
    }
    for (size_t i = 0; i < o->ndomains; i++) {
        if (!o->domains[i].passed_ms) {
            o->domains[i].passed_ms = time_monotonic_ms() + q->sim->orders.t3;
        }
    }
    dc_good(q, r, 200,
            json_pack("{s:s,s:I,s:s,s:[]}", "order_status", dc_status(q, c, false),
                      "certificate_id", dc_number(o->request_number), "dcv_status", "valid",
                      "dns_name_validations"));
}
