/* SPDX-License-Identifier: Apache-2.0
 *
 * See match.h: the gate between what a CA sent and what is stored (invariant I3). Every check is
 * a row; the first that fails names the difference. Pure CPU work, any thread.
 *
 * Whether a certificate is a good one is policy's business (rules issued.*); here only: is it the
 * one that was asked for.
 */
#include "batch/match.h"

#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <string.h>

struct match {
    struct arena *a;
    const struct match_request *want;
    struct cert *leaf;
    struct cert *certs; /* as sent, the leaf among them */
    size_t n;
    struct cert *bag; /* the others, then in chain order */
    size_t nbag;
    struct span **chain;
    size_t *nchain;
};

typedef bool check_fn(struct match *m, struct err *err);

static const char *shown(struct match *m, const char *text)
{
    return str_vis_dup(m->a, text, strlen(text));
}

/* CAs send the leaf first, last or anywhere: it is the one with our key. A CA certificate with
 * that key is not what anybody asks for. */
static bool find_leaf(struct match *m, struct err *err)
{
    size_t at = m->n;
    for (size_t i = 0; i < m->n && at == m->n; i++) {
        if (memcmp(m->certs[i].key.sha256, m->want->spki_sha256, SHA256_SIZE) == 0) {
            at = i;
        }
    }
    if (at == m->n) {
        char hex[2 * SHA256_SIZE + 1];
        hex_encode(m->want->spki_sha256, SHA256_SIZE, hex);
        return err_set(err, ERR_CA,
                       "none of the %zu certificates is for the key of the request "
                       "(SPKI SHA-256 %s)",
                       m->n, hex);
    }
    *m->leaf = m->certs[at];
    m->bag = arena_array(m->a, m->n, sizeof *m->bag);
    for (size_t i = 0; i < m->n; i++) {
        if (memcmp(m->certs[i].sha256, m->leaf->sha256, SHA256_SIZE) != 0) {
            m->bag[m->nbag++] = m->certs[i];
        }
    }
    return true;
}

static bool check_leaf(struct match *m, struct err *err)
{
    if (m->leaf->version != 3) {
        return err_set(err, ERR_CA, "the certificate is X.509 v%d, not v3", m->leaf->version);
    }
    if (m->leaf->is_ca) {
        return err_set(err, ERR_CA, "the certificate is a CA certificate");
    }
    if (m->leaf->subject.empty_rdns) {
        return err_set(err, ERR_CA, "the subject of the certificate has an RDN without attribute");
    }
    if (m->leaf->san_malformed) {
        return err_set(err, ERR_CA, "the subjectAltName of the certificate does not decode");
    }
    return span_eq(m->leaf->sig_algorithm, m->leaf->tbs_sig_algorithm) ||
           err_set(err, ERR_CA, "the certificate names two signature algorithms");
}

/* --- names --- */
static bool has_name(struct match *m, enum gn_type type, const char *text)
{
    const char *wanted = name_norm(m->a, type, text, strlen(text));
    for (size_t i = 0; i < m->leaf->san.n; i++) {
        const struct general_name *g = &m->leaf->san.v[i];
        if (g->type == type && !g->malformed && g->text &&
            str_eq(wanted, name_norm(m->a, type, g->text, g->text_n))) {
            return true;
        }
    }
    return false;
}

static bool check_san(struct match *m, struct err *err)
{
    for (size_t i = 0; i < m->want->nsan; i++) {
        const struct san_value *v = &m->want->san[i];
        if (!has_name(m, v->type, v->text)) {
            return err_set(err, ERR_CA, "the certificate lacks the name %s:%s",
                           gn_type_names[v->type], shown(m, v->text));
        }
    }
    return true;
}

/* The CN may stand in the subject or, as public CAs now do it, only among the SANs. */
static bool check_common_name(struct match *m, struct err *err)
{
    const char *cn = m->want->common_name;
    if (!cn) {
        return true;
    }
    for (size_t i = 0; i < m->leaf->subject.n; i++) {
        const struct dn_attr *at = &m->leaf->subject.v[i];
        if (str_eq(at->name, "CN") && at->text && strlen(at->text) == at->text_n &&
            str_ieq(at->text, cn)) {
            return true;
        }
    }
    struct san_value v;
    san_value_parse(cn, &v);
    return has_name(m, v.type, v.text) ||
           err_set(err, ERR_CA, "the certificate lacks the common name %s", shown(m, cn));
}

/* --- validity --- */
/* CAs back-date by an hour, some by a day, against wrong clocks of readers. */
enum { BACKDATE = 2 * DAY_SECONDS };
enum { AHEAD = 3600 }; /* how far the CA's clock may be before ours */

static bool check_validity(struct match *m, struct err *err)
{
    char text[TIME_TEXT];
    char asked[TIME_TEXT];
    const struct cert *c = m->leaf;
    int64_t seconds = c->not_after - c->not_before + 1;
    if (seconds <= 0) {
        return err_set(err, ERR_CA, "the certificate ends before it begins");
    }
    if (m->want->now && c->not_before > m->want->now + AHEAD) {
        time_format(c->not_before, text);
        return err_set(err, ERR_CA, "the certificate is not valid before %s", text);
    }
    if (m->want->ordered != TIME_NONE && c->not_before < m->want->ordered - BACKDATE) {
        time_format(c->not_before, text);
        return err_set(err, ERR_CA, "the certificate is older than the order: it begins %s", text);
    }
    if (m->want->ordered != TIME_NONE && c->not_after < m->want->ordered) {
        time_format(c->not_after, text);
        return err_set(err, ERR_CA, "the certificate expired at %s, before it was ordered", text);
    }
    /* A CA may shorten a term or round it up to a day; rule issued.validity.short tells how much.
     */
    if (m->want->validity_seconds && seconds > m->want->validity_seconds + BACKDATE) {
        duration_format(seconds, text);
        duration_format(m->want->validity_seconds, asked);
        return err_set(err, ERR_CA, "the certificate lasts %s, asked for was %s", text, asked);
    }
    return true;
}

