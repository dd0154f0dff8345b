/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests: every CSR of the corpora against what OpenSSL said about it, hostile bytes, and our
 * own requests checked by the openssl program. The single defects are in t_csr_defects.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/csr.h"
#include "formats/key.h"
#include "tests/unit/corpus.h"

/* --- the corpora --- */

/* Where we differ from the oracle on purpose. */
struct difference {
    const char *file, *field, *why;
    bool met;
};

#define MALFORMED "mbedtls/csr/test_csr_v3_all_malformed_extension"
static const char one_bad_extension[] =
    "one extension does not decode: OpenSSL drops the whole list, we report it and read the rest";

static struct difference differences[] = {
    {MALFORMED "_subject_alt_name_sequence_tag.csr.der", "san",
     "OpenSSL prints the octets of a value that does not decode; we name no name", false},
    {MALFORMED "_data_len1.csr.der", "san", one_bad_extension, false},
    {MALFORMED "_data_len1.csr.der", "requested_extensions", one_bad_extension, false},
    {MALFORMED "_data_tag.csr.der", "san", one_bad_extension, false},
    {MALFORMED "_data_tag.csr.der", "requested_extensions", one_bad_extension, false},
    {MALFORMED "_type_oid.csr.der", "requested_extensions",
     "an OID that is cut off: OpenSSL drops the list, we report it and read on", false},
    {MALFORMED "s_sequence_tag.csr.der", "san", one_bad_extension, false},
    {MALFORMED "s_sequence_tag.csr.der", "requested_extensions", one_bad_extension, false},
    {"misc-csr/csr/TameMyCerts_CertificateContentValidatorTests."
     "Does_transfer_inline_custom_RDN_to_RDN.24.pem",
     "subject", "OpenSSL writes the value of an unknown attribute as hex, we as text", false},
};

static size_t unexcused;

static bool excused(const char *file, const char *field)
{
    for (size_t i = 0; i < NITEMS(differences); i++) {
        if (str_eq(differences[i].file, file) && str_eq(differences[i].field, field)) {
            differences[i].met = true;
            return true;
        }
    }
    return false;
}

static const struct {
    const char *openssl, *token;
} key_words[] = {
    {"id-ecPublicKey 256 prime256v1", "ec-p256"}, {"id-ecPublicKey 384 secp384r1", "ec-p384"},
    {"id-ecPublicKey 521 secp521r1", "ec-p521"},  {"id-ecPublicKey 256 SM2", "ec-sm2"},
    {"id-ecPublicKey 256", "ec-explicit"},        {"GOST R 34.10-2001", "unknown"},
};

static const char *expected_token(struct arena *a, const char *key)
{
    for (size_t i = 0; i < NITEMS(key_words); i++) {
        if (str_eq(key_words[i].openssl, key)) {
            return key_words[i].token;
        }
    }
    const char *bits = strrchr(key, ' ');
    return arena_printf(a, "%s-%s", str_starts(key, "rsa") ? "rsa" : "dsa", bits ? bits + 1 : "");
}

static const struct {
    const char *openssl, *token;
} signature_words[] = {
    {"sha256WithRSAEncryption", "rsa-sha256"},
    {"sha384WithRSAEncryption", "rsa-sha384"},
    {"sha512WithRSAEncryption", "rsa-sha512"},
    {"sha1WithRSAEncryption", "rsa-sha1"},
    {"md5WithRSAEncryption", "rsa-md5"},
    {"md4WithRSAEncryption", "rsa-md4"},
    {"ecdsa-with-SHA1", "ecdsa-sha1"},
    {"ecdsa-with-SHA224", "ecdsa-sha224"},
    {"ecdsa-with-SHA256", "ecdsa-sha256"},
    {"ecdsa-with-SHA384", "ecdsa-sha384"},
    {"ecdsa-with-SHA512", "ecdsa-sha512"},
    {"dsa_with_SHA256", "dsa-sha256"},
    {"dsaWithSHA1-old", "dsa-sha1"},
    {"SM2-with-SM3", "sm2-sm3"},
    {"GOST R 34.11-94 with GOST R 34.10-2001", "unknown"},
};

