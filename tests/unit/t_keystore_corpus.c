/* SPDX-License-Identifier: Apache-2.0
 *
 * Key stores of other projects (tests/corpora): JKS against what Java's keytool lists in them,
 * PKCS#12 against the verdict of the source and what libcrypto finds. Where we decide otherwise,
 * a table says so and why.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/keystore.h"
#include "formats/keystore_int.h"
#include "tests/unit/keystore_fixture.h"

/* --- JKS, with what keytool said --- */

/* The oracle keeps this many characters of a listing; a long one ends in the middle. */
enum { ORACLE_CUT = 700 };

/* "9F:0A:..." of the oracle, or what was kept of it, against the digest of a certificate. */
static bool same_fingerprint(const char *colons, const struct span *cert)
{
    uint8_t d[SHA256_SIZE];
    char text[SHA256_SIZE * 3 + 1];
    sha256(cert->p, cert->n, d);
    for (size_t i = 0; i < sizeof d; i++) {
        (void)snprintf(text + 3 * i, 4, "%02X:", d[i]);
    }
    size_t n = strcspn(colons, ";");
    return n > 6 && n < sizeof text && strncmp(colons, text, n) == 0;
}

static const struct keystore_item *find(const struct keystore *k, const char *alias, size_t n)
{
    for (size_t i = 0; i < k->n; i++) {
        if (strlen(k->v[i].alias) == n && memcmp(k->v[i].alias, alias, n) == 0) {
            return &k->v[i];
        }
    }
    return NULL;
}

/* "alias, Mar 14, 2021, PrivateKeyEntry, ;sha256=..;" for each entry that keytool listed. */
static size_t expect_listing(const struct keystore *k, const char *file, const char *text)
{
    size_t seen = 0;
    for (const char *p = strchr(text, ';'); p && p[1]; seen++) {
        const char *alias = p + 1, *comma = strchr(alias, ',');
        const char *digest = comma ? strstr(comma, ";sha256=") : NULL;
        if (!digest) {
            break;
        }
        const struct keystore_item *item = find(k, alias, (size_t)(comma - alias));
        if (!item || item->ncerts == 0) {
            fail_msg("%s: entry \"%.20s\" of keytool's listing is missing", file, alias);
            return 0;
        }
        const char *key = strstr(comma, "PrivateKeyEntry");
        assert_int_equal(item->has_key, key && key < digest);
        assert_true(same_fingerprint(digest + 8, &item->certs[0]));
        p = strchr(digest + 8, ';');
    }
    return seen;
}

/* Where we decide otherwise than keytool, and why. */
static const struct {
    const char *file, *says;
} not_java[] = {
    /* not our format: every other tool can convert it */
    {"pyjks/jceks/", "JCEKS"},
    /* PKCS#12 of Java 11: its certificates are under 40-bit RC2, which the default provider of
     * libcrypto does not have and which protects nothing */
    {"jks-js/java11_keystore/", "40BitRC2"},
};

static const char *refusal_of_jks(const char *file)
{
    for (size_t i = 0; i < NITEMS(not_java); i++) {
        if (str_starts(file, not_java[i].file)) {
            return not_java[i].says;
        }
    }
    return NULL;
}

static void check_oracle_line(struct arena *a, char *line, size_t *opened, size_t *refused)
{
    char *field[4];
    for (size_t i = 0; i < NITEMS(field); i++) {
        field[i] = strsep(&line, "\t");
    }
    struct secret pw = fixture_secret(str_eq(field[1], "(empty string)") ? "" : field[1]);
    struct secret key = fixture_secret(strstr(field[0], "diff_pass") ? "password2" : "");
    const char *path = arena_printf(a, "tests/corpora/%s", field[0]);
    struct span bytes = fixture_file(a, path);
    struct keystore k = KEYSTORE_INIT;
    struct err err = ERR_INIT;
    assert_non_null(bytes.p);
    bool ok = keystore_read(bytes, &pw, key.n ? &key : NULL, &k, &err);
    const char *refusal = refusal_of_jks(field[0]);
    if (refusal || str_starts(field[3], "keytool error")) {
        assert_false(ok);
        assert_non_null(strstr(err.msg, refusal ? refusal : "wrong password"));
        ++*refused;
    } else {
        if (!ok) {
            fail_msg("%s: %s", field[0], err.msg);
        }
        char *end = NULL;
        assert_int_equal(k.n, strtoul(field[3], &end, 10));
        size_t listed = expect_listing(&k, field[0], field[3]);
        assert_true(strlen(field[3]) == ORACLE_CUT ? listed >= 5 : listed == k.n);
        for (size_t i = 0; i < k.n; i++) {
            assert_null(k.v[i].key_problem);
            assert_true(!k.v[i].has_key || k.v[i].key.pkey);
            assert_true(!k.v[i].has_key ||
                        keystore_key_fits(&k.v[i].key, k.v[i].certs[0], COMPARE_MEANING));
        }
        ++*opened;
    }
    keystore_release(&k);
    secret_release(&pw);
    secret_release(&key);
}

