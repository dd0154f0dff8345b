/* SPDX-License-Identifier: Apache-2.0
 *
 * See acme.h: what is sent about orders and certificates.
 */
#include "batch/ca/acme.h"

#include <string.h>

/* --- addresses --- */
bool acme_new_order_path(const struct rest_asked *q, struct buf *url)
{
    const struct acme *own = q->own;
    buf_puts(url, own->new_order);
    return true;
}

static bool put_given(const struct rest_asked *q, struct buf *url, const char *given,
                      const char *what)
{
    const struct acme *own = q->own;
    const char *word = given ? arena_strndup(q->out->arena, given, strcspn(given, " ")) : NULL;
    const char *address = acme_address(own, q->out->arena, word);
    if (!address) {
        return err_set(q->err, ERR_CA, "%s is no address at this CA: %.200s", what,
                       given ? str_vis_dup(q->out->arena, given, strlen(given)) : "none");
    }
    buf_puts(url, address);
    return true;
}

bool acme_order_path(const struct rest_asked *q, struct buf *url)
{
    return put_given(q, url, q->call->order_id, "the number of the order");
}

bool acme_page_path(const struct rest_asked *q, struct buf *url)
{
    return put_given(q, url, q->call->page, "what the CA pointed to");
}

bool acme_proof_path(const struct rest_asked *q, struct buf *url)
{
    return put_given(q, url, q->call->proof, "the proof of a name");
}

bool acme_revoke_path(const struct rest_asked *q, struct buf *url)
{
    const struct acme *own = q->own;
    if (!own->revoke_cert) {
        return err_set(q->err, ERR_CA, "this CA offers no revocation (revokeCert)");
    }
    buf_puts(url, own->revoke_cert);
    return true;
}

/* --- newOrder --- */
static bool is_address(const char *name)
{
    return strchr(name, ':') || (strspn(name, "0123456789.") == strlen(name) && *name);
}

/* RFC 8555, 7.1.4 and RFC 8738: names without repetition, those of the CSR and no others. */
static bool put_identifier(const struct rest_asked *q, struct jw *j, struct strlist *seen,
                           const char *name, bool address)
{
    const char *value = str_lower(q->out->arena, name);
    if (strlist_has(seen, value)) {
        return true;
    }
    VEC_PUSH(seen, value);
    jw_object(j, NULL);
    jw_str(j, "type", address ? "ip" : "dns");
    jw_str(j, "value", value);
    jw_end(j);
    return true;
}

static bool put_identifiers(const struct rest_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    CLEANUP(strlist_release) struct strlist seen = {0};
    jw_array(j, "identifiers");
    for (size_t i = 0; i < o->nsan; i++) {
        const enum gn_type type = o->san[i].type;
        if (type != GN_DNS && type != GN_IP) {
            return err_set(q->err, ERR_INPUT,
                           "ACME orders certificates for host names and addresses only, not for "
                           "%.100s",
                           o->san[i].text);
        }
        (void)put_identifier(q, j, &seen, o->san[i].text, type == GN_IP);
    }
    if (o->common_name && *o->common_name) {
        (void)put_identifier(q, j, &seen, o->common_name, is_address(o->common_name));
    }
    jw_end(j);
    return seen.n > 0 || err_set(q->err, ERR_INPUT, "the order has no name");
}

/* draft-ietf-acme-profiles: a server that has no profiles does not look at the field, so a profile
 * that has to be is asked for only where the directory shows it. */
static bool put_profile(const struct rest_asked *q, struct jw *j)
{
    const struct acme *own = q->own;
    const char *code = q->call->order->product;
    const char *profile = code && *code ? code : own->config->profile_name;
    if (profile && strlist_has(&own->profiles, profile)) {
        jw_str(j, "profile", profile);
    } else if (profile && own->config->profile_required) {
        (void)err_set(q->err, ERR_INPUT, "the CA has no certificate profile %.100s", profile);
        err_hint(q->err, "see `certbatch products`, or say profile: {required: false}");
        return false;
    }
    return true;
}

/* RFC 9773, 5: only where the CA has renewal information. */
static void put_replaces(const struct rest_asked *q, struct jw *j)
{
    const struct acme *own = q->own;
    const struct ca_order *o = q->call->order;
    const bool told = own->renewal_info && own->config->ari != RENEWAL_OFF;
    const char *id = told ? acme_cert_id(q->out->arena, o->prior_certificate) : NULL;
    if (id && !strlist_has(&own->replaced, id)) {
        jw_str(j, "replaces", id);
    }
}

bool acme_put_order(const struct rest_asked *q, struct buf *b)
{
    struct jw j;
    CLEANUP(buf_release) struct buf payload = BUF_INIT(1 << 20);
    jw_begin(&j, &payload, JW_COMPACT);
    jw_object(&j, NULL);
    if (!put_identifiers(q, &j) || !put_profile(q, &j)) {
        return false;
    }
    put_replaces(q, &j);
    jw_end(&j);
    return jw_finish(&j, q->err) && acme_sign(q, NULL, buf_span(&payload), b);
}

/* --- the others --- */
static bool put_member(const struct rest_asked *q, const struct key *key, const char *name,
                       struct span der, int reason, struct buf *b)
{
    struct jw j;
    CLEANUP(buf_release) struct buf payload = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 19);
    base64url_encode(&text, der.p, der.n);
    jw_begin(&j, &payload, JW_COMPACT);
    jw_object(&j, NULL);
    jw_strn(&j, name, text.p, text.n);
    if (reason >= 0) {
        jw_int(&j, "reason", reason);
    }
    jw_end(&j);
    return jw_finish(&j, q->err) && acme_sign(q, key, buf_span(&payload), b);
}

bool acme_put_csr(const struct rest_asked *q, struct buf *b)
{
    const struct ca_order *o = q->call->order;
    if (!o || !o->csr.n) {
        return err_set(q->err, ERR_INPUT, "the request of the item (request.csr) cannot be read");
    }
    return put_member(q, NULL, "csr", o->csr, -1, b);
}

bool acme_put_ready(const struct rest_asked *q, struct buf *b)
{
    return acme_sign(q, NULL, (struct span){(const uint8_t *)"{}", 2}, b);
}

/* RFC 8555, 7.6: the key of the certificate may end it, whoever ordered it. */
static const struct key *own_key(const struct acme *own, const struct cert *c)
{
    for (size_t i = 0; i < own->nkeys; i++) {
        if (key_matches_spki(&own->keys[i], c->key.sha256)) {
            return &own->keys[i];
        }
    }
    return NULL;
}

bool acme_put_revocation(const struct rest_asked *q, struct buf *b)
{
    struct cert c;
    const struct ca_revocation *v = q->call->revoke;
    if (!v->certificate.n || !cert_parse(q->out->arena, v->certificate, &c, q->err)) {
        (void)err_set(q->err, ERR_INPUT,
                      "ACME revokes certificates, not orders or serial numbers, "
                      "and the certificate is not known here");
        err_hint(q->err, "name its file: certificate: old.pem");
        return false;
    }
    return put_member(q, own_key(q->own, &c), "certificate", v->certificate, v->reason, b);
}