static void check_signature_word(const char *openssl, const char *token)
{
    if (str_eq(openssl, "rsassaPss")) {
        assert_true(str_starts(token, "rsa-pss-sha"));
        return;
    }
    for (size_t i = 0; i < NITEMS(signature_words); i++) {
        if (str_eq(signature_words[i].openssl, openssl)) {
            assert_string_equal(token, signature_words[i].token);
            return;
        }
    }
    fail_msg("no word for %s", openssl);
}

/* RFC 2253 order and separators, as the oracle writes subjects. */
static const char *reversed_subject(struct arena *a, const struct dn *dn)
{
    const char *out = "";
    for (size_t i = dn->n; i-- > 0;) {
        struct dn one = {.v = &dn->v[i], .n = 1};
        out = arena_printf(a, "%s%s%s", out, *out ? "," : "", dn_text(a, &one));
    }
    return out;
}

static const char *san_word(struct arena *a, const struct general_name *gn)
{
    static const char *const words[GN__MAX] = {
        [GN_EMAIL] = "email:", [GN_DNS] = "DNS:", [GN_URI] = "URI:", [GN_IP] = "IP Address:"};
    if (gn->type != GN_OTHER) {
        assert_non_null(words[gn->type]);
        return arena_printf(a, "%s%s", words[gn->type], gn->text);
    }
    return str_eq(gn->other_oid, "1.3.6.1.4.1.311.20.2.3")
               ? arena_printf(a, "othername: UPN::%s", gn->text)
               : arena_printf(a, "othername: %s::<unsupported>", gn->other_oid);
}

static const char *san_list(struct arena *a, const struct csr *csr)
{
    const char *out = "";
    for (size_t i = 0; i < csr->san.n; i++) {
        out = arena_printf(a, "%s%s%s", out, i ? ", " : "", san_word(a, &csr->san.v[i]));
    }
    return out;
}

static size_t list_length(const char *list)
{
    size_t n = *list ? 1 : 0;
    for (const char *p = list; (p = strstr(p, " | ")) != NULL; p += 3) {
        n++;
    }
    return n;
}

enum { ORACLE_CELL = 200 }; /* longer cells were cut off when the oracle was made */

static void compare(const char *file, const char *field, const char *got, const char *want)
{
    bool same = strlen(want) == ORACLE_CELL ? str_starts(got, want) : str_eq(got, want);
    if (!same && !excused(file, field)) {
        print_error("%s: %s is \"%s\", the oracle says \"%s\"\n", file, field, got, want);
        unexcused++;
    }
}

enum { FILE_NAME, VERDICT, PARSE, SELF_SIGNATURE, VERSION, KEY, SIGNATURE, SUBJECT, SAN, EXTS };

static void oracle_row(struct arena *a, char *const *f, void *ctx)
{
    size_t *rows = ctx;
    struct csr csr;
    struct err err = ERR_INIT;
    csr_parse(a, corpus_read(a, arena_printf(a, CORPORA "%s", f[FILE_NAME])), &csr);
    ++*rows;
    if (str_eq(f[PARSE], "no")) {
        assert_true(csr.nproblems > 0);
        assert_false(csr_verify(&csr, &err));
        return;
    }
    if (!csr.usable) {
        fail_msg("%s: OpenSSL reads it, we do not", f[FILE_NAME]);
    }
    compare(f[FILE_NAME], "self_signature", csr_verify(&csr, &err) ? "ok" : "FAIL",
            f[SELF_SIGNATURE]);
    compare(f[FILE_NAME], "key", csr.key.token, expected_token(a, f[KEY]));
    check_signature_word(f[SIGNATURE], sigalg_token(csr.sig_algorithm));
    compare(f[FILE_NAME], "subject", reversed_subject(a, &csr.subject), f[SUBJECT]);
    compare(f[FILE_NAME], "san", san_list(a, &csr), f[SAN]);
    compare(f[FILE_NAME], "requested_extensions", arena_printf(a, "%zu", csr.nexts),
            arena_printf(a, "%zu", list_length(f[EXTS])));
}

