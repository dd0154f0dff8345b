/* SPDX-License-Identifier: Apache-2.0
 *
 * Each structural defect of a request, by a request made for it alone; and what is said about
 * files that are no request at all.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/csr.h"
#include "formats/kind.h"
#include "tests/unit/corpus.h"

#define P256_SPKI                                                                                  \
    "3059301306072a8648ce3d020106082a8648ce3d0301070342000"                                        \
    "4"                                                                                            \
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"                             \
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define NAME        "300c310a30080603550403 0c0161"
#define SIG_ALG     "300a06082a8648ce3d040302"
#define SIG         "0303003000"
#define EXT_REQUEST "06092a864886f70d01090e"
#define MS_REQUEST  "060a2b060104018237 02010e"
#define SAN_EXT     "300c0603551d110405 30038201 61"

/* Concatenated hexadecimal pieces, blanks ignored. */
static void put_hex(struct buf *out, const char *hex)
{
    for (const char *p = hex; *p;) {
        uint8_t octet;
        if (*p == ' ') {
            p++;
            continue;
        }
        assert_true(hex_decode(p, 2, &octet));
        buf_putc(out, (char)octet);
        p += 2;
    }
}

struct parts {
    const char *version, *name, *spki, *attributes, *tail; /* hex; NULL: the usual */
    const char *after;                                     /* after the outer SEQUENCE */
};

static void make_request(struct buf *out, const struct parts *p)
{
    size_t outer = der_open(out, DER_SEQUENCE);
    size_t info = der_open(out, DER_SEQUENCE);
    put_hex(out, p->version ? p->version : "020100");
    put_hex(out, p->name ? p->name : NAME);
    put_hex(out, p->spki ? p->spki : P256_SPKI);
    put_hex(out, p->attributes ? p->attributes : "a000");
    der_close(out, info);
    put_hex(out, p->tail ? p->tail : SIG_ALG SIG);
    der_close(out, outer);
    put_hex(out, p->after ? p->after : "");
}

/* [0] { SEQUENCE { type, SET { Extensions { exts } } } } */
static const char *with_exts(struct arena *a, const char *type, const char *exts)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
    size_t field = der_open(&b, DER_CONTEXT_CONSTRUCTED(0));
    size_t attr = der_open(&b, DER_SEQUENCE);
    put_hex(&b, type);
    size_t set = der_open(&b, DER_SET);
    size_t list = der_open(&b, DER_SEQUENCE);
    put_hex(&b, exts);
    der_close(&b, list);
    der_close(&b, set);
    der_close(&b, attr);
    der_close(&b, field);
    return hex_dup(a, buf_span(&b).p, b.n);
}

static bool has_defect(const struct csr *csr, enum csr_defect defect)
{
    for (size_t i = 0; i < csr->nproblems; i++) {
        if (csr->problems[i].defect == defect) {
            return true;
        }
    }
    return false;
}

static const char *defects_text(struct arena *a, const struct csr *csr)
{
    const char *out = "";
    for (size_t i = 0; i < csr->nproblems; i++) {
        out = arena_printf(a, "%s %s", out, csr_defect_rules[csr->problems[i].defect]);
    }
    return out;
}

static bool seen[CSR_DEFECT__MAX];

/* Exactly this defect and no other. */
static void expect(struct arena *a, struct span input, enum csr_defect defect, bool usable)
{
    struct csr csr;
    csr_parse(a, input, &csr);
    if (csr.nproblems != 1 || !has_defect(&csr, defect) || csr.usable != usable) {
        fail_msg("wanted %s %s, got%s %s", csr_defect_rules[defect], usable ? "usable" : "unusable",
                 defects_text(a, &csr), csr.usable ? "usable" : "unusable");
    }
    assert_true(csr.problems[0].offset <= (int64_t)input.n);
    seen[defect] = true;
}

static void expect_parts(struct arena *a, struct parts parts, enum csr_defect defect, bool usable)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_INPUT_BYTES);
    make_request(&b, &parts);
    expect(a, buf_span(&b), defect, usable);
}

