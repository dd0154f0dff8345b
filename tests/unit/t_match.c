/* SPDX-License-Identifier: Apache-2.0
 *
 * batch/match.h: the certificate that was asked for passes in whatever order a CA sends it; every
 * other one is refused, by the check that should refuse it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/match.h"

#include "formats/base/time.h"
#include "formats/issue.h"

#include <string.h>

enum { NOON = 1795262400 }; /* 2026-11-21T12:00:00Z */
static const int64_t now = NOON;

struct world {
    struct arena arena;
    struct key root_key, issuing_key, leaf_key, other_key;
    struct cert root, issuing;
    struct strlist issuers;
};

/* What to change in the certificate that would be right. */
struct twist {
    const char *cn;
    const struct san_value *san;
    size_t nsan;
    int64_t not_before, seconds;
    const struct issue_profile *profile;
    bool other_key, by_root, no_subject, unsigned_by_issuer;
};

static const struct san_value good_san[] = {{GN_DNS, "www.example.com"}, {GN_IP, "192.0.2.7"}};

static struct span issue(struct world *w, const struct key *key, const struct key *signer,
                         const struct cert *issuer, const struct twist *t)
{
    struct err err = ERR_INIT;
    static uint8_t serial[2] = {1, 0};
    serial[1]++;
    const struct dn_value dn = {"CN", t->cn};
    const struct x509_names names = {
        .subject = &dn, .nsubject = t->no_subject ? 0 : 1, .san = t->san, .nsan = t->nsan};
    CLEANUP(buf_release) struct buf subject = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf san = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    assert_true(x509_put_dn(&subject, &names, &err));
    assert_true(!t->nsan || x509_put_san(&san, &names, &err));
    const struct issue_parts parts = {.profile = t->profile,
                                      .serial = {serial, 2},
                                      .subject = buf_span(&subject),
                                      .spki = buf_span(&key->spki),
                                      .san = buf_span(&san),
                                      .not_before = t->not_before,
                                      .not_after = t->not_before + t->seconds - 1};
    assert_true(issue_certificate(signer, issuer, &parts, &der, &err));
    return (struct span){arena_memdup(&w->arena, der.p, der.n), der.n};
}

static int setup(void **state)
{
    static struct world w;
    struct err err = ERR_INIT;
    struct key *const keys[] = {&w.root_key, &w.issuing_key, &w.leaf_key, &w.other_key};
    for (size_t i = 0; i < NITEMS(keys); i++) {
        *keys[i] = (struct key)KEY_INIT;
        assert_true(key_generate(KEY_EC_P256, keys[i], &err));
    }
    const int64_t year = 365LL * DAY_SECONDS;
    const struct twist root = {"Root", NULL, 0, now - year, 10 * year, &issue_root, 0, 0, 0, 0};
    const struct twist issuing = {"Issuing",      NULL, 0, now - year, 5 * year,
                                  &issue_issuing, 0,    0, 0,          0};
    assert_true(
        cert_parse(&w.arena, issue(&w, &w.root_key, &w.root_key, NULL, &root), &w.root, &err));
    assert_true(cert_parse(&w.arena, issue(&w, &w.issuing_key, &w.root_key, &w.root, &issuing),
                           &w.issuing, &err));
    VEC_PUSH(&w.issuers, hex_dup(&w.arena, w.issuing.key.sha256, SHA256_SIZE));
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    struct key *const keys[] = {&w->root_key, &w->issuing_key, &w->leaf_key, &w->other_key};
    for (size_t i = 0; i < NITEMS(keys); i++) {
        key_release(keys[i]);
    }
    strlist_release(&w->issuers);
    arena_release(&w->arena);
    return 0;
}

static const struct twist right = {.cn = "www.example.com",
                                   .san = good_san,
                                   .nsan = 2,
                                   .not_before = NOON,
                                   .seconds = 90LL * DAY_SECONDS,
                                   .profile = &issue_tls_server};

static struct match_request wanted(const struct world *w)
{
    return (struct match_request){.spki_sha256 = w->leaf_key.spki_sha256,
                                  .san = good_san,
                                  .nsan = 2,
                                  .common_name = "www.example.com",
                                  .validity_seconds = 90LL * DAY_SECONDS,
                                  .ordered = now,
                                  .issuer_sha256 = &w->issuers};
}

static struct span leaf_with(struct world *w, const struct twist *t)
{
    const struct key *signer = t->by_root ? &w->root_key : &w->issuing_key;
    return issue(w, t->other_key ? &w->other_key : &w->leaf_key,
                 t->unsigned_by_issuer ? &w->other_key : signer,
                 t->by_root ? &w->root : &w->issuing, t);
}

