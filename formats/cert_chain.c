/* SPDX-License-Identifier: Apache-2.0
 *
 * See cert.h: who issued whom. Names and key identifiers decide; signatures are checked only
 * where they leave a choice, because verifying costs a thousand comparisons.
 */
#include "formats/base/limits.h"
#include "formats/cert.h"

bool cert_self_issued(const struct cert *cert)
{
    return dn_same(&cert->issuer, &cert->subject);
}

bool cert_issued_by(const struct cert *cert, const struct cert *issuer)
{
    bool ids_fit = cert->authority_key_id.n == 0 || issuer->subject_key_id.n == 0 ||
                   span_eq(cert->authority_key_id, issuer->subject_key_id);
    return ids_fit && dn_same(&cert->issuer, &issuer->subject);
}

bool cert_verify(const struct cert *cert, const struct cert *issuer, struct err *err)
{
    if (!span_eq(cert->sig_algorithm, cert->tbs_sig_algorithm)) { /* RFC 5280 4.1.1.2 */
        return err_set(err, ERR_INPUT, "the certificate names two different signature algorithms");
    }
    return x509_verify(&issuer->key, cert->sig_algorithm, cert->tbs, cert->signature, err);
}

static bool verifies(const struct cert *cert, const struct cert *issuer)
{
    struct err ignored = ERR_INIT;
    return cert_verify(cert, issuer, &ignored);
}

/* Index of the best issuer of `cert` in bag[from..n): one whose signature fits, among those a
 * self-issued one, which ends the chain. n when there is none. */
static size_t find_issuer(const struct cert *cert, const struct cert *bag, size_t from, size_t n)
{
    size_t found = n;
    size_t candidates = 0;
    for (size_t i = from; i < n; i++) {
        if (cert_issued_by(cert, &bag[i]) && !span_eq(cert->der, bag[i].der)) {
            found = candidates++ ? found : i;
        }
    }
    for (size_t i = from, best = n; candidates > 1 && i < n; i++) {
        if (cert_issued_by(cert, &bag[i]) && !span_eq(cert->der, bag[i].der) &&
            (best == n || cert_self_issued(&bag[i])) && verifies(cert, &bag[i])) {
            found = best = i;
        }
    }
    return found;
}

static void swap(struct cert *a, struct cert *b)
{
    struct cert t = *a;
    *a = *b;
    *b = t;
}

bool chain_order(const struct cert *leaf, struct cert *bag, size_t n, size_t *used)
{
    const struct cert *last = leaf;
    size_t others = n; /* bag[others..n) are copies of leaf or of certificates already placed */
    *used = 0;
    for (size_t i = 0; i < others;) {
        if (span_eq(bag[i].der, leaf->der)) {
            swap(&bag[i], &bag[--others]);
        } else {
            i++;
        }
    }
    while (*used < others && *used < LIMIT_CHAIN && !cert_self_issued(last)) {
        size_t i = find_issuer(last, bag, *used, others);
        if (i == others) {
            break;
        }
        swap(&bag[i], &bag[*used]);
        last = &bag[*used];
        ++*used;
        for (size_t k = *used; k < others;) {
            if (span_eq(bag[k].der, last->der)) {
                swap(&bag[k], &bag[--others]);
            } else {
                k++;
            }
        }
    }
    return *used == others || cert_self_issued(last);
}
