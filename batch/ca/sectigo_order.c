/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies of requests to Sectigo Certificate Manager.
 *
 * Names of a CSR are not used there: an order says them all. In an order they are one text, in a
 * reissue a list (the other way round SCM answers -1002).
 */
#include "batch/ca/sectigo.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/pem.h"

#include <stdio.h>
#include <string.h>

enum { COMMENTS_MAX = 1024, REASON_MAX = 512, NAME_MAX_CHARS = 64 };

/* --- where a value is said --- */
const char *sectigo_field(const struct ca_order *o, const char *key, const char *otherwise)
{
    const struct ynode *n = o ? yaml_get(o->extra, key) : NULL;
    return n && n->kind == YAML_SCALAR && n->text[0] ? n->text : otherwise;
}

/* In the order in which rule sectigo.required looks. */
const char *sectigo_organization(const struct sectigo_config *c, const struct ca_order *o)
{
    const char *org = sectigo_field(o, "org_id", c->organization_id);
    return org || !o ? org : o->organization_number;
}

static bool lacks(const struct rest_asked *q, const char *what)
{
    return err_set(q->err, ERR_INPUT, "an order at SCM needs %s", what);
}

static bool put_number(const struct rest_asked *q, struct jw *j, const char *key, const char *text,
                       const char *what)
{
    uint64_t n = 0;
    if (!text || !str_u64(text, &n) || n < 1 || n > INT32_MAX) {
        return lacks(q, what);
    }
    jw_int(j, key, (int64_t)n);
    return true;
}

/* Of so many characters at most; cut text is still UTF-8. */
static const char *cut(struct arena *a, const char *text, size_t most)
{
    size_t at = 0;
    const size_t n = strlen(text);
    for (size_t i = 0; i < most && at < n; i++) {
        uint32_t code_point;
        const size_t step = utf8_decode(text + at, n - at, &code_point);
        at += step ? step : 1;
    }
    return arena_strndup(a, text, at);
}

static const char *words_of(const struct rest_asked *q, const char *text, const char *otherwise)
{
    return cut(q->out->arena, text && *text ? text : otherwise, REASON_MAX);
}

/* --- the mark --- */
void sectigo_mark(const struct ca_order *o, const char *client_key, char out[SECTIGO_MARK])
{
    char hex[2 * SHA256_SIZE + 1] = "";
    if (o->spki_sha256) {
        hex_encode(o->spki_sha256, SHA256_SIZE, hex);
    }
    (void)snprintf(out, SECTIGO_MARK, "certbatch=%.32s;key=%.32s", client_key ? client_key : "",
                   hex);
}

bool sectigo_mark_fits(const char *comments, const struct ca_order *o, const char *client_key)
{
    char mark[SECTIGO_MARK];
    sectigo_mark(o, client_key, mark);
    const char *wanted = client_key ? mark : strchr(mark, ';') + 1;
    return comments && o->spki_sha256 && strstr(comments, wanted);
}

/* --- which call it is --- */
const char *sectigo_renews(const struct rest_asked *q)
{
    const struct sectigo_config *c = q->config;
    const struct ca_order *o = q->call->order;
    const bool renews =
        o && str_eq(o->action, "renew") && o->prior_order && c->renew_mode == SECTIGO_RENEW_BY_ID;
    return renews ? o->prior_order : NULL;
}

const char *sectigo_reissues(const struct ca_order *o)
{
    return o && str_eq(o->action, "reissue") ? o->prior_order : NULL;
}

/* --- parts of an order --- */
static void put_csr(const struct rest_asked *q, struct jw *j)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(2 * LIMIT_CSR_BYTES);
    pem_write(&pem, "CERTIFICATE REQUEST", q->call->order->csr);
    jw_str(j, "csr", buf_text(&pem));
}

static bool put_names(const struct rest_asked *q, struct jw *j)
{
    CLEANUP(buf_release) struct buf all = BUF_INIT(LIMIT_INPUT_BYTES);
    const struct ca_order *o = q->call->order;
    for (size_t i = 0; i < o->nsan; i++) {
        if (strpbrk(o->san[i].text, ", \t")) { /* it would become two */
            return err_set(q->err, ERR_INPUT, "a name with a comma or blank cannot be ordered");
        }
        buf_printf(&all, "%s%s", i ? "," : "", o->san[i].text);
    }
    rest_put(j, "subjAltNames", buf_text(&all));
    return true;
}

static bool put_term(const struct rest_asked *q, struct jw *j)
{
    const struct sectigo_config *c = q->config;
    const struct ca_order *o = q->call->order;
    const char *own = sectigo_field(o, "term", NULL);
    const int64_t days = o->validity_seconds ? o->validity_seconds / DAY_SECONDS : c->term;
    if (own) {
        return put_number(q, j, "term", own, "a term of whole days");
    }
    if (days < 1 || o->validity_seconds % DAY_SECONDS) {
        return lacks(q, "a term of whole days: `validity`, or term of the CA's settings");
    }
    jw_int(j, "term", days);
    return true;
}

