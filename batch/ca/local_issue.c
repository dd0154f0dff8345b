/* SPDX-License-Identifier: Apache-2.0
 *
 * From an order and its CSR to a certificate, or to a refusal with a code, as a public CA would:
 * the names come from the order, the key from the CSR; an order without any name gets those of
 * the CSR. A SAN of a kind that an order cannot say (otherName, directoryName) is never issued
 * beside names of the order. What a refusal says is for people; nothing here ends the run.
 *
 * Pure CPU work on any thread: nothing is written, and nothing is issued before the index says so.
 */
#include "batch/ca/local.h"

#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <stdio.h>
#include <string.h>

enum { MIN_RSA_BITS = 2048 }; /* whatever policy allows, this CA's signature is not for less */

static bool refuse(struct local_issue *out, const char *code, const char *fmt, ...) PRINTF(3, 4);
static bool refuse(struct local_issue *out, const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(out->message, sizeof out->message, fmt, ap);
    va_end(ap);
    out->code = code;
    return false;
}

/* --- key --- */
static bool take_key(const struct ca_order *o, struct arena *a, struct csr *csr,
                     struct local_issue *out)
{
    struct err err = ERR_INIT;
    csr_parse(a, o->csr, csr);
    if (!csr->usable || csr->key.malformed) {
        return refuse(out, "bad-csr", "the CSR does not decode");
    }
    if (!csr_verify(csr, &err)) {
        return refuse(out, "bad-signature", "the CSR proves no possession of its key: %.180s",
                      err.msg);
    }
    if (o->spki_sha256 && memcmp(o->spki_sha256, csr->key.sha256, SHA256_SIZE) != 0) {
        return refuse(out, "key-mismatch", "the key of the CSR is not the one of the order");
    }
    bool rsa = csr->key.alg == KEY_ALG_RSA || csr->key.alg == KEY_ALG_RSA_PSS;
    if (rsa && csr->key.bits < MIN_RSA_BITS) {
        return refuse(out, "weak-key", "an RSA key of %u bits; at least %d are needed",
                      csr->key.bits, MIN_RSA_BITS);
    }
    memcpy(out->spki, csr->key.sha256, SHA256_SIZE);
    return true;
}

/* --- names --- */
struct names {
    struct span subject, san; /* DER */
    const struct san_value *list;
    size_t n;
};

static bool is_wildcard(const struct san_value *v)
{
    return v->type == GN_DNS && str_starts(v->text, "*.");
}

/* "example.com" and "www.example.com" count as one name, as public CAs sell them. */
static bool www_twins(const char *a, const char *b)
{
    return (str_starts(a, "www.") && str_ieq(a + 4, b)) ||
           (str_starts(b, "www.") && str_ieq(b + 4, a));
}

static bool product_takes(const struct product_info *p, const struct names *names,
                          struct local_issue *out)
{
    const struct san_value *v = names->list;
    for (size_t i = 0; i < names->n; i++) {
        if (is_wildcard(&v[i]) && !p->wildcard && !p->any_names) {
            return refuse(out, "names", "product %s does not take wildcard names", p->code);
        }
    }
    bool one = names->n <= 1 || (names->n == 2 && www_twins(v[0].text, v[1].text));
    if (!p->multi && !p->any_names && !one) {
        return refuse(out, "names", "product %s takes one name, the order has %zu", p->code,
                      names->n);
    }
    return names->n <= LIMIT_SANS ||
           refuse(out, "names", "%zu names; at most %u are taken", names->n, LIMIT_SANS);
}

/* A CN that can be a host name or an address, and is not among the SANs: clients ignore the CN
 * (RFC 9525 section 2), so a server certificate needs it there too. */
static bool cn_as_san(const struct ca_order *o, struct san_value *v)
{
    const char *cn = o->common_name;
    if (!cn || !*cn) {
        return false;
    }
    san_value_parse(cn, v);
    if (v->type == GN_DNS) {
        bool host = strchr(cn, '.') != NULL;
        for (const char *p = cn; *p; p++) {
            bool letter = ascii_lower(*p) >= 'a' && ascii_lower(*p) <= 'z';
            host = host && (letter || (*p >= '0' && *p <= '9') || strchr(".-_*", *p));
        }
        if (!host) {
            return false;
        }
    } else if (v->type != GN_IP) {
        return false;
    }
    for (size_t i = 0; i < o->nsan; i++) {
        if (o->san[i].type == v->type && str_ieq(o->san[i].text, v->text)) {
            return false;
        }
    }
    return true;
}

static struct span keep(struct arena *a, const struct buf *b)
{
    return (struct span){arena_memdup(a, b->p, b->n), b->n};
}