static bool match(struct world *w, const struct match_request *want, const struct span *certs,
                  size_t n, size_t *nchain, struct err *err)
{
    struct cert leaf;
    struct span *chain;
    *err = (struct err)ERR_INIT;
    return match_certificate(&w->arena, want, certs, n, &leaf, &chain, nchain, err);
}

static void any_order_of_sending(void **state)
{
    struct world *w = *state;
    const struct match_request want = wanted(w);
    struct span l = leaf_with(w, &right);
    struct span i = w->issuing.der;
    struct span r = w->root.der;
    const struct {
        struct span v[5];
        size_t n, chain;
    } rows[] = {
        {{l, i, r}, 3, 2}, {{r, i, l}, 3, 2},       {{i, l}, 2, 1},
        {{l, i}, 2, 1},    {{l, l, i, i, r}, 5, 2}, {{i, r, l}, 3, 2},
    };
    for (size_t k = 0; k < NITEMS(rows); k++) {
        struct err err = ERR_INIT;
        struct cert leaf;
        struct span *chain;
        size_t n;
        if (!match_certificate(&w->arena, &want, rows[k].v, rows[k].n, &leaf, &chain, &n, &err)) {
            fail_msg("row %zu: %s", k, err.msg);
        }
        assert_int_equal(n, rows[k].chain);
        assert_true(span_eq(leaf.der, l) && span_eq(chain[0], i));
        assert_true(n == 1 || span_eq(chain[1], r));
    }
}

static void every_difference_is_found(void **state)
{
    struct world *w = *state;
    const int64_t day = DAY_SECONDS;
    static const struct san_value one[] = {{GN_DNS, "www.example.com"}};
    static const struct san_value swapped[] = {{GN_DNS, "www.example.org"}, {GN_IP, "192.0.2.7"}};
    struct {
        const char *says; /* NULL: accepted */
        struct twist t;
    } rows[14];
    for (size_t i = 0; i < NITEMS(rows); i++) {
        rows[i].says = NULL;
        rows[i].t = right;
    }
    rows[1].says = "for the key of the request", rows[1].t.other_key = true;
    rows[2].says = "lacks the name ip:192.0.2.7", rows[2].t.san = one, rows[2].t.nsan = 1;
    rows[3].says = "lacks the name dns:www.example.com", rows[3].t.san = swapped;
    rows[4].t.no_subject = true; /* the CN among the SANs is enough */
    rows[5].t.cn = "another";
    rows[6].says = "asked for was 90d", rows[6].t.seconds = 92 * day + 1;
    rows[7].t.seconds = 92 * day;
    rows[8].t.seconds = 30 * day; /* shorter: rule issued.validity.short */
    rows[9].says = "older than the order", rows[9].t.not_before = now - 2 * day - 1;
    rows[10].t.not_before = now - 2 * day;
    rows[11].says = "CA certificate", rows[11].t.profile = &issue_issuing;
    rows[12].says = "not an issuer of this CA", rows[12].t.by_root = true;
    rows[13].says = "does not verify", rows[13].t.unsigned_by_issuer = true;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct err err;
        size_t nchain;
        const struct match_request want = wanted(w);
        const struct span certs[] = {leaf_with(w, &rows[i].t),
                                     rows[i].t.by_root ? w->root.der : w->issuing.der};
        bool ok = match(w, &want, certs, 2, &nchain, &err);
        if (ok != (rows[i].says == NULL) || (!ok && !strstr(err.msg, rows[i].says))) {
            fail_msg("row %zu: %s", i, ok ? "accepted" : err.msg);
        }
        assert_true(ok || err.code == ERR_CA);
    }
}

static void what_is_asked_decides(void **state)
{
    struct world *w = *state;
    struct err err;
    size_t n;
    const struct span certs[] = {leaf_with(w, &right), w->issuing.der};
    struct match_request want = wanted(w);
    const struct san_value upper[] = {{GN_DNS, "WWW.Example.COM."}};
    want.san = upper;
    want.nsan = 1;
    want.common_name = "WWW.example.com";
    assert_true(match(w, &want, certs, 2, &n, &err));
    want.common_name = "other.example.com";
    assert_false(match(w, &want, certs, 2, &n, &err));
    assert_non_null(strstr(err.msg, "lacks the common name"));
    want = wanted(w);
    want.validity_seconds = 0;
    want.ordered = TIME_NONE;
    want.issuer_sha256 = NULL;
    want.common_name = NULL;
    want.nsan = 0;
    assert_true(match(w, &want, certs, 1, &n, &err)); /* a lone leaf, any issuer */
    assert_int_equal(n, 0);
    want.issuer_sha256 = &w->issuers;
    assert_false(match(w, &want, certs, 1, &n, &err));
    assert_non_null(strstr(err.msg, "no issuer certificate"));
    want = wanted(w);
    want.now = right.not_before - 3600; /* a CA whose clock is before ours */
    assert_true(match(w, &want, certs, 2, &n, &err));
    want.now--;
    assert_false(match(w, &want, certs, 2, &n, &err));
    assert_non_null(strstr(err.msg, "is not valid before"));
}

