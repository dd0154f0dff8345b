/* SPDX-License-Identifier: Apache-2.0
 *
 * See csr.h: writing. Names are encoded by the table of x509_dn.c; the public key is copied from
 * the key's ready SPKI bytes, so building costs hardly more than the signature.
 */
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/csr.h"
#include "formats/key.h"

#include <arpa/inet.h>
#include <string.h>

static bool bad_value(struct err *err, const char *name, const char *value, const char *why)
{
    CLEANUP(buf_release) struct buf shown = BUF_INIT(LIMIT_MESSAGE);
    str_vis(&shown, value, strlen(value), LIMIT_VALUE_SHOWN);
    return err_set(err, ERR_INPUT, "%s \"%s\" cannot be written: %s", name, buf_text(&shown), why);
}

static const struct dn_name *name_of(const char *name)
{
    for (size_t i = 0; i < dn_names_count; i++) {
        if (str_eq(dn_names[i].name, name)) {
            return &dn_names[i];
        }
    }
    return dn_name_by_oid(name);
}

static bool is_ascii(const char *s)
{
    while (*s && (unsigned char)*s < 0x80) {
        s++;
    }
    return *s == '\0';
}

static bool is_printable(const char *s)
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                              " '()+,-./:=?";
    return s[strspn(s, set)] == '\0';
}

/* NULL when `value` may be written with string type `tag`. */
static const char *why_not(unsigned tag, const char *value)
{
    if (tag == DER_PRINTABLE) {
        return is_printable(value) ? NULL : "it has characters outside PrintableString";
    }
    if (tag == DER_IA5) {
        return is_ascii(value) ? NULL : "it has characters outside ASCII";
    }
    if (tag == DER_UTF8) {
        return utf8_valid(value, strlen(value)) ? NULL : "it is not UTF-8";
    }
    return "values of this attribute are not text";
}

static bool put_attr(struct buf *out, const struct dn_value *attr, struct err *err)
{
    const struct dn_name *known = name_of(attr->name);
    unsigned tag = known ? known->tag : DER_UTF8;
    const char *oid = known ? known->oid : attr->name;
    uint8_t octets[DER_OID_MAX];
    size_t n;
    const char *why = why_not(tag, attr->value);
    if (!der_oid_encode(oid, octets, &n)) {
        return bad_value(err, "attribute", attr->name, "no such name and no dotted OID");
    }
    if (why) {
        return bad_value(err, attr->name, attr->value, why);
    }
    size_t set = der_open(out, DER_SET);
    size_t seq = der_open(out, DER_SEQUENCE);
    der_put(out, DER_OID, (struct span){octets, n});
    der_put(out, tag, (struct span){(const uint8_t *)attr->value, strlen(attr->value)});
    der_close(out, seq);
    der_close(out, set);
    return true;
}

bool x509_put_dn(struct buf *out, const struct x509_names *names, struct err *err)
{
    size_t mark = der_open(out, DER_SEQUENCE);
    for (size_t i = 0; i < names->nsubject; i++) {
        if (!put_attr(out, &names->subject[i], err)) {
            return false;
        }
    }
    der_close(out, mark);
    return true;
}

static bool put_san(struct buf *out, const struct san_value *san, struct err *err)
{
    struct span text = {(const uint8_t *)san->text, strlen(san->text)};
    uint8_t address[16];
    if (san->type == GN_IP) {
        bool v6 = strchr(san->text, ':') != NULL;
        if (inet_pton(v6 ? AF_INET6 : AF_INET, san->text, address) != 1) {
            return bad_value(err, "ip", san->text, "it is not an address");
        }
        der_put(out, DER_CONTEXT(GN_IP), (struct span){address, v6 ? 16u : 4u});
        return true;
    }
    if (san->type != GN_DNS && san->type != GN_EMAIL && san->type != GN_URI) {
        return bad_value(err, "name", san->text, "only dns, ip, email and uri are written");
    }
    if (text.n == 0 || !is_ascii(san->text)) {
        return bad_value(err, gn_type_names[san->type], san->text,
                         text.n ? "it has characters outside ASCII" : "it is empty");
    }
    der_put(out, DER_CONTEXT((unsigned)san->type), text); /* GN_* are the tag numbers */
    return true;
}

bool x509_put_san(struct buf *out, const struct x509_names *names, struct err *err)
{
    size_t mark = der_open(out, DER_SEQUENCE);
    for (size_t i = 0; i < names->nsan; i++) {
        if (!put_san(out, &names->san[i], err)) {
            return false;
        }
    }
    der_close(out, mark);
    return true;
}

/* [0] { extensionRequest { Extensions { subjectAltName } } }; empty without names. */
static bool put_attributes(struct buf *out, const struct x509_names *names, struct err *err)
{
    size_t attributes = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
    if (names->nsan) {
        size_t attr = der_open(out, DER_SEQUENCE);
        der_put_oid(out, "1.2.840.113549.1.9.14");
        size_t values = der_open(out, DER_SET);
        size_t exts = der_open(out, DER_SEQUENCE);
        size_t ext = der_open(out, DER_SEQUENCE);
        der_put_oid(out, OID_SAN);
        if (names->nsubject == 0) { /* RFC 5280 4.2.1.6 */
            const uint8_t yes = 0xFF;
            der_put(out, DER_BOOLEAN, (struct span){&yes, 1});
        }
        size_t value = der_open(out, DER_OCTET_STRING);
        if (!x509_put_san(out, names, err)) {
            return false;
        }
        der_close(out, value);
        der_close(out, ext);
        der_close(out, exts);
        der_close(out, values);
        der_close(out, attr);
    }
    der_close(out, attributes);
    return true;
}

bool csr_build(const struct key *key, const struct x509_names *names, struct buf *der,
               struct err *err)
{
    CLEANUP(buf_release) struct buf info = BUF_INIT(LIMIT_CSR_BYTES);
    size_t mark = der_open(&info, DER_SEQUENCE);
    der_put_uint(&info, 0);
    if (!x509_put_dn(&info, names, err)) {
        return false;
    }
    buf_add(&info, key->spki.p, key->spki.n);
    if (!put_attributes(&info, names, err)) {
        return false;
    }
    der_close(&info, mark);
    if (buf_failed(&info)) {
        return err_set(err, ERR_INPUT, "the request would be larger than %u bytes",
                       LIMIT_CSR_BYTES);
    }
    return x509_sign(key->pkey, buf_span(&info), der, err);
}