static void test_der_defects(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct csr csr;
    CLEANUP(buf_release) struct buf clean = BUF_INIT(4096);
    make_request(&clean, &(struct parts){0});
    csr_parse(&a, buf_span(&clean), &csr);
    assert_int_equal(csr.nproblems, 0);
    assert_true(csr.usable);
    assert_string_equal(csr.key.token, "ec-p256");
    assert_string_equal(dn_text(&a, &csr.subject), "CN=a");

    expect_parts(&a, (struct parts){.version = "020101"}, CSR_VERSION, true);
    expect_parts(&a, (struct parts){.version = "0201ff"}, CSR_VERSION, true);
    expect_parts(&a, (struct parts){.version = "0500"}, CSR_DER_PARSE, false);
    expect_parts(&a, (struct parts){.name = "3002 0500"}, CSR_DER_PARSE, false);
    expect_parts(&a, (struct parts){.name = "3002 3100"}, CSR_DER_PARSE, false); /* empty RDN */
    expect_parts(&a, (struct parts){.spki = ""}, CSR_DER_PARSE, false);
    expect_parts(&a, (struct parts){.attributes = ""}, CSR_ATTRIBUTES_MISSING, true);
    expect_parts(&a, (struct parts){.after = "0500"}, CSR_DER_TRAILING, true);
    expect_parts(&a, (struct parts){.tail = SIG_ALG SIG "0500"}, CSR_DER_TRAILING, true);
    expect_parts(&a, (struct parts){.attributes = "a000 0500"}, CSR_DER_TRAILING, true);
    expect_parts(&a, (struct parts){.tail = SIG_ALG}, CSR_DER_PARSE, true);
    expect_parts(&a, (struct parts){.tail = SIG_ALG "03020131"}, CSR_DER_STRICT, true);
    /* a key that does not decode is rule key.spki.decode: the names stay readable */
    CLEANUP(buf_release) struct buf no_key = BUF_INIT(4096);
    make_request(&no_key, &(struct parts){.spki = "3000"});
    csr_parse(&a, buf_span(&no_key), &csr);
    assert_int_equal(csr.nproblems, 0);
    assert_true(csr.usable);
    assert_true(csr.key.malformed);
    assert_string_equal(csr.key.token, "unknown");
}

static void test_attribute_defects(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    static const struct {
        const char *attributes;
        enum csr_defect defect;
    } cases[] = {
        {"a00a 3008 06022a03 3102 0500", CSR_ATTR_UNKNOWN},
        {"a016 3014 06092a864886f70d010907 3107 0c056162636465", CSR_ATTR_CHALLENGE_PASSWORD},
        {"a00f 300d 06092a864886f70d010902 3100", CSR_ATTR_EMPTY_SET},
        {"a014 3012 060a2b060104018237 0d0203 3104 16023130", CSR_ATTR_CLIENT_INFO},
        {"a004 3002 0500", CSR_DER_PARSE},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        expect_parts(&a, (struct parts){.attributes = cases[i].attributes}, cases[i].defect, true);
    }
    /* the same harmless attribute twice; then in the wrong order with another */
    const char *friendly = "3013 06092a864886f70d010914 3106 1e0400610062";
    const char *name = "3011 06092a864886f70d010902 3104 16023131";
    expect_parts(&a,
                 (struct parts){.attributes = arena_printf(&a, "a02a %s %s", friendly, friendly)},
                 CSR_ATTR_DUPLICATE, true);
    expect_parts(&a, (struct parts){.attributes = arena_printf(&a, "a028 %s %s", friendly, name)},
                 CSR_DER_STRICT, true);
}

static void test_extension_defects(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    static const struct {
        const char *exts;
        enum csr_defect defect;
    } cases[] = {
        {"", CSR_EXT_EMPTY},
        {"3009 0603551d11 0402 3000", CSR_EXT_EMPTY},
        {"3009 0603551d25 0402 3000", CSR_EXT_EMPTY},
        {SAN_EXT SAN_EXT, CSR_EXT_DUPLICATE},
        {"300e 0603551d11 0407 3003820161 0500", CSR_EXT_DECODE}, /* trailing in the value */
        {"300b 0603551d11 0404 30028201", CSR_EXT_DECODE},        /* cut off */
        {"300a 0603551d0f 0403 020105", CSR_EXT_DECODE},          /* KU that is an INTEGER */
        {"3009 0603551d25 0402 0500", CSR_EXT_DECODE},
        {"300c 0603551d13 0405 30030c0100", CSR_EXT_DECODE},
        {"3003 020100", CSR_EXT_DECODE},                     /* no extension at all */
        {"300c 0603551d13 0405 3003010101", CSR_DER_STRICT}, /* TRUE as 01 in the value */
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        expect_parts(&a, (struct parts){.attributes = with_exts(&a, EXT_REQUEST, cases[i].exts)},
                     cases[i].defect, true);
    }
    expect_parts(&a,
                 (struct parts){.attributes = with_exts(&a, EXT_REQUEST,
                                                        "300f 0603551d11 010100 "
                                                        "0405 3003820161")},
                 CSR_EXT_CRITICAL_DEFAULT, true);
}