static void test_keytool_oracle(void **state UNUSED)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct span text = fixture_file(&a, "tests/corpora/KEYSTORE_ORACLE.tsv");
    assert_non_null(text.p);
    char *copy = arena_strndup(&a, (const char *)text.p, text.n);
    size_t opened = 0, refused = 0;
    (void)strsep(&copy, "\n");
    for (char *line; (line = strsep(&copy, "\n")) && *line;) {
        check_oracle_line(&a, line, &opened, &refused);
    }
    assert_int_equal(opened, 10);
    assert_int_equal(refused, 14);
}

/* pyjks tells the private keys it expects. */
static void test_expected_private_keys(void **state UNUSED)
{
    static const struct {
        const char *file, *password, *key;
    } cases[] = {
        {"RSA2048_3certs", "12345678", "RSA2048_3certs"},
        {"non_ascii_password", "\xE1\x83\x9A(\xE0\xB2\xA0\xE7\x9B\x8A\xE0\xB2\xA0\xE1\x83\x9A)",
         "jks_non_ascii_password"},
    };
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    for (size_t i = 0; i < NITEMS(cases); i++) {
        struct span der = fixture_file(
            &a, arena_printf(&a, "tests/corpora/pyjks/expected/%s.private_key.der", cases[i].key));
        struct span jks =
            fixture_file(&a, arena_printf(&a, "tests/corpora/pyjks/jks/%s.jks", cases[i].file));
        struct secret pw = fixture_secret(cases[i].password);
        struct keystore k = KEYSTORE_INIT;
        struct err err = ERR_INIT;
        struct key want = KEY_INIT;
        assert_true(key_read(der, NULL, &want, &err));
        assert_true(keystore_read(jks, &pw, NULL, &k, &err));
        assert_true(key_matches_spki(&want, k.v[0].key.spki_sha256));
        assert_int_equal(k.v[0].key.pkcs8.n, want.pkcs8.n);
        assert_memory_equal(k.v[0].key.pkcs8.p, want.pkcs8.p, want.pkcs8.n);
        key_release(&want);
        keystore_release(&k);
        secret_release(&pw);
    }
}

static void test_other_formats_are_named(void **state UNUSED)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    static const char *const files[] = {"christmas.bksv1", "empty.bksv2"};
    struct secret pw = fixture_secret("12345678");
    for (size_t i = 0; i < NITEMS(files); i++) {
        struct keystore k = KEYSTORE_INIT;
        struct err err = ERR_INIT;
        struct span bks =
            fixture_file(&a, arena_printf(&a, "tests/corpora/pyjks/bks/%s", files[i]));
        assert_non_null(bks.p);
        assert_false(keystore_read(bks, &pw, NULL, &k, &err));
        assert_non_null(strstr(err.msg, "BKS"));
    }
    secret_release(&pw);
}

/* --- PKCS#12, with what its source said and what libcrypto finds --- */

/* Where we decide otherwise than the index of the source says, and why. */
static const struct {
    const char *file, *says;
} deliberate[] = {
    /* 40-bit RC2 protects nothing and needs the legacy provider ("legacy provider needed") */
    {"embedded/pkcs12.p12", "RC2"},
    {"embedded/pkcs12StorageIssue.p12", "RC2"},
    {"embedded/pkcs12noFriendly.p12", "RC2"},
    {"embedded/pkcs12nopass.p12", "RC2"},
    {"embedded/repeatedLocalKeyIdPfx.p12", "RC2"},
    {"java11_keystore/", "RC2"},
    {"p12/v3-certs-RC2.p12", "RC2"},
    {"p12/pkcs12_ValidCertificatePathTest1EE_firefox.p12", "RC2"},
};

static const char *refusal_of(const struct corpus_row *row)
{
    for (size_t i = 0; i < NITEMS(deliberate); i++) {
        if (str_starts(row->file, deliberate[i].file)) {
            return deliberate[i].says;
        }
    }
    return NULL;
}

