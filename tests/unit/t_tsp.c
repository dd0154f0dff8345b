/* SPDX-License-Identifier: Apache-2.0
 *
 * Timestamps: our requests answered by the openssl program, our checks of replies and tokens, and
 * of what a TSA may get wrong: refusal, nonce, imprint, policy, certificate, digest.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/seal_fixture.h"

#include <openssl/x509.h>

static const char text[] = "the bytes that are stamped\n";
static const struct span data = {(const uint8_t *)text, sizeof text - 1};

static int make(void **state)
{
    (void)state;
    pki_make(&pki);
    pki_cert(&pki, "plain-tsa", "root", "P-256",
             "keyUsage=critical,digitalSignature\nextendedKeyUsage=timeStamping\n");
    pki_cert(&pki, "busy-tsa", "root", "P-256",
             "extendedKeyUsage=critical,timeStamping,serverAuth\n");
    return 0;
}

static struct span request(struct span of, const char *hash, const char *policy)
{
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    struct err err = ERR_INIT;
    assert_true(tsp_request(of, hash, policy, &der, &err));
    return (struct span){arena_memdup(&pki.arena, der.p, der.n), der.n};
}

static bool accepts(struct span asked, struct span reply, const char *anchors, struct err *err)
{
    struct trust *t = anchors ? pki_trust(&pki, anchors) : NULL;
    *err = (struct err)ERR_INIT;
    bool ok = tsp_reply_check(asked, reply, t, time_now(), err);
    trust_free(t);
    return ok;
}

static bool holds(struct span token, struct span of, const char *anchors, int64_t now,
                  struct tsp_stamp *out)
{
    struct trust *t = anchors ? pki_trust(&pki, anchors) : NULL;
    bool ok = tsp_verify(&pki.arena, token, of, t, now, out);
    trust_free(t);
    return ok;
}

static void test_granted(void **state)
{
    (void)state;
    static const char *const hashes[] = {"sha256", "sha384", "sha512"};
    for (size_t i = 0; i < NITEMS(hashes); i++) {
        struct err err;
        struct tsp_stamp stamp;
        struct span asked = request(data, hashes[i], "1.3.6.1.4.1.99999.2");
        struct span reply = pki_stamp(&pki, "tsa", asked);
        assert_true(accepts(asked, reply, "root.pem", &err));
        assert_true(accepts(asked, reply, NULL, &err));
        assert_true(holds(reply, data, "root.pem", time_now(), &stamp));
        assert_true(stamp.pinned && !stamp.expired_since);
        assert_string_equal(stamp.policy, "1.3.6.1.4.1.99999.2");
        assert_string_equal(stamp.hash, hashes[i]);
        assert_string_equal(stamp.tsa, "O=Example, CN=tsa");
        assert_true(stamp.time >= time_now() - 60 && stamp.time <= time_now() + 60);
        const char *file = temp_write(&pki.arena, pki.dir, "x", data);
        const char *tsr = temp_write(&pki.arena, pki.dir, "x.tsr", reply);
        assert_int_equal(RUN(pki.log, "openssl", "ts", "-verify", "-data", file, "-in", tsr,
                             "-CAfile", pki_path(&pki, "root.pem")),
                         0);
    }
}

static void test_token(void **state)
{
    (void)state;
    struct tsp_stamp stamp;
    struct span token = pki_token(&pki, "tsa", data);
    struct span other = {data.p, data.n - 1};
    assert_true(holds(token, data, NULL, time_now(), &stamp));
    assert_false(stamp.pinned);
    assert_false(holds(token, other, NULL, time_now(), &stamp));
    assert_true(has_fault(&stamp.faults, FAULT_SIGNATURE));
    assert_false(holds(token, data, "other.pem", time_now(), &stamp));
    assert_true(has_fault(&stamp.faults, FAULT_UNTRUSTED));
    assert_true(holds(token, data, "tsa.pem", time_now(), &stamp));
    struct span cut = {token.p, token.n - 1};
    assert_false(holds(cut, data, NULL, time_now(), &stamp));
    assert_true(has_fault(&stamp.faults, FAULT_FORM));
    assert_false(stamp.read);
    assert_false(holds(data, data, NULL, time_now(), &stamp));
}

/* Long after: the certificate of the TSA has expired, its token was made before. */
static void test_later(void **state)
{
    (void)state;
    struct tsp_stamp stamp;
    struct span token = pki_token(&pki, "tsa", data);
    assert_true(holds(token, data, "root.pem", time_now() + 60 * DAY_SECONDS, &stamp));
    assert_true(stamp.pinned && stamp.expired_since);
    assert_false(holds(token, data, "other.pem", time_now() + 60 * DAY_SECONDS, &stamp));
    assert_true(has_fault(&stamp.faults, FAULT_UNTRUSTED));
}