/* Both attribute forms: the first is read, equal bytes are told apart from different ones. */
static void test_two_forms_of_extension_request(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    for (unsigned equal = 0; equal < 2; equal++) {
        const char *one = with_exts(&a, EXT_REQUEST, SAN_EXT) + 4;
        const char *two = with_exts(&a, MS_REQUEST,
                                    equal ? SAN_EXT
                                          : "300c0603551d110405 "
                                            "3003820162") +
                          4;
        const char *both =
            arena_printf(&a, "a0%02zx%s%s", (strlen(one) + strlen(two)) / 2, two, one);
        CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
        struct csr csr;
        make_request(&b, &(struct parts){.attributes = both});
        csr_parse(&a, buf_span(&b), &csr);
        assert_true(has_defect(&csr, CSR_ATTR_EXTENSION_CONFLICT));
        assert_int_equal(csr.ext_requests_equal, equal);
        assert_int_equal(csr.san.n, 1);
        assert_string_equal(csr.san.v[0].text, "a");
        seen[CSR_ATTR_EXTENSION_CONFLICT] = true;
    }
    const char *ms = with_exts(&a, MS_REQUEST, SAN_EXT);
    CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
    struct csr csr;
    make_request(&b, &(struct parts){.attributes = ms});
    csr_parse(&a, buf_span(&b), &csr);
    assert_int_equal(csr.nproblems, 0);
    assert_string_equal(csr.san.v[0].text, "a");
    /* two values of one extensionRequest */
    expect_parts(&a,
                 (struct parts){.attributes = "a02b 3029" EXT_REQUEST
                                              "311c 300a 3008 06022a03 0402 0500 300e" SAN_EXT},
                 CSR_ATTR_SINGLE_VALUE, true);
}

static void test_sizes_and_depth(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    for (unsigned over = 0; over < 2; over++) { /* LIMIT_CSR_BYTES and one more */
        CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_INPUT_BYTES);
        CLEANUP(buf_release) struct buf attr = BUF_INIT(LIMIT_INPUT_BYTES);
        const size_t payload = LIMIT_CSR_BYTES - 153 + over;
        size_t field = der_open(&attr, DER_CONTEXT_CONSTRUCTED(0));
        size_t seq = der_open(&attr, DER_SEQUENCE);
        put_hex(&attr, "06022a03");
        size_t set = der_open(&attr, DER_SET);
        uint8_t *filler = xcalloc(payload, 1);
        der_put(&attr, DER_OCTET_STRING, (struct span){filler, payload});
        free(filler);
        der_close(&attr, set);
        der_close(&attr, seq);
        der_close(&attr, field);
        make_request(&b, &(struct parts){.attributes = hex_dup(&a, buf_span(&attr).p, attr.n)});
        assert_int_equal(b.n, LIMIT_CSR_BYTES + over);
        expect(&a, buf_span(&b), over ? CSR_SIZE : CSR_ATTR_UNKNOWN, !over);
    }
    CLEANUP(buf_release) struct buf deep = BUF_INIT(4096);
    size_t marks[40];
    size_t field = der_open(&deep, DER_CONTEXT_CONSTRUCTED(0));
    size_t seq = der_open(&deep, DER_SEQUENCE);
    put_hex(&deep, "06092a864886f70d010902");
    size_t set = der_open(&deep, DER_SET);
    for (size_t i = 0; i < NITEMS(marks); i++) {
        marks[i] = der_open(&deep, DER_SEQUENCE);
    }
    for (size_t i = NITEMS(marks); i-- > 0;) {
        der_close(&deep, marks[i]);
    }
    der_close(&deep, set);
    der_close(&deep, seq);
    der_close(&deep, field);
    expect_parts(&a, (struct parts){.attributes = hex_dup(&a, buf_span(&deep).p, deep.n)},
                 CSR_DER_DEPTH, true);
}

/* --- the file around the request --- */

static struct span as_text(const char *s)
{
    return (struct span){(const uint8_t *)s, strlen(s)};
}

static void test_pem_around_the_request(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(4096);
    CLEANUP(buf_release) struct buf b = BUF_INIT(65536);
    static const char key[] = "-----BEGIN PRIVATE KEY-----\nMAECAwQF\n-----END PRIVATE KEY-----\n";
    struct csr csr;
    make_request(&der, &(struct parts){0});
    static const char *const labels[] = {"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"};
    for (size_t i = 0; i < NITEMS(labels); i++) {
        buf_reset(&b);
        pem_write(&b, labels[i], buf_span(&der));
        csr_parse(&a, buf_span(&b), &csr);
        assert_int_equal(csr.nproblems, 0);
        assert_true(csr.usable);
        assert_false(csr.der_input);
        assert_true(span_eq(csr.der, buf_span(&der)));
    }
    const char *pem = buf_text(&b);
    expect(&a, as_text(arena_printf(&a, "%s%s", pem, pem)), CSR_PEM_COUNT, true);
    expect(&a, as_text(arena_printf(&a, "%s%s", key, pem)), CSR_PEM_PRIVATE_KEY, true);
    expect(&a, as_text(arena_printf(&a, "%s%s", pem, key)), CSR_PEM_PRIVATE_KEY, true);
    expect(&a, as_text(arena_printf(&a, "x\n%s", pem)), CSR_PEM_LAX, true);
    expect(&a, as_text(arena_printf(&a, "%.*s", (int)strlen(pem) - 5, pem)), CSR_PEM_ARMOR, false);
    buf_reset(&b);
    pem_write(&b, "CERTIFICATE", buf_span(&der));
    expect(&a, buf_span(&b), CSR_PEM_LABEL, true);
    csr_parse(&a, as_text(key), &csr);
    assert_true(has_defect(&csr, CSR_PEM_PRIVATE_KEY) && has_defect(&csr, CSR_INPUT_KIND));
}