static void test_every_request_of_the_corpora_is_read_as_openssl_reads_it(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    size_t rows = 0;
    corpus_tsv(&a, CORPORA "CSR_ORACLE.tsv", oracle_row, &rows);
    assert_int_equal(rows, 125);
    assert_int_equal(unexcused, 0);
    for (size_t i = 0; i < NITEMS(differences); i++) {
        if (!differences[i].met) {
            fail_msg("%s no longer differs in %s", differences[i].file, differences[i].field);
        }
    }
}

/* Refused by the projects they come from, but for what they ask, not for how it is written. */
static const struct {
    const char *file, *why;
} policy_matters[] = {
    {"csr/bad_algorithm.der.csr", "SHA-1: rule sig.alg.weak"},
    {"csr/no_names.der.csr", "no name at all: rule subject.empty-without-san"},
    {"hex/X509_CSR_ASN_1_Unsupported_critical_extension_critical_true.der",
     "rule ext.unknown-critical"},
};

struct index_ctx {
    const char *source;
    size_t requests, invalid, excused;
};

static void index_row(struct arena *a, char *const *f, void *ctx)
{
    struct index_ctx *c = ctx;
    struct csr csr;
    struct err err = ERR_INIT;
    char digest[SHA256_HEX];
    if (!str_eq(f[1], "csr")) {
        return;
    }
    struct span bytes = corpus_read(a, arena_printf(a, CORPORA "%s/%s", c->source, f[0]));
    sha256_hex(bytes.p, bytes.n, digest);
    assert_string_equal(digest, f[6]); /* nobody edited the file */
    csr_parse(a, bytes, &csr);
    bool good = csr.nproblems == 0 && csr_verify(&csr, &err);
    c->requests++;
    if (str_eq(f[3], "valid") && !csr.usable) {
        fail_msg("%s/%s is valid and not usable", c->source, f[0]);
    }
    if (str_eq(f[3], "not-pkcs10")) {
        assert_int_equal(csr.problems[0].defect, CSR_INPUT_KIND);
    }
    if (!str_eq(f[3], "invalid")) {
        return;
    }
    c->invalid++;
    for (size_t i = 0; i < NITEMS(policy_matters); i++) {
        if (str_eq(policy_matters[i].file, f[0])) {
            c->excused++;
            return;
        }
    }
    if (good) {
        fail_msg("%s/%s is invalid (%s) and passed", c->source, f[0], f[4]);
    }
}

static void test_every_invalid_request_of_the_corpora_is_caught(void **state)
{
    (void)state;
    static const char *const sources[] = {
        "boulder", "bouncycastle",      "golang", "mbedtls",           "misc-csr",
        "openssl", "pyca-cryptography", "roca",   "rustcrypto-formats"};
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct index_ctx c = {0};
    for (size_t i = 0; i < NITEMS(sources); i++) {
        c.source = sources[i];
        corpus_tsv(&a, arena_printf(&a, CORPORA "%s/INDEX.tsv", c.source), index_row, &c);
    }
    assert_int_equal(c.requests, 125);
    assert_int_equal(c.invalid, 35);
    assert_int_equal(c.excused, NITEMS(policy_matters));
}

/* --- our own requests --- */

static const struct dn_value subject[] = {
    {"C", "DE"},
    {"ST", "Bayern"},
    {"L", "M\xC3\xBCnchen"},
    {"O", "Example, \"Corp\""},
    {"CN", "www.example.com"},
    {"serialNumber", "HRB 1"},
    {"emailAddress", "a@example.com"},
    {"1.2.3.4", "own"},
};
static const struct san_value san[] = {
    {GN_DNS, "www.example.com"}, {GN_DNS, "*.example.com"},   {GN_IP, "192.0.2.7"},
    {GN_IP, "2001:db8::1"},      {GN_EMAIL, "a@example.com"}, {GN_URI, "https://example.com/x"},
};