static void test_wrong_answers(void **state)
{
    (void)state;
    struct err err;
    struct span asked = request(data, "sha256", NULL);
    struct span same = request(data, "sha256", NULL); /* another nonce */
    struct span policy = request(data, "sha256", "1.3.6.1.4.1.99999.2");
    struct span other = request((struct span){data.p, 3}, "sha256", NULL);
    struct span refused = request(data, "sha256", "1.3.6.1.4.1.99999.77");
    struct span reply = pki_stamp(&pki, "tsa", asked);
    assert_true(accepts(asked, reply, "root.pem", &err));
    assert_false(accepts(same, reply, "root.pem", &err));
    assert_non_null(strstr(err.msg, "nonce"));
    assert_false(accepts(other, reply, "root.pem", &err));
    assert_non_null(strstr(err.msg, "imprint"));
    assert_false(accepts(policy, reply, "root.pem", &err));
    assert_non_null(strstr(err.msg, "policy"));
    assert_false(accepts(asked, reply, "other.pem", &err));
    assert_int_equal(err.code, ERR_CA);
    /* a refusal in the TSA's own words */
    assert_false(accepts(refused, pki_stamp(&pki, "tsa", refused), "root.pem", &err));
    assert_non_null(strstr(err.msg, "policy is not supported"));
    assert_false(accepts(asked, data, "root.pem", &err));
    assert_non_null(strstr(err.msg, "not a timestamp reply"));
    assert_false(accepts(asked, (struct span){data.p, 0}, "root.pem", &err));
}

/* RFC 3161 2.3: timeStamping critical and alone. openssl's TSA checks its own certificate, so the
 * token of a good one is judged with the certificates of the bad ones as anchors: none fits. */
static void test_purpose(void **state)
{
    (void)state;
    static const char *const names[] = {"plain-tsa", "busy-tsa", "p256"};
    for (size_t i = 0; i < NITEMS(names); i++) {
        const unsigned char *p;
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct faults f = {.arena = &a};
        struct cert *certs;
        struct err err = ERR_INIT;
        size_t n;
        struct trust *t = pki_trust(&pki, "root.pem");
        struct trust *self = pki_trust(&pki, arena_printf(&pki.arena, "%s.pem", names[i]));
        assert_true(certs_read(&a, names[i],
                               pki_file(&pki, arena_printf(&pki.arena, "%s.pem", names[i])), &certs,
                               &n, &err));
        p = certs[0].der.p;
        X509 *x = d2i_X509(NULL, &p, (long)certs[0].der.n);
        assert_false(trust_path(self, x, NULL, TRUST_TIMESTAMPING, time_now(), &f));
        assert_true(has_fault(&f, FAULT_PURPOSE));
        assert_false(str_eq(names[i], "p256") == false &&
                     trust_path(t, x, NULL, TRUST_TIMESTAMPING, time_now(), &f));
        X509_free(x);
        trust_free(t);
        trust_free(self);
    }
}

static void test_bad_requests(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    struct err err = ERR_INIT;
    assert_false(tsp_request(data, "sha1", NULL, &der, &err));
    err_clear(&err);
    assert_false(tsp_request(data, "sha256", "1.2.x", &der, &err));
}

/* Every octet of a reply: what still holds says the same time and the same TSA. */
static void test_every_octet(void **state)
{
    (void)state;
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    struct tsp_stamp whole;
    struct trust *t = pki_trust(&pki, "root.pem");
    struct span reply = pki_stamp(&pki, "tsa", request(data, "sha256", NULL));
    size_t found = 0;
    assert_true(tsp_verify(&pki.arena, reply, data, t, time_now(), &whole));
    uint8_t *copy = xmalloc(reply.n);
    for (size_t i = 0; i < reply.n * NITEMS(masks); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct tsp_stamp s;
        memcpy(copy, reply.p, reply.n);
        copy[i / NITEMS(masks)] ^= masks[i % NITEMS(masks)];
        bool good = tsp_verify(&a, (struct span){copy, reply.n}, data, t, time_now(), &s);
        assert_true(!good || (s.time == whole.time && str_eq(s.serial, whole.serial) &&
                              str_eq(s.tsa, whole.tsa) && str_eq(s.policy, whole.policy)));
        found += !good;
    }
    free(copy);
    trust_free(t);
    assert_true(found > reply.n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_granted),     cmocka_unit_test(test_token),
        cmocka_unit_test(test_later),       cmocka_unit_test(test_wrong_answers),
        cmocka_unit_test(test_purpose),     cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_every_octet),
    };
    return cmocka_run_group_tests(tests, make, pki_tear_down);
}