static void test_other_kinds_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        enum input_kind kind;
    } cases[] = {
        {"", 0, KIND_EMPTY},
        {" \r\n\t", 4, KIND_EMPTY},
        {"\xFE\xED\xFE\xED\0\0\0\2", 8, KIND_JKS},
        {"\xCE\xCE\xCE\xCE\0\0\0\2", 8, KIND_JCEKS},
        {"SPKAC=MIIBOg", 12, KIND_SPKAC},
        {"\xFF\xFE-\0-\0", 6, KIND_UTF16},
        {"please find the request attached", 32, KIND_TEXT},
        {"MIIBAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v", 68, KIND_BASE64},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct csr csr;
        struct span in = {(const uint8_t *)cases[i].bytes, cases[i].n};
        csr_parse(&a, in, &csr);
        assert_int_equal(kind_of(in), cases[i].kind);
        assert_int_equal(csr.nproblems, 1);
        assert_int_equal(csr.problems[0].defect, CSR_INPUT_KIND);
        assert_non_null(strstr(csr.problems[0].detail, kind_name(cases[i].kind)));
        seen[CSR_INPUT_KIND] = true;
    }
}

/* What openssl itself writes, in DER, must be told apart. */
static void test_kinds_of_der_files(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    char *dir = temp_make(&a);
    const char *log = path_join(&a, dir, "log");
    const char *key = path_join(&a, dir, "key.pem");
    const char *crt = path_join(&a, dir, "crt.pem");
    const char *out = path_join(&a, dir, "out");
    assert_int_equal(RUN(log, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                         "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", crt, "-subj",
                         "/CN=a", "-days", "1"),
                     0);
    const struct {
        const char *argv[16];
        enum input_kind kind;
    } cases[] = {
        {{"x509", "-in", crt, "-outform", "DER"}, KIND_CERT},
        {{"req", "-new", "-key", key, "-subj", "/CN=a", "-outform", "DER"}, KIND_CSR},
        {{"crl2pkcs7", "-nocrl", "-certfile", crt, "-outform", "DER"}, KIND_PKCS7},
        {{"pkcs12", "-export", "-in", crt, "-inkey", key, "-passout", "pass:x"}, KIND_PKCS12},
        {{"pkey", "-in", key, "-outform", "DER"}, KIND_PRIVATE_KEY},
        {{"ec", "-in", key, "-outform", "DER"}, KIND_PRIVATE_KEY},
        {{"pkey", "-in", key, "-pubout", "-outform", "DER"}, KIND_PUBLIC_KEY},
        {{"pkcs8", "-topk8", "-in", key, "-passout", "pass:x", "-outform", "DER"},
         KIND_ENCRYPTED_KEY},
        {{"genrsa", "-traditional", "1024"}, KIND_PEM},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        const char *argv[20] = {"openssl"};
        size_t n = 1;
        for (size_t k = 0; cases[i].argv[k]; k++) {
            argv[n++] = cases[i].argv[k];
        }
        if (cases[i].kind != KIND_PEM) {
            argv[n++] = "-out";
            argv[n++] = out;
        }
        assert_int_equal(run_program(cases[i].kind == KIND_PEM ? out : log, argv), 0);
        struct span bytes = corpus_read(&a, out);
        assert_int_equal(kind_of(bytes), cases[i].kind);
        struct csr csr;
        csr_parse(&a, bytes, &csr);
        assert_int_equal(has_defect(&csr, CSR_INPUT_KIND), cases[i].kind != KIND_CSR);
    }
    temp_remove(dir);
}

static void test_every_defect_was_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < CSR_DEFECT__MAX; i++) {
        assert_non_null(csr_defect_rules[i]);
        if (!seen[i]) {
            fail_msg("no request of this file has %s", csr_defect_rules[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_der_defects),
        cmocka_unit_test(test_attribute_defects),
        cmocka_unit_test(test_extension_defects),
        cmocka_unit_test(test_two_forms_of_extension_request),
        cmocka_unit_test(test_sizes_and_depth),
        cmocka_unit_test(test_pem_around_the_request),
        cmocka_unit_test(test_other_kinds_are_named),
        cmocka_unit_test(test_kinds_of_der_files),
        cmocka_unit_test(test_every_defect_was_seen),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
