/* SPDX-License-Identifier: Apache-2.0
 *
 * PEM: writing against libcrypto's writer, reading good, lax and damaged text, private keys left
 * alone.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/pem.h"
#include "tests/unit/corpus.h"

#include <openssl/bio.h>
#include <openssl/pem.h>

#define B64   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v"
#define BEGIN "-----BEGIN CERTIFICATE REQUEST-----\n"
#define END   "-----END CERTIFICATE REQUEST-----\n"

static struct span text(const char *s)
{
    return (struct span){(const uint8_t *)s, strlen(s)};
}

static void test_writing_is_what_libcrypto_writes(void **state)
{
    (void)state;
    uint8_t der[200];
    for (size_t i = 0; i < sizeof der; i++) {
        der[i] = (uint8_t)(i * 7);
    }
    for (size_t n = 1; n <= sizeof der; n++) {
        CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        char *want;
        BIO *bio = BIO_new(BIO_s_mem());
        assert_true(PEM_write_bio(bio, "CERTIFICATE", "", der, (long)n) > 0);
        long size = BIO_get_mem_data(bio, &want);
        pem_write(&b, "CERTIFICATE", (struct span){der, n});
        assert_int_equal(b.n, size);
        assert_memory_equal(b.p, want, b.n);
        BIO_free(bio);
        struct pem pem;
        assert_true(pem_parse(&a, buf_span(&b), &pem));
        assert_int_equal(pem.n, 1);
        assert_int_equal(pem.v[0].defects, PEM_OK);
        assert_int_equal(pem.v[0].der.n, n);
        assert_memory_equal(pem.v[0].der.p, der, n);
        assert_int_equal(pem.v[0].text.n + 1, b.n); /* without the last line feed */
    }
}

static void test_defects(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned defects;
        uint32_t line, bad_line;
        size_t n;
    } cases[] = {
        {BEGIN B64 "\n" END, PEM_OK, 1, 0, 48},
        {BEGIN B64 "\nAAEC\n" END, PEM_OK, 1, 0, 51},
        {"-----BEGIN CERTIFICATE REQUEST-----\r\n" B64 "\r\n-----END CERTIFICATE REQUEST-----\r\n",
         PEM_OK, 1, 0, 48},
        {BEGIN B64 "\n-----END CERTIFICATE REQUEST-----", PEM_OK, 1, 0, 48},
        {"\n\n" BEGIN B64 "\n" END, PEM_OK, 3, 0, 48},
        {"hello\n" BEGIN B64 "\n" END, PEM_LAX_TEXT_BEFORE, 2, 0, 48},
        {"\xEF\xBB\xBF\n" BEGIN B64 "\n" END, PEM_LAX_TEXT_BEFORE, 2, 0, 48},
        {"  " BEGIN "  " B64 "\n" END, PEM_LAX_LINES, 1, 0, 48},
        {BEGIN B64 "\n\n" END, PEM_LAX_LINES, 1, 0, 48},
        {BEGIN B64 B64 "\n" END, PEM_LAX_LINES, 1, 0, 96},
        {BEGIN "AAEC\nAAEC\n" END, PEM_LAX_LINES, 1, 0, 6},
        {BEGIN "AA EC\n" END, PEM_LAX_LINES, 1, 0, 3},
        {"-----BEGIN X-----\rAAEC\r-----END X-----\r", PEM_LAX_LINES, 1, 0, 3},
        {BEGIN "Proc-Type: 4\nX: y\n z\n\nAAEC\n" END, PEM_LAX_HEADERS, 1, 0, 3},
        {BEGIN "AAEC\n-----END CERTIFICATE-----\n", PEM_LABEL_MISMATCH, 1, 3, 0},
        {BEGIN "AAEC\n", PEM_NO_END, 1, 2, 0},
        {BEGIN "AAEC\n-----END CERTIFICATE REQUEST----\n", PEM_NO_END, 1, 3, 0},
        {BEGIN, PEM_NO_END | PEM_EMPTY, 1, 1, 0},
        {BEGIN END, PEM_EMPTY, 1, 1, 0},
        {BEGIN "AAE!\n" END, PEM_BAD_BASE64, 1, 2, 0},
        {BEGIN B64 "\nAAE\n" END, PEM_BAD_BASE64, 1, 3, 0},
        {BEGIN "AAE=\nAAEC\n" END, PEM_BAD_BASE64 | PEM_LAX_LINES, 1, 3, 0},
        {BEGIN "AAF=\n" END, PEM_BAD_BASE64, 1, 2, 0}, /* bits after the end */
        {BEGIN "AA-_\n" END, PEM_BAD_BASE64, 1, 2, 0}, /* the URL alphabet */
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct pem pem;
        assert_true(pem_parse(&a, text(cases[i].text), &pem));
        assert_int_equal(pem.n, 1);
        if (pem.v[0].defects != cases[i].defects) {
            print_error("case %zu\n", i);
        }
        assert_int_equal(pem.v[0].defects, cases[i].defects);
        assert_int_equal(pem.v[0].line, cases[i].line);
        assert_int_equal(pem.v[0].bad_line, cases[i].bad_line);
        assert_int_equal(pem.v[0].der.n, cases[i].n);
    }
}

