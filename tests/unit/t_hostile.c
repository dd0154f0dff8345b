/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests made to cost: each is judged for what it is, in a bounded number of findings and octets
 * of memory. What they cost in time is the bench's business.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/limits.h"
#include "formats/base/time.h"
#include "formats/crl.h"
#include "policy/policy.h"

#include <string.h>

enum { FINDINGS_MOST = 400 }; /* about 300 here: a flood would be one for each of 6000 attributes */

static struct span tlv(struct arena *a, uint8_t tag, struct span body)
{
    uint8_t *p = arena_alloc(a, body.n + 5);
    const uint8_t head[5] = {tag, 0x83, (uint8_t)(body.n >> 16), (uint8_t)(body.n >> 8),
                             (uint8_t)body.n};
    size_t n = 5;
    memcpy(p, head, n);
    if (body.n < 0x80) {
        p[1] = (uint8_t)body.n;
        n = 2;
    } else if (body.n < 0x100) {
        p[1] = 0x81;
        p[2] = (uint8_t)body.n;
        n = 3;
    } else if (body.n < 0x10000) {
        p[1] = 0x82;
        p[2] = head[3];
        p[3] = head[4];
        n = 4;
    }
    if (body.n) {
        memcpy(p + n, body.p, body.n);
    }
    return (struct span){p, n + body.n};
}

static struct span join(struct arena *a, struct span x, struct span y)
{
    uint8_t *p = arena_alloc(a, x.n + y.n + 1);
    if (x.n) {
        memcpy(p, x.p, x.n);
    }
    if (y.n) {
        memcpy(p + x.n, y.p, y.n);
    }
    return (struct span){p, x.n + y.n};
}

static struct span repeat(struct arena *a, struct span x, size_t times)
{
    uint8_t *p = arena_alloc(a, x.n * times + 1);
    for (size_t i = 0; i < times; i++) {
        memcpy(p + i * x.n, x.p, x.n);
    }
    return (struct span){p, x.n * times};
}

#define BYTES(...)                                                                                 \
    (struct span)                                                                                  \
    {                                                                                              \
        (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})                     \
    }
#define RSA_OID 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1

/* A request around an RSA key of n bytes of modulus and e bytes of exponent. */
static struct span request(struct arena *a, size_t n, size_t e, struct span attributes)
{
    struct span modulus = join(a, BYTES(0), repeat(a, BYTES(0xff), n));
    struct span exponent = join(a, BYTES(1), repeat(a, BYTES(1), e - 1));
    struct span key = tlv(a, 0x30, join(a, tlv(a, 2, modulus), tlv(a, 2, exponent)));
    struct span rsa = tlv(a, 0x30, BYTES(RSA_OID, 1, 5, 0));
    struct span spki = tlv(a, 0x30, join(a, rsa, tlv(a, 3, join(a, BYTES(0), key))));
    struct span info = join(a, BYTES(2, 1, 0, 0x30, 0), spki);
    info = tlv(a, 0x30, join(a, info, tlv(a, 0xa0, attributes)));
    struct span signature = tlv(a, 3, join(a, BYTES(0), repeat(a, BYTES(1), n)));
    struct span sealed = join(a, tlv(a, 0x30, BYTES(RSA_OID, 11, 5, 0)), signature);
    return tlv(a, 0x30, join(a, info, sealed));
}

static bool found(const struct findings *f, const char *rule)
{
    for (size_t i = 0; i < f->n; i++) {
        if (strcmp(f->v[i].rule, rule) == 0) {
            return true;
        }
    }
    return false;
}

/* `rule` says that the request got where it was meant to go. */
static void judge(const char *rule, struct arena *a, struct span der)
{
    static struct policy_scratch scratch;
    struct policy *p = NULL;
    struct err err = ERR_INIT;
    struct policy_source source = {.name = "cabf-tls", .base = "."};
    CLEANUP(findings_release) struct findings f = FINDINGS_INIT;
    assert_true(policy_open(&p, &source, 1, NULL, 0, &f, &err));
    struct csr csr;
    csr_parse(a, der, &csr);
    struct subject s = {.kind = SUBJECT_CSR_FILE,
                        .file = "x",
                        .csr_file = "x",
                        .csr = &csr,
                        .ca_public = true,
                        .key_file_mode = -1,
                        .key_file_matches = true,
                        .reason = REASON_NONE};
    assert_true(time_parse_date("2026-11-21", &s.order_date));
    policy_judge(p, &s, &scratch, a, &f, NULL);
    policy_free(p);
    assert_true(found(&f, rule));
    assert_in_range(f.n, 1, FINDINGS_MOST);
}

static void keys(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    judge("key.rsa.max-bits", &a, request(&a, 2048, 3, (struct span){NULL, 0}));
    judge("key.rsa.exponent.oversize", &a, request(&a, 512, 512, (struct span){NULL, 0}));
}

static void attributes(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct span one = BYTES(0x30, 7, 6, 3, 0x2a, 3, 4, 0x31, 0);
    judge("csr.attr.duplicate", &a, request(&a, 256, 3, repeat(&a, one, 6000)));
    struct span deep = BYTES(0x30, 0);
    for (size_t i = 0; i < 500; i++) {
        deep = tlv(&a, 0x30, deep);
    }
    judge("csr.der.depth", &a, request(&a, 256, 3, deep));
}

/* Punycode that does not decode to anything permitted, over and over, as DNS names. */
static struct span named(struct arena *a, size_t times)
{
    struct span one = BYTES(0x82, 12, 'x', 'n', '-', '-', '9', '9', '9', 'z', '.', 'c', 'o', 'm');
    struct span san = tlv(a, 4, tlv(a, 0x30, repeat(a, one, times)));
    san = tlv(a, 0x30, join(a, BYTES(6, 3, 0x55, 0x1d, 0x11), san));
    struct span wanted = tlv(a, 0x31, tlv(a, 0x30, san));
    struct span oid = BYTES(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 14);
    return request(a, 256, 3, tlv(a, 0x30, join(a, oid, wanted)));
}

static void names(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    judge("idn.code-point", &a, named(&a, LIMIT_SANS));
    judge("csr.size", &a, named(&a, LIMIT_SANS + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keys), cmocka_unit_test(attributes),
                                       cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