static void check_built(struct arena *a, const struct csr *csr, const char *token)
{
    struct err err = ERR_INIT;
    assert_int_equal(csr->nproblems, 0);
    assert_true(csr_verify(csr, &err));
    struct csr odd = *csr;
    odd.sig_unused_bits = 1;
    assert_false(csr_verify(&odd, &err));
    assert_string_equal(csr->key.token, token);
    assert_int_equal(csr->subject.n, NITEMS(subject));
    for (size_t i = 0; i < NITEMS(subject); i++) {
        assert_string_equal(csr->subject.v[i].name, subject[i].name);
        assert_string_equal(csr->subject.v[i].text, subject[i].value);
        assert_int_equal(csr->subject.v[i].rdn, i);
        assert_false(csr->subject.v[i].malformed);
    }
    assert_int_equal(csr->san.n, NITEMS(san));
    for (size_t i = 0; i < NITEMS(san); i++) {
        assert_int_equal(csr->san.v[i].type, san[i].type);
        assert_string_equal(csr->san.v[i].text, san[i].text);
    }
    assert_string_equal(dn_text(a, &csr->subject),
                        "C=DE, ST=Bayern, L=M\xC3\xBCnchen, O=Example\\, \\\"Corp\\\", "
                        "CN=www.example.com, serialNumber=HRB 1, emailAddress=a@example.com, "
                        "1.2.3.4=own");
}

static void test_built_requests_satisfy_openssl(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const struct x509_names names = {subject, NITEMS(subject), san, NITEMS(san)};
    char *dir = temp_make(&a);
    const char *log = path_join(&a, dir, "log");
    for (enum key_type type = KEY_NONE + 1; type < KEY_TYPE__MAX; type++) {
        CLEANUP(key_release) struct key key = KEY_INIT;
        CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CSR_BYTES);
        CLEANUP(buf_release) struct buf pem = BUF_INIT(2 * LIMIT_CSR_BYTES);
        struct err err = ERR_INIT;
        struct csr csr;
        assert_true(key_generate(type, &key, &err));
        assert_true(csr_build(&key, &names, &der, &err));
        csr_parse(&a, buf_span(&der), &csr);
        check_built(&a, &csr, key_type_token(type));
        assert_memory_equal(csr.key.sha256, key.spki_sha256, SHA256_SIZE);
        pem_write(&pem, "CERTIFICATE REQUEST", buf_span(&der));
        const char *file = temp_write(&a, dir, "x.csr", buf_span(&pem));
        assert_int_equal(RUN(log, "openssl", "req", "-in", file, "-verify", "-noout", "-text"), 0);
        struct span said = corpus_read(&a, log);
        const char *text = arena_strndup(&a, (const char *)said.p, said.n);
        assert_non_null(strstr(text, "Certificate request self-signature verify OK"));
        assert_non_null(strstr(text, "DNS:www.example.com, DNS:*.example.com, IP Address:192.0.2.7,"
                                     " IP Address:2001:DB8:0:0:0:0:0:1, email:a@example.com, "
                                     "URI:https://example.com/x"));
        buf_span(&der); /* a changed octet must not verify */
        der.p[der.n / 2] = (char)(der.p[der.n / 2] ^ 1);
        csr_parse(&a, buf_span(&der), &csr);
        assert_false(csr_verify(&csr, &err));
    }
    temp_remove(dir);
}

static void test_names_that_cannot_be_written(void **state)
{
    (void)state;
    static const struct {
        struct dn_value dn;
        struct san_value san;
    } bad[] = {
        {.dn = {"C", "D\xC3\x89"}},
        {.dn = {"CN", "\xFF"}},
        {.dn = {"emailAddress", "\xC3\xBC@x"}},
        {.dn = {"nosuchname", "x"}},
        {.dn = {"serialNumber", "a_b"}},
        {.dn = {"x500UniqueIdentifier", "x"}},
        {.san = {GN_IP, "192.0.2"}},
        {.san = {GN_IP, "2001::1::2"}},
        {.san = {GN_DNS, "b\xC3\xBC"}},
        {.san = {GN_DNS, ""}},
        {.san = {GN_RID, "1.2.3"}},
    };
    CLEANUP(key_release) struct key key = KEY_INIT;
    struct err err = ERR_INIT;
    assert_true(key_generate(KEY_EC_P256, &key, &err));
    for (size_t i = 0; i < NITEMS(bad); i++) {
        CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CSR_BYTES);
        const struct x509_names names = {&bad[i].dn, bad[i].dn.name ? 1 : 0, &bad[i].san,
                                         bad[i].san.text ? 1 : 0};
        struct err why = ERR_INIT;
        assert_false(csr_build(&key, &names, &der, &why));
        assert_int_equal(why.code, ERR_INPUT);
        assert_non_null(strstr(why.msg, "cannot be written"));
    }
    /* no name at all: a critical SAN when the subject is empty, no SAN without names */
    struct csr csr;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CSR_BYTES);
    assert_true(csr_build(&key, &(struct x509_names){NULL, 0, san, 1}, &der, &err));
    csr_parse(&a, buf_span(&der), &csr);
    assert_int_equal(csr.nproblems, 0);
    assert_true(csr.san_critical);
    buf_reset(&der);
    assert_true(csr_build(&key, &(struct x509_names){subject, 1, NULL, 0}, &der, &err));
    csr_parse(&a, buf_span(&der), &csr);
    assert_int_equal(csr.nproblems, 0);
    assert_false(csr.has_san);
}

