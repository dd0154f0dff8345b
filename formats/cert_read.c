/* SPDX-License-Identifier: Apache-2.0
 *
 * See cert.h: every certificate of a file, whatever it is wrapped in. What is not a certificate
 * is skipped in PEM (keys, parameters), but a certificate that does not decode fails the file.
 */
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/cert.h"
#include "formats/kind.h"
#include "formats/pkcs7.h"

#include <string.h>

struct cert_list {
    struct cert *v;
    size_t n, cap;
};

static bool add(struct arena *a, struct span der, struct cert_list *list, struct err *err)
{
    struct cert c;
    if (!cert_parse(a, der, &c, err)) {
        return false;
    }
    VEC_PUSH(list, c);
    return true;
}

static bool add_der(struct arena *a, struct span der, struct cert_list *list, struct err *err)
{
    struct der certs;
    struct der_tlv t;
    if (kind_of(der) != KIND_PKCS7) {
        return add(a, der, list, err);
    }
    if (!pkcs7_certificates(der, &certs, err)) {
        return false;
    }
    while (der_next(&certs, &t)) {
        if (t.tag == DER_SEQUENCE && !add(a, t.whole, list, err)) { /* others: attribute certs */
            return false;
        }
    }
    return certs.bad ? err_set(err, ERR_INPUT, "PKCS#7: %s", certs.bad) : true;
}

static bool holds_certificates(const char *label)
{
    static const char *const labels[] = {
        "CERTIFICATE", "X509 CERTIFICATE",   "TRUSTED CERTIFICATE", "PKCS7",
        "CMS",         "PKCS #7 SIGNED DATA"};
    for (size_t i = 0; i < NITEMS(labels); i++) {
        if (str_eq(labels[i], label)) {
            return true;
        }
    }
    return false;
}

/* OpenSSL's TRUSTED CERTIFICATE has a second SEQUENCE after the certificate. */
static struct span first_value(struct span der)
{
    struct der d = der_over(der);
    struct der_tlv t;
    return der_next(&d, &t) ? t.whole : der;
}

static bool add_pem(struct arena *a, struct span input, struct cert_list *list, struct err *err)
{
    struct pem pem;
    if (!pem_parse(a, input, &pem)) {
        return err_set(err, ERR_INPUT, "no PEM block");
    }
    for (size_t i = 0; i < pem.n; i++) {
        const struct pem_block *b = &pem.v[i];
        if (b->private_key || !holds_certificates(b->label)) {
            continue;
        }
        if (b->defects & PEM_FATAL) {
            err_set(err, ERR_INPUT, "the PEM block is damaged");
            err->line = b->bad_line;
            return false;
        }
        bool trusted = str_starts(b->label, "TRUSTED");
        size_t before = list->n;
        if (!add_der(a, trusted ? first_value(b->der) : b->der, list, err)) {
            err->line = b->line;
            return false;
        }
        for (; before < list->n; before++) {
            list->v[before].place = pem_place_of(b);
            list->v[before].place.canonical &= kind_of(b->der) != KIND_PKCS7;
        }
    }
    return true;
}

static bool read_all(struct arena *a, struct span input, struct cert_list *list, struct err *err)
{
    enum input_kind kind = kind_of(input);
    if (kind == KIND_PEM) {
        if (!add_pem(a, input, list, err)) {
            return false;
        }
        return list->n ? true : err_set(err, ERR_INPUT, "no certificate among the PEM blocks");
    }
    if (kind != KIND_CERT && kind != KIND_PKCS7) {
        return err_set(err, ERR_INPUT, "this is %s, not a certificate", kind_name(kind));
    }
    if (!add_der(a, input, list, err)) {
        return false;
    }
    return list->n ? true : err_set(err, ERR_INPUT, "the PKCS#7 data holds no certificate");
}

bool certs_read(struct arena *a, const char *name, struct span input, struct cert **out, size_t *n,
                struct err *err)
{
    struct cert_list list = {0};
    bool ok = read_all(a, input, &list, err);
    if (ok) {
        *out = arena_memdup(a, list.v, list.n * sizeof *list.v);
        *n = list.n;
    } else {
        uint32_t line = err->line;
        char message[sizeof err->msg];
        memcpy(message, err->msg, sizeof message);
        err_at(err, ERR_INPUT, (struct pos){.file = name, .line = line}, "%s", message);
    }
    freep(&list.v);
    return ok;
}