/* What libcrypto finds in the same file must be what we found. */
static void compare_with_libcrypto(const struct corpus_row *row, struct span bytes,
                                   const struct keystore *k)
{
    const unsigned char *p = bytes.p;
    PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)bytes.n);
    EVP_PKEY *pkey = NULL;
    X509 *leaf = NULL;
    STACK_OF(X509) *ca = NULL;
    assert_non_null(p12);
    if (!PKCS12_mac_present(p12)) { /* which PKCS12_parse() insists on */
        assert_false(k->verified);
        PKCS12_free(p12);
        return;
    }
    if (PKCS12_parse(p12, row->password, &pkey, &leaf, &ca) != 1) {
        fail_msg("%s/%s: libcrypto does not read it, we do", row->source, row->file);
    }
    size_t theirs = (size_t)(leaf ? 1 : 0) + (size_t)(ca ? sk_X509_num(ca) : 0), ours = 0;
    bool leaf_found = !leaf, key_found = !pkey;
    unsigned char *der = NULL;
    int n = leaf ? i2d_X509(leaf, &der) : 0;
    for (size_t i = 0; i < k->n; i++) {
        const struct keystore_item *item = &k->v[i];
        ours += item->ncerts;
        key_found = key_found || (item->key.pkey && EVP_PKEY_eq(item->key.pkey, pkey) == 1);
        leaf_found = leaf_found || (item->has_key && item->ncerts &&
                                    span_eq(item->certs[0], (struct span){der, (size_t)n}));
    }
    if (!key_found || !leaf_found || ours < theirs) {
        fail_msg("%s/%s: key %d, leaf %d, %zu certificates of %zu", row->source, row->file,
                 key_found, leaf_found, ours, theirs);
    }
    OPENSSL_free(der);
    EVP_PKEY_free(pkey);
    X509_free(leaf);
    sk_X509_pop_free(ca, X509_free);
    PKCS12_free(p12);
}

static void check_row(const struct corpus_row *row, struct span bytes, size_t *opened,
                      size_t *refused)
{
    struct secret pw = fixture_secret(row->password);
    struct keystore k = KEYSTORE_INIT;
    struct err err = ERR_INIT;
    const char *refusal = refusal_of(row);
    bool ok = keystore_read(bytes, &pw, NULL, &k, &err);
    if (refusal || str_eq(row->verdict, "invalid")) {
        if (ok || (refusal && !strstr(err.msg, refusal))) {
            fail_msg("%s/%s: %s", row->source, row->file, ok ? "was read" : err.msg);
        }
        assert_int_equal(err.code, ERR_INPUT);
        ++*refused;
    } else if (str_eq(row->verdict, "valid")) {
        if (!ok) {
            fail_msg("%s/%s: %s", row->source, row->file, err.msg);
        }
        compare_with_libcrypto(row, bytes, &k);
        ++*opened;
    }
    keystore_release(&k);
    if (str_eq(row->verdict, "valid") && !refusal && !strstr(row->why, "wrong password opens")) {
        struct secret wrong = fixture_secret("certainly not this one");
        assert_false(keystore_read(bytes, &wrong, NULL, &k, &err));
        secret_release(&wrong);
    }
    secret_release(&pw);
}

static void test_corpus(void **state UNUSED)
{
    static const char *const sources[] = {"bouncycastle", "jks-js", "openssl", "pyca-cryptography",
                                          "rustcrypto-formats"};
    size_t opened = 0, refused = 0;
    for (size_t s = 0; s < NITEMS(sources); s++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct corpus_row rows[100];
        size_t n = fixture_rows(&a, sources[s], "pkcs12", rows, NITEMS(rows));
        assert_true(n > 0);
        for (size_t i = 0; i < n; i++) {
            struct span bytes = fixture_row_bytes(&a, &rows[i]);
            if (!bytes.p) {
                fail_msg("%s/%s is missing or was changed", sources[s], rows[i].file);
            }
            check_row(&rows[i], bytes, &opened, &refused);
        }
    }
    print_message("%zu read, %zu refused\n", opened, refused);
    assert_int_equal(opened, 35);
    assert_int_equal(refused, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keytool_oracle),
        cmocka_unit_test(test_expected_private_keys),
        cmocka_unit_test(test_other_formats_are_named),
        cmocka_unit_test(test_corpus),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