/* --- hostile bytes --- */

struct mutation_ctx {
    uint64_t seed;
    size_t files, runs;
};

static void mutate_row(struct arena *corpus, char *const *f, void *ctx)
{
    struct mutation_ctx *c = ctx;
    struct span in = corpus_read(corpus, arena_printf(corpus, CORPORA "%s", f[FILE_NAME]));
    c->files++;
    for (unsigned i = 0; i < 80; i++, c->runs++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct span m = mutate(in, &c->seed);
        struct csr csr;
        struct err err = ERR_INIT;
        csr_parse(&a, m, &csr);
        if (csr.usable) {
            assert_non_null(dn_text(&a, &csr.subject));
            assert_non_null(csr.key.token);
            assert_non_null(csr.key.alg_oid);
            assert_non_null(sigalg_token(csr.sig_algorithm));
            if (i % 8 == 0) { /* the expensive part */
                (void)!csr_verify(&csr, &err);
            }
        } else {
            assert_true(csr.nproblems > 0);
        }
        void *p = (void *)(uintptr_t)m.p;
        free(p);
    }
}

static void test_mutations_of_the_corpora(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct mutation_ctx c = {.seed = 20261121};
    corpus_tsv(&a, CORPORA "CSR_ORACLE.tsv", mutate_row, &c);
    assert_true(c.runs >= 5000);
}

/* Rules compare names pairwise: more than a bound of them and the request is not read. */
static void test_numbers_are_bounded(void **state)
{
    (void)state;
    static struct san_value many[LIMIT_SANS + 1];
    static struct dn_value dn[LIMIT_DN_ATTRS + 1];
    CLEANUP(key_release) struct key key = KEY_INIT;
    struct err err = ERR_INIT;
    for (size_t i = 0; i < NITEMS(many); i++) {
        many[i] = (struct san_value){GN_DNS, "a.example"};
    }
    for (size_t i = 0; i < NITEMS(dn); i++) {
        dn[i] = (struct dn_value){"OU", "unit"};
    }
    assert_true(key_generate(KEY_EC_P256, &key, &err));
    for (unsigned more = 0; more < 4; more++) {
        const struct x509_names names = {.subject = dn,
                                         .nsubject = LIMIT_DN_ATTRS + (more & 1),
                                         .san = many,
                                         .nsan = LIMIT_SANS + (more >> 1)};
        CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CSR_BYTES);
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct csr csr;
        assert_true(csr_build(&key, &names, &der, &err));
        csr_parse(&a, buf_span(&der), &csr);
        assert_int_equal(csr.usable, more == 0);
        assert_int_equal(csr.nproblems, more == 0 ? 0 : 1);
        assert_true(more == 0 || csr.problems[0].defect == CSR_SIZE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_bounded),
        cmocka_unit_test(test_every_request_of_the_corpora_is_read_as_openssl_reads_it),
        cmocka_unit_test(test_every_invalid_request_of_the_corpora_is_caught),
        cmocka_unit_test(test_built_requests_satisfy_openssl),
        cmocka_unit_test(test_names_that_cannot_be_written),
        cmocka_unit_test(test_mutations_of_the_corpora),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