static bool order_names(const struct ca_order *o, const struct local_product *p, struct arena *a,
                        struct names *names, struct local_issue *out)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CERT_BYTES);
    struct san_value *san = arena_array(a, o->nsan + 1, sizeof *san);
    struct dn_value *dn = arena_array(a, o->ndn + 1, sizeof *dn);
    struct x509_names all = {.subject = dn, .nsubject = o->ndn, .san = san};
    if (o->ndn) {
        memcpy(dn, o->dn, o->ndn * sizeof *dn);
    }
    if (o->common_name) {
        dn[all.nsubject++] = (struct dn_value){"CN", o->common_name};
    }
    all.nsan = p->tls_server && cn_as_san(o, san) ? 1 : 0;
    if (o->nsan) {
        memcpy(san + all.nsan, o->san, o->nsan * sizeof *san);
        all.nsan += o->nsan;
    }
    if (!x509_put_dn(&der, &all, &err)) {
        return refuse(out, "subject", "%.200s", err.msg);
    }
    names->subject = keep(a, &der);
    buf_reset(&der);
    if (all.nsan && !x509_put_san(&der, &all, &err)) {
        return refuse(out, "names", "%.200s", err.msg);
    }
    names->san = keep(a, &der);
    names->list = san;
    names->n = all.nsan;
    return true;
}

static void csr_names(const struct csr *csr, struct arena *a, struct names *names)
{
    const struct x509_ext *san =
        csr->has_san && !csr->san_malformed ? x509_ext_find(csr->exts, csr->nexts, OID_SAN) : NULL;
    names->subject = csr->subject.der;
    names->san = san ? san->value : (struct span){0};
    struct san_value *list = arena_array(a, csr->san.n, sizeof *list);
    for (size_t i = 0; san && i < csr->san.n; i++) {
        list[i] =
            (struct san_value){csr->san.v[i].type, csr->san.v[i].text ? csr->san.v[i].text : ""};
    }
    names->list = list;
    names->n = san ? csr->san.n : 0;
}

/* --- term --- */
static bool take_term(const struct local *l, const struct product_info *p, int64_t wanted,
                      int64_t now, struct local_issue *out)
{
    char day[TIME_TEXT];
    int64_t most = (int64_t)p->max_days * DAY_SECONDS;
    int64_t seconds = wanted ? wanted : l->config->validity;
    seconds = !wanted && seconds > most ? most : seconds;
    if (seconds <= 0 || seconds > most) {
        return refuse(out, "validity", "product %s lasts at most %u days", p->code, p->max_days);
    }
    out->line.not_before = now;
    out->line.not_after = now + seconds - 1; /* both ends count (RFC 5280 4.1.2.5) */
    if (out->line.not_after > l->issuer.not_after) {
        time_format(l->issuer.not_after, day);
        return refuse(out, "beyond-issuer", "the term would outlive the issuing CA, which ends %s",
                      day);
    }
    return now >= l->issuer.not_before ||
           refuse(out, "beyond-issuer", "the issuing CA is not valid yet");
}

/* --- */
static bool issue(const struct local *l, const struct ca_order *o, struct arena *a,
                  struct local_issue *out)
{
    struct err err = ERR_INIT;
    struct csr csr;
    struct names names = {0};
    const struct product_info *info = local_product_info(o->product);
    if (!info) {
        return refuse(out, "unknown-product", "this CA has no product \"%.64s\"",
                      o->product ? o->product : "");
    }
    const struct local_product *product = local_product(info);
    if (!take_key(o, a, &csr, out) ||
        !take_term(l, info, o->validity_seconds, out->line.issued, out)) {
        return false;
    }
    if (!o->nsan && !o->ndn && !o->common_name) {
        csr_names(&csr, a, &names);
    } else if (!order_names(o, product, a, &names, out)) {
        return false;
    }
    if (!product_takes(info, &names, out)) {
        return false;
    }
    const struct issue_parts parts = {.profile = product->profile,
                                      .serial = {out->line.serial, LOCAL_SERIAL},
                                      .subject = names.subject,
                                      .spki = csr.key.der,
                                      .san = names.san,
                                      .not_before = out->line.not_before,
                                      .not_after = out->line.not_after,
                                      .crl_url = l->config->crl_url,
                                      .issuer_url = l->config->issuer_url};
    return issue_certificate(&l->key, &l->issuer, &parts, &out->der, &err) ||
           refuse(out, "not-issued", "%.240s", err.msg);
}

void local_issue(const struct local *l, const struct ca_call *call, int64_t now, struct arena *a,
                 struct local_issue *out)
{
    const struct ca_order *o = call->order;
    *out = (struct local_issue){.call = call, .der = BUF_INIT(LIMIT_CERT_BYTES)};
    out->line = (struct local_line){.spki = out->spki,
                                    .client_key = call->client_key,
                                    .item = o->item,
                                    .product = o->product,
                                    .san = o->san,
                                    .nsan = o->nsan,
                                    .common_name = o->common_name,
                                    .issued = now};
    random_bytes(out->line.serial, LOCAL_SERIAL);
    /* Positive, and always 16 octets: 126 random bits (RFC 5280 4.1.2.2; BR 7.1 wants 64). */
    out->line.serial[0] = (uint8_t)((out->line.serial[0] & 0x3f) | 0x40);
    (void)issue(l, o, a, out); /* out->code tells */
    out->line.cert = buf_span(&out->der);
}
