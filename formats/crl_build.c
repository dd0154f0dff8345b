/* SPDX-License-Identifier: Apache-2.0
 *
 * See crl.h: making a version 2 CRL (RFC 5280 5.1, 5.2; BR 7.2): CRL number, authority key
 * identifier, reason codes. Reason 0 is never written (BR 7.2.2) and no extension is critical.
 */
#include "formats/crl.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

/* A serial from serial_hex; odd digit counts do not occur in normalised text. */
static bool put_serial(struct buf *out, const char *hex)
{
    uint8_t octets[32];
    size_t n = strlen(hex);
    if (n == 0 || n > 2 * sizeof octets || !hex_decode(hex, n, octets)) {
        return false;
    }
    der_put_unsigned(out, (struct span){octets, n / 2});
    return true;
}

struct open_ext {
    size_t seq, value;
};

static struct open_ext ext_open(struct buf *out, const char *oid)
{
    struct open_ext ext = {.seq = der_open(out, DER_SEQUENCE)};
    der_put_oid(out, oid);
    ext.value = der_open(out, DER_OCTET_STRING);
    return ext;
}

static void ext_close(struct buf *out, struct open_ext ext)
{
    der_close(out, ext.value);
    der_close(out, ext.seq);
}

/* invalidityDate is a GeneralizedTime at any date (RFC 5280 5.3.2). */
static void put_generalized(struct buf *out, int64_t t)
{
    char text[TIME_TEXT];
    time_format(t, text);
    size_t mark = der_open(out, DER_GENERALIZED_TIME);
    for (const char *p = text; *p; p++) {
        if ((*p >= '0' && *p <= '9') || *p == 'Z') {
            buf_putc(out, *p);
        }
    }
    der_close(out, mark);
}

static void put_entry_exts(struct buf *out, const struct crl_entry *e)
{
    bool reason = e->reason != REASON_NONE && e->reason != REASON_UNSPECIFIED;
    bool invalidity = e->invalidity != TIME_NONE;
    if (!reason && !invalidity) {
        return;
    }
    size_t exts = der_open(out, DER_SEQUENCE);
    if (reason) {
        const uint8_t code = (uint8_t)e->reason;
        struct open_ext ext = ext_open(out, "2.5.29.21");
        der_put(out, DER_ENUMERATED, (struct span){&code, 1});
        ext_close(out, ext);
    }
    if (invalidity) {
        struct open_ext ext = ext_open(out, "2.5.29.24");
        put_generalized(out, e->invalidity);
        ext_close(out, ext);
    }
    der_close(out, exts);
}

static bool put_entries(struct buf *out, const struct crl_entry *entries, size_t n, struct err *err)
{
    if (n == 0) { /* revokedCertificates must be absent then, RFC 5280 5.1.2.6 */
        return true;
    }
    size_t list = der_open(out, DER_SEQUENCE);
    for (size_t i = 0; i < n; i++) {
        size_t seq = der_open(out, DER_SEQUENCE);
        if (!put_serial(out, entries[i].serial_hex)) {
            return err_set(err, ERR_INPUT, "CRL entry %zu has no usable serial number", i + 1);
        }
        if (!revocation_reason_known(entries[i].reason)) {
            return err_set(err, ERR_INPUT, "CRL entry %zu has reason %d, which does not exist",
                           i + 1, entries[i].reason);
        }
        der_put_time(out, entries[i].revoked);
        put_entry_exts(out, &entries[i]);
        der_close(out, seq);
    }
    der_close(out, list);
    return true;
}

static void put_crl_exts(struct buf *out, const struct cert *issuer, uint64_t number)
{
    size_t field = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
    size_t exts = der_open(out, DER_SEQUENCE);
    if (issuer->subject_key_id.n) {
        struct open_ext aki = ext_open(out, OID_AUTHORITY_KEY_ID);
        size_t seq = der_open(out, DER_SEQUENCE);
        der_put(out, DER_CONTEXT(0), issuer->subject_key_id);
        der_close(out, seq);
        ext_close(out, aki);
    }
    struct open_ext crl_number = ext_open(out, "2.5.29.20");
    der_put_uint(out, number);
    ext_close(out, crl_number);
    der_close(out, exts);
    der_close(out, field);
}

bool crl_build(const struct key *key, const struct cert *issuer, uint64_t number,
               int64_t this_update, int64_t next_update, const struct crl_entry *entries, size_t n,
               struct buf *der, struct err *err)
{
    CLEANUP(buf_release) struct buf tbs = BUF_INIT(LIMIT_INPUT_BYTES);
    struct span algorithm = x509_sign_algorithm(key->pkey);
    if (!key_matches_spki(key, issuer->key.sha256)) {
        return err_set(err, ERR_INPUT, "the key does not belong to the issuer certificate");
    }
    size_t mark = der_open(&tbs, DER_SEQUENCE);
    der_put_uint(&tbs, 1);
    buf_add(&tbs, algorithm.p, algorithm.n);
    buf_add(&tbs, issuer->subject.der.p, issuer->subject.der.n);
    der_put_time(&tbs, this_update);
    der_put_time(&tbs, next_update);
    if (!put_entries(&tbs, entries, n, err)) {
        return false;
    }
    put_crl_exts(&tbs, issuer, number);
    der_close(&tbs, mark);
    if (buf_failed(&tbs)) {
        return err_set(err, ERR_INPUT, "the CRL would be larger than %u bytes", LIMIT_INPUT_BYTES);
    }
    return x509_sign(key->pkey, buf_span(&tbs), der, err);
}