/* --- issuer and chain --- */
/* A batch meets the same few CA certificates ten thousand times: signatures above the leaf that
 * this thread has seen to be good. A pair of digests is a fact that never changes. */
enum { SEEN = 8 };
struct seen {
    uint8_t cert[SHA256_SIZE], issuer[SHA256_SIZE];
};
static _Thread_local struct seen seen[SEEN];
static _Thread_local unsigned seen_next;

static bool verify_ca(const struct cert *cert, const struct cert *issuer, struct err *err)
{
    for (size_t i = 0; i < SEEN; i++) {
        if (memcmp(seen[i].cert, cert->sha256, SHA256_SIZE) == 0 &&
            memcmp(seen[i].issuer, issuer->sha256, SHA256_SIZE) == 0) {
            return true;
        }
    }
    if (!cert_verify(cert, issuer, err)) {
        return false;
    }
    struct seen *s = &seen[seen_next++ % SEEN];
    memcpy(s->cert, cert->sha256, SHA256_SIZE);
    memcpy(s->issuer, issuer->sha256, SHA256_SIZE);
    return true;
}

static bool check_chain(struct match *m, struct err *err)
{
    size_t used = 0;
    if (!chain_order(m->leaf, m->bag, m->nbag, &used)) {
        return err_set(err, ERR_CA, "the chain has a gap: no certificate of the issuer of %s",
                       dn_text(m->a, &m->leaf->subject));
    }
    const struct cert *below = m->leaf;
    for (size_t i = 0; i < used; i++) {
        const struct cert *issuer = &m->bag[i];
        if (!issuer->is_ca) {
            return err_set(err, ERR_CA, "the issuer %s is not a CA certificate",
                           dn_text(m->a, &issuer->subject));
        }
        if (!(i == 0 ? cert_verify : verify_ca)(below, issuer, err)) {
            err->code = ERR_CA;
            return err_wrap(err, "the signature by %s", dn_text(m->a, &issuer->subject));
        }
        below = issuer;
    }
    *m->chain = arena_array(m->a, used, sizeof **m->chain);
    for (size_t i = 0; i < used; i++) {
        (*m->chain)[i] = m->bag[i].der;
    }
    *m->nchain = used;
    return true;
}

static bool check_issuer(struct match *m, struct err *err)
{
    char hex[2 * SHA256_SIZE + 1];
    const struct strlist *accepted = m->want->issuer_sha256;
    if (!accepted || !accepted->n) {
        return true;
    }
    if (*m->nchain == 0) {
        return err_set(err, ERR_CA, "the CA sent no issuer certificate");
    }
    hex_encode(m->bag[0].key.sha256, SHA256_SIZE, hex);
    return strlist_has(accepted, hex) ||
           err_set(err, ERR_CA, "issued by %s, which is not an issuer of this CA",
                   dn_text(m->a, &m->bag[0].subject));
}

/* The configuration names the issuer: another one of the same operator is as wrong as a stranger.
 * What the certificate says is compared, since not every CA sends the issuer's own. */
static bool check_issuer_name(struct match *m, struct err *err)
{
    const char *wanted = m->want->issuer_name;
    const struct dn_attr *cn = dn_find(&m->leaf->issuer, "CN");
    return !wanted || (cn && str_eq(cn->text, wanted)) ||
           err_set(err, ERR_CA, "issued by %s, not by the issuing CA of the configuration",
                   dn_text(m->a, &m->leaf->issuer));
}

static check_fn *const checks[] = {
    find_leaf,      check_leaf,  check_san,    check_common_name,
    check_validity, check_chain, check_issuer, check_issuer_name,
};

static bool parse_all(struct match *m, const struct span *certs, size_t n, struct err *err)
{
    if (n == 0 || n > LIMIT_CHAIN) {
        return err_set(err, ERR_CA, "the CA sent %zu certificates; 1 to %u are expected", n,
                       LIMIT_CHAIN);
    }
    m->certs = arena_array(m->a, n, sizeof *m->certs);
    m->n = n;
    for (size_t i = 0; i < n; i++) {
        if (!cert_parse(m->a, certs[i], &m->certs[i], err)) {
            err->code = ERR_CA;
            return err_wrap(err, "certificate %zu of the reply", i + 1);
        }
    }
    return true;
}

bool match_certificate(struct arena *a, const struct match_request *want, const struct span *certs,
                       size_t n, struct cert *leaf, struct span **chain, size_t *nchain,
                       struct err *err)
{
    struct match m = {.a = a, .want = want, .leaf = leaf, .chain = chain, .nchain = nchain};
    *chain = NULL;
    *nchain = 0;
    if (!parse_all(&m, certs, n, err)) {
        return false;
    }
    for (size_t i = 0; i < NITEMS(checks); i++) {
        if (!checks[i](&m, err)) {
            return false;
        }
    }
    return true;
}