static void test_several_blocks(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct pem pem;
    assert_true(pem_parse(&a,
                          text("-----BEGIN A-----\nAAEC\n-----BEGIN B-----\nAAEC\n"
                               "-----END B-----\ntext\n-----BEGIN C-----\nAAEC\n"
                               "-----END C-----\ntrailing text\n"),
                          &pem));
    assert_int_equal(pem.n, 3);
    assert_string_equal(pem.v[0].label, "A");
    assert_int_equal(pem.v[0].defects, PEM_NO_END);
    assert_string_equal(pem.v[1].label, "B");
    assert_int_equal(pem.v[1].defects, PEM_OK);
    assert_int_equal(pem.v[1].line, 3);
    assert_int_equal(pem.v[2].defects, PEM_LAX_TEXT_BEFORE);
    assert_int_equal(pem.v[2].line, 7);
    assert_false(pem_parse(&a, text("no block here"), &pem));
    assert_false(pem_parse(&a, text(""), &pem));
    assert_false(pem_parse(&a, text("-----BEGIN A"), &pem));
}

/* Not one octet of a private key may land in the arena, encrypted or not. */
static void test_private_keys_stay_undecoded(void **state)
{
    (void)state;
    static const char *const labels[] = {"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY",
                                         "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"};
    for (size_t i = 0; i < NITEMS(labels); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct pem pem;
        const char *file = arena_printf(&a, "-----BEGIN %s-----\n" B64 "\n-----END %s-----\n",
                                        labels[i], labels[i]);
        size_t before = a.total;
        assert_true(pem_parse(&a, text(file), &pem));
        assert_int_equal(pem.n, 1);
        assert_true(pem.v[0].private_key);
        assert_null(pem.v[0].der.p);
        assert_int_equal(pem.v[0].der.n, 0);
        assert_int_equal(pem.v[0].defects, PEM_OK);
        assert_int_equal(a.total, before); /* label and block only: no room for the key */
    }
}

static void test_mutations(void **state)
{
    (void)state;
    uint64_t seed = 0x5EED;
    const struct span in = text("x\n" BEGIN "H: v\n\n" B64 "\nAAEC\n" END BEGIN "AA==\n" END);
    for (unsigned i = 0; i < 5000; i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct span m = mutate(in, &seed);
        struct pem pem;
        (void)pem_parse(&a, m, &pem);
        for (size_t k = 0; k < pem.n; k++) { /* what is reported lies inside the input */
            assert_true(pem.v[k].text.p >= m.p);
            assert_true(pem.v[k].text.p + pem.v[k].text.n <= m.p + m.n);
        }
        void *p = (void *)(uintptr_t)m.p;
        free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writing_is_what_libcrypto_writes),
        cmocka_unit_test(test_defects),
        cmocka_unit_test(test_several_blocks),
        cmocka_unit_test(test_private_keys_stay_undecoded),
        cmocka_unit_test(test_mutations),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