static void put_comments(const struct rest_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    char mark[SECTIGO_MARK];
    const char *said = o->comment ? o->comment : o->ticket ? o->ticket : "";
    sectigo_mark(o, q->call->client_key, mark);
    const char *all = arena_printf(q->out->arena, "%s;item=%.*s%s%s", mark, (int)LIMIT_ITEM_ID,
                                   o->item, *said ? "; " : "", said);
    jw_str(j, "comments", cut(q->out->arena, all, COMMENTS_MAX));
}

static void put_custom_fields(const struct rest_asked *q, struct jw *j)
{
    const struct ynode *map = yaml_get(q->call->order->extra, "custom_fields");
    if (!map || map->kind != YAML_MAPPING || !map->first) {
        return;
    }
    jw_array(j, "customFields");
    for (const struct ynode *n = map->first; n; n = n->next) {
        if (n->kind == YAML_SCALAR) {
            jw_object(j, NULL);
            jw_str(j, "name", n->key);
            jw_str(j, "value", n->text);
            jw_end(j);
        }
    }
    jw_end(j);
}

static void put_dcv(const struct rest_asked *q, struct jw *j)
{
    const struct sectigo_config *c = q->config;
    rest_put(j, "dcvMode", sectigo_field(q->call->order, "dcv_mode", c->dcv_mode));
    rest_put(j, "dcvEmail", sectigo_field(q->call->order, "dcv_email", c->dcv_email));
}

/* --- ORDER --- */
static bool put_enroll(const struct rest_asked *q, struct jw *j)
{
    const struct sectigo_config *c = q->config;
    const struct ca_order *o = q->call->order;
    if (!put_number(q, j, "orgId", sectigo_organization(c, o),
                    "the number of an organization (organization_id)") ||
        !put_number(q, j, "certType", sectigo_field(o, "cert_type", o->product),
                    "the number of a certificate profile as product") ||
        !put_term(q, j) || !put_names(q, j)) {
        return false;
    }
    put_csr(q, j);
    put_comments(q, j);
    rest_put(j, "externalRequester", sectigo_field(o, "external_requester", c->external_requester));
    put_custom_fields(q, j);
    put_dcv(q, j);
    if (c->legacy_server_fields) {
        jw_int(j, "numberServers", 1);
        jw_int(j, "serverType", -1);
    }
    return true;
}

/* Everything else is that of the old order; comments are not taken. Without a CSR SCM takes the old
 * one again, which rule sectigo.renew-no-csr has to allow. */
static bool put_renewal(const struct rest_asked *q, struct jw *j)
{
    if (!str_eq(sectigo_field(q->call->order, "reuse_csr", "false"), "true")) {
        put_csr(q, j);
    }
    put_dcv(q, j);
    return true;
}

/* What it replaces stays valid at the CA as far as is known; revoking is an item of its own. */
static bool put_reissue(const struct rest_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    put_csr(q, j);
    jw_str(j, "reason", words_of(q, o->comment ? o->comment : o->ticket, "reissued by certbatch"));
    if (o->common_name && utf8_length(o->common_name, strlen(o->common_name)) <= NAME_MAX_CHARS) {
        rest_put(j, "commonName", o->common_name);
    }
    jw_array(j, "subjectAlternativeNames");
    for (size_t i = 0; i < o->nsan; i++) {
        jw_str(j, NULL, o->san[i].text);
    }
    jw_end(j);
    put_dcv(q, j);
    return true;
}

bool sectigo_put_order(const struct rest_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    const struct product_info *p = o ? ca_product_of(q->ca->config, o->product) : NULL;
    if (!o || !o->csr.n) {
        return lacks(q, "a CSR");
    }
    if (p && str_eq(p->level, "smime")) { /* ssl/v1 would make a server certificate of it */
        return err_set(q->err, ERR_INPUT,
                       "product %s is for mailboxes: client certificates have an API of their own "
                       "in SCM, which is not spoken; order it there",
                       p->code);
    }
    return sectigo_renews(q)     ? put_renewal(q, j)
           : sectigo_reissues(o) ? put_reissue(q, j)
                                 : put_enroll(q, j);
}

/* --- the others --- */
bool sectigo_put_approve(const struct rest_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    jw_str(j, "message", words_of(q, o ? o->ticket : NULL, "approved by certbatch"));
    return true;
}

bool sectigo_put_decline(const struct rest_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    const char *said = o ? (o->comment ? o->comment : o->ticket) : NULL;
    jw_str(j, "message", words_of(q, said, "declined by certbatch"));
    return true;
}

/* The reason is a number in one API and text in the other; SCM is picky about it. */
bool sectigo_put_revoke(const struct rest_asked *q, struct jw *j)
{
    const struct sectigo_config *c = q->config;
    const struct ca_revocation *r = q->call->revoke;
    const int reason = r ? sectigo_reason(r->reason) : -1;
    if (reason < 0) {
        return err_set(q->err, ERR_INPUT,
                       "SCM has no such revocation reason, only unspecified, keyCompromise, "
                       "affiliationChanged, superseded and cessationOfOperation");
    }
    if (c->auth_mode == SECTIGO_OAUTH) {
        jw_str(j, "reasonCode", arena_printf(q->out->arena, "%d", reason));
    } else {
        jw_int(j, "reasonCode", reason);
    }
    jw_str(j, "reason", words_of(q, r->comment, "revoked by certbatch"));
    return true;
}