/* By name: that of the certificate counts, also where the CA sends no issuer. */
static void named_issuer(void **state)
{
    struct world *w = *state;
    struct err err;
    size_t n;
    const struct span certs[] = {leaf_with(w, &right), w->issuing.der};
    const struct dn_attr *cn = dn_find(&w->issuing.subject, "CN");
    struct match_request want = wanted(w);
    want.issuer_name = cn->text;
    assert_true(match(w, &want, certs, 2, &n, &err));
    want.issuer_name = arena_printf(&w->arena, "%s 2", cn->text);
    assert_false(match(w, &want, certs, 2, &n, &err));
    assert_non_null(strstr(err.msg, "not by the issuing CA of the configuration"));
    want.issuer_sha256 = NULL;
    assert_false(match(w, &want, certs, 1, &n, &err));
    want.issuer_name = cn->text;
    assert_true(match(w, &want, certs, 1, &n, &err));
}

static void broken_replies(void **state)
{
    struct world *w = *state;
    struct err err;
    size_t n;
    const struct match_request want = wanted(w);
    struct span l = leaf_with(w, &right);
    struct span many[11];
    for (size_t i = 0; i < NITEMS(many); i++) {
        many[i] = l;
    }
    assert_false(match(w, &want, NULL, 0, &n, &err));
    assert_false(match(w, &want, many, 11, &n, &err));
    const struct span junk[] = {{(const uint8_t *)"0\x03\x02\x01\x01", 5}};
    assert_false(match(w, &want, junk, 1, &n, &err));
    assert_int_equal(err.code, ERR_CA);
    const struct span gap[] = {l, w->root.der};
    assert_false(match(w, &want, gap, 2, &n, &err));
    assert_non_null(strstr(err.msg, "gap"));
    /* a CA certificate whose signature was forged, met after the good one was remembered */
    const struct span good[] = {l, w->issuing.der, w->root.der};
    assert_true(match(w, &want, good, 3, &n, &err));
    uint8_t *forged = arena_memdup(&w->arena, w->issuing.der.p, w->issuing.der.n);
    forged[w->issuing.der.n - 1] ^= 1;
    const struct span bad[] = {l, {forged, w->issuing.der.n}, w->root.der};
    assert_false(match(w, &want, bad, 3, &n, &err));
    assert_true(match(w, &want, good, 3, &n, &err));
}

/* The reader lets an RDN without attribute pass, so that such a certificate can be judged. */
static void an_empty_rdn_is_no_subject(void **state)
{
    struct world *w = *state;
    struct err err;
    size_t n;
    static const uint8_t empty[] = {0x30, 0x02, 0x31, 0x00};
    static const uint8_t serial[] = {1, 99};
    CLEANUP(buf_release) struct buf san = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    const struct x509_names names = {.san = good_san, .nsan = 2};
    assert_true(x509_put_san(&san, &names, &err));
    const struct issue_parts parts = {.profile = &issue_tls_server,
                                      .serial = {serial, 2},
                                      .subject = {empty, sizeof empty},
                                      .spki = buf_span(&w->leaf_key.spki),
                                      .san = buf_span(&san),
                                      .not_before = NOON,
                                      .not_after = NOON + DAY_SECONDS - 1};
    assert_true(issue_certificate(&w->issuing_key, &w->issuing, &parts, &der, &err));
    const struct span certs[] = {buf_span(&der), w->issuing.der};
    struct match_request want = wanted(w);
    assert_false(match(w, &want, certs, 2, &n, &err));
    assert_non_null(strstr(err.msg, "RDN without attribute"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_of_sending),  cmocka_unit_test(every_difference_is_found),
        cmocka_unit_test(what_is_asked_decides), cmocka_unit_test(named_issuer),
        cmocka_unit_test(broken_replies),        cmocka_unit_test(an_empty_rdn_is_no_subject),
    };
    return !!cmocka_run_group_tests(tests, setup, teardown);
}
