/* SPDX-License-Identifier: Apache-2.0
 *
 * See trust.h. The path is built by OpenSSL with a store made for the one question: its time and
 * its purpose belong to the question, not to the anchors.
 */
#include "formats/trust.h"

#include "formats/base/limits.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { SECURITY_LEVEL = 2 }; /* 112 bits, SSL_CTX_set_security_level(3) */

struct trust {
    struct stack_st_X509 *anchors;
};

/* --- faults --- */

PRINTF(3, 0)
static void fault_text(struct faults *f, enum fault_kind kind, const char *fmt, va_list ap)
{
    struct fault one = {.kind = kind, .text = arena_vprintf(f->arena, fmt, ap)};
    if (f->n < NITEMS(f->v)) {
        f->v[f->n++] = one;
    }
}

void fault_add(struct faults *f, enum fault_kind kind, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fault_text(f, kind, fmt, ap);
    va_end(ap);
}

void fault_crypto(struct faults *f, enum fault_kind kind, const char *fmt, ...)
{
    struct err err = ERR_INIT;
    va_list ap;
    va_start(ap, fmt);
    const char *text = arena_vprintf(f->arena, fmt, ap);
    va_end(ap);
    err_crypto(&err, ERR_INPUT, "%s", text);
    fault_add(f, kind, "%s", err.msg);
}

bool fault_has(const struct faults *f, enum fault_kind kind)
{
    for (size_t i = 0; i < f->n; i++) {
        if (f->v[i].kind == kind) {
            return true;
        }
    }
    return false;
}

/* --- anchors --- */

bool trust_read(const char *name, struct span input, struct trust **out, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct cert *certs;
    size_t n;
    *out = NULL;
    if (!certs_read(&a, name, input, &certs, &n, err)) {
        return false;
    }
    if (n == 0) {
        return err_set(err, ERR_INPUT, "%s holds no certificate", name);
    }
    struct trust *t = xcalloc(1, sizeof *t);
    t->anchors = sk_X509_new_null();
    for (size_t i = 0; i < n; i++) {
        const unsigned char *p = certs[i].der.p;
        X509 *x = d2i_X509(NULL, &p, (long)certs[i].der.n);
        if (!x || sk_X509_push(t->anchors, x) <= 0) {
            X509_free(x);
            trust_free(t);
            return err_crypto(err, ERR_INPUT, "certificate %zu of %s cannot be used", i + 1, name);
        }
    }
    *out = t;
    return true;
}

void trust_free(struct trust *t)
{
    if (t) {
        sk_X509_pop_free(t->anchors, X509_free);
        free(t);
    }
}

size_t trust_count(const struct trust *t)
{
    return t ? (size_t)sk_X509_num(t->anchors) : 0;
}

X509_STORE *trust_store(const struct trust *t, X509 *self, int64_t at)
{
    X509_STORE *store = X509_STORE_new();
    X509_VERIFY_PARAM *param = store ? X509_STORE_get0_param(store) : NULL;
    if (!param) {
        oom(sizeof(void *));
    }
    (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
    X509_VERIFY_PARAM_set_depth(param, (int)LIMIT_CHAIN);
    if (t && at != TIME_NONE) {
        X509_VERIFY_PARAM_set_time(param, (time_t)at);
    } else { /* a time that was set would win over this flag */
        (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
    }
    if (t) {
        for (int i = 0; i < sk_X509_num(t->anchors); i++) {
            (void)X509_STORE_add_cert(store, sk_X509_value(t->anchors, i)); /* twice is fine */
        }
    } else if (self) {
        (void)X509_STORE_add_cert(store, self);
    }
    return store;
}

/* --- the path --- */

bool trust_cert(struct arena *a, const X509 *x, struct cert *out, struct err *err)
{
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);
    if (n <= 0) {
        return err_crypto(err, ERR_INPUT, "a certificate cannot be encoded");
    }
    struct span copy = {arena_memdup(a, der, (size_t)n), (size_t)n};
    OPENSSL_free(der);
    return cert_parse(a, copy, out, err);
}

static bool only_time(int error)
{
    return error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID;
}

static int verify_error(const struct trust *t, X509 *leaf, const struct stack_st_X509 *untrusted,
                        enum trust_purpose purpose, int64_t at)
{
    X509_STORE *store = trust_store(t, leaf, at);
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int error = X509_V_ERR_UNSPECIFIED;
    /* OpenSSL only reads the stack: X509_STORE_CTX_init() wants it without const */
    struct stack_st_X509 *others = untrusted ? sk_X509_dup(untrusted) : NULL;
    if (ctx && X509_STORE_CTX_init(ctx, store, leaf, others) == 1 &&
        X509_STORE_CTX_set_purpose(ctx, purpose == TRUST_TIMESTAMPING ? X509_PURPOSE_TIMESTAMP_SIGN
                                                                      : X509_PURPOSE_ANY) == 1) {
        error = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
    }
    X509_STORE_CTX_free(ctx);
    sk_X509_free(others);
    X509_STORE_free(store);
    ERR_clear_error();
    return error;
}

bool trust_path(const struct trust *t, X509 *leaf, const struct stack_st_X509 *untrusted,
                enum trust_purpose purpose, int64_t at, struct faults *f)
{
    int error = verify_error(t, leaf, untrusted, purpose, at);
    if (error == X509_V_OK) {
        return true;
    }
    enum fault_kind kind = FAULT_UNTRUSTED;
    if (error == X509_V_ERR_INVALID_PURPOSE) {
        kind = FAULT_PURPOSE;
    } else if (only_time(error)) {
        /* the first error found is not the only one: is it the time and nothing else? */
        int other = verify_error(t, leaf, untrusted, purpose, TIME_NONE);
        kind = other == X509_V_OK ? FAULT_EXPIRED : FAULT_UNTRUSTED;
        error = other == X509_V_OK ? error : other;
    }
    fault_add(f, kind, "%s", X509_verify_cert_error_string(error));
    return false;
}

bool trust_digest_is_strong(int nid)
{
    static const int strong[] = {NID_sha256,   NID_sha384,   NID_sha512,
                                 NID_sha3_256, NID_sha3_384, NID_sha3_512};
    for (size_t i = 0; i < NITEMS(strong); i++) {
        if (strong[i] == nid) {
            return true;
        }
    }
    return false;
}
