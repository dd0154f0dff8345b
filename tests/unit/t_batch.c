/* SPDX-License-Identifier: Apache-2.0
 *
 * batch/batch.h: defaults, CA and product lookup, the renewal window, files that are missing or
 * outside, what an item loads from manifest, CSR and old certificate, digests, simulation,
 * judging on several workers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch_fixture.h"

#include "batch/batch_parts.h"
#include "formats/crl.h"

/* --- defaults --- */
static void defaults_fill_what_is_not_written(void **state UNUSED)
{
    struct fixture f;
    fixture_begin(&f);
    fixture_open(&f, "ca: lab\n"
                     "defaults:\n"
                     "  product: ov-ucc\n"
                     "  key: rsa-2048\n"
                     "  validity: 90d\n"
                     "  subject: {organization: Example, country: US}\n"
                     "  outputs: [pem, pfx]\n"
                     "  ev: {business_category: Private Organization, contract_signer: {name: A, "
                     "email: a@example.com}}\n"
                     "orders:\n"
                     "  - {id: one, common_name: a.example.com}\n"
                     "  - {id: two, common_name: b.example.com, product: dv, key: ec-p384, "
                     "validity: 10d, ca: short, outputs: [pem], subject: {locality: Austin, "
                     "organization: Other}, ev: {registration_number: \"7\"}}\n");
    const struct order *one = item(&f, "one")->order;
    const struct order *two = item(&f, "two")->order;
    assert_string_equal(one->product, "ov-ucc");
    assert_int_equal(one->key, KEY_RSA_2048);
    assert_int_equal(one->validity, 90LL * DAY_SECONDS);
    assert_string_equal(one->subject->organization, "Example");
    assert_int_equal(one->outputs.n, 2);
    assert_string_equal(item(&f, "one")->ca->name, "lab");
    assert_int_equal(item(&f, "one")->validity_seconds, 90LL * DAY_SECONDS);
    assert_int_equal(item(&f, "one")->key_type, KEY_RSA_2048);

    assert_string_equal(two->product, "dv");
    assert_int_equal(two->key, KEY_EC_P384);
    assert_int_equal(two->validity, 10LL * DAY_SECONDS);
    assert_string_equal(item(&f, "two")->ca->name, "short");
    assert_int_equal(two->outputs.n, 1);
    assert_string_equal(two->subject->organization, "Other"); /* own wins */
    assert_string_equal(two->subject->locality, "Austin");
    assert_string_equal(two->subject->country, "US"); /* one level deeper */
    assert_string_equal(two->ev->registration_number, "7");
    assert_string_equal(two->ev->business_category, "Private Organization");
    assert_string_equal(two->ev->contract_signer.name, "A");
    /* the defaults themselves are as they were written */
    assert_null(f.batch.manifest.defaults->subject->locality);
    assert_null(f.batch.manifest.defaults->ev->registration_number);
    fixture_end(&f);
}

static void without_defaults_nothing_is_copied(void **state UNUSED)
{
    struct fixture f;
    fixture_begin(&f);
    fixture_open(&f, "ca: lab\norders:\n  - {id: one, common_name: a.example.com}\n");
    assert_ptr_equal(item(&f, "one")->order, f.batch.manifest.orders.v);
    assert_string_equal(item(&f, "one")->action, "new");
    assert_int_equal(item(&f, "one")->key_type, KEY_EC_P256);
    assert_string_equal(item(&f, "one")->product_code, "tls-server");
    assert_null(batch_item(&f.batch, "on"));
    assert_null(batch_item(&f.batch, "onee"));
    assert_null(batch_item(&f.batch, ""));
    fixture_end(&f);
}

/* --- CA and product --- */
static void ca_is_found_or_said(void **state UNUSED)
{
    struct fixture f;
    fixture_begin(&f);
    fixture_open(&f, "orders:\n"
                     "  - {id: none, common_name: a.example.com}\n"
                     "  - id: wrong\n"
                     "    common_name: a.example.com\n"
                     "    ca: lap\n"
                     "  - {id: shut, common_name: a.example.com, ca: closed}\n"
                     "  - {id: good, common_name: a.example.com, ca: lab}\n"
                     "revocations:\n"
                     "  - {id: gone, serial: \"0A\", reason: superseded, ca: nowhere}\n");
    const struct finding *x = fixture_finding(&f, "manifest.schema", "none");
    assert_non_null(x);
    assert_non_null(strstr(x->message, "lab, short, closed"));
    x = fixture_finding(&f, "manifest.schema", "wrong");
    assert_non_null(x);
    assert_int_equal(x->line, 7);
    assert_int_equal(x->column, 9);
    assert_int_equal(x->severity, SEV_ERROR);
    assert_non_null(strstr(x->message, "\"lap\""));
    assert_non_null(strstr(x->message, "lab, short, closed"));
    assert_non_null(fixture_finding(&f, "manifest.schema", "shut"));
    assert_non_null(fixture_finding(&f, "manifest.schema", "gone"));
    assert_null(fixture_finding(&f, "manifest.schema", "good"));
    assert_true(item(&f, "wrong")->broken && !item(&f, "wrong")->ca);
    assert_false(item(&f, "good")->broken);
    assert_int_equal(f.findings.n, 4);
    fixture_end(&f);
}

/* A default CA that is wrong is pointed at where it stands. */
static void wrong_default_ca(void **state UNUSED)
{
    struct fixture f;
    fixture_begin(&f);
    fixture_open(&f, "ca: nope\norders:\n  - {id: one, common_name: a.example.com}\n");
    const struct finding *x = fixture_finding(&f, "manifest.schema", "one");
    assert_non_null(x);
    assert_int_equal(x->line, 3);
    fixture_text(&f, "certbatch.yaml",
                 "certbatch_config: 1\ncas:\n  only: {type: local, directory: x}\n");
    fixture_open(&f, "orders:\n  - {id: one, common_name: a.example.com}\n");
    assert_string_equal(item(&f, "one")->ca->name, "only"); /* no choice: no need to name it */
    fixture_end(&f);
}

static void products(void **state UNUSED)
{
    struct fixture f;
    fixture_begin(&f);
    fixture_open(&f, "ca: lab\norders:\n"
                     "  - {id: name, common_name: a.example.com, product: ov-ucc}\n"
                     "  - {id: raw, common_name: a.example.com, product: \"0842\"}\n");
    assert_string_equal(item(&f, "name")->product->level, "ov");
    assert_string_equal(item(&f, "name")->product_code, "ov-ucc");
    assert_null(item(&f, "raw")->product);
    assert_string_equal(item(&f, "raw")->product_code, "0842");
    assert_false(item(&f, "raw")->broken); /* rule product.known speaks about it */
    fixture_end(&f);
}

/* --- the renewal window --- */
static void renewal_window(void **state UNUSED)
{
    const int64_t day = DAY_SECONDS;
    struct fixture f;
    int64_t as_of;
    fixture_begin(&f);
    assert_true(time_parse_date("2026-11-21", &as_of));
    f.options.as_of = as_of;
    static const struct {
        const char *ca;
        int64_t left; /* seconds to expiry */
        const char *action, *why;
    } rows[] = {
        {"lab", 90LL * DAY_SECONDS, "renew", "inside the 90-day window"},
        {"lab", 90LL * DAY_SECONDS + 1, "reissue", "outside the 90-day window"},
        {"lab", 0, "renew", "inside"},
        {"lab", -1, "reissue", "expired 2026-11-20"},
        {"short", 10LL * DAY_SECONDS, "renew", "inside the 10-day window"},
        {"short", 10LL * DAY_SECONDS + 1, "reissue", "outside the 10-day window"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        fixture_certificate(&f, "old.pem", KEY_EC_P384, as_of - 400 * day, as_of + rows[i].left);
        fixture_open(&f,
                     arena_printf(&f.arena,
                                  "ca: %s\norders:\n"
                                  "  - {id: r, action: renew, replaces: {certificate: old.pem}}\n"
                                  "  - {id: absent, common_name: a.example.com, replaces: "
                                  "{certificate: old.pem}}\n"
                                  "  - {id: again, action: reissue, replaces: {certificate: "
                                  "old.pem}}\n"
                                  "  - {id: blind, action: renew, common_name: a.example.com, "
                                  "replaces: {order: \"77\"}}\n",
                                  rows[i].ca));
        assert_string_equal(item(&f, "r")->action, rows[i].action);
        assert_non_null(strstr(item(&f, "r")->action_why, rows[i].why));
        assert_string_equal(item(&f, "absent")->action, rows[i].action);
        assert_string_equal(item(&f, "again")->action, "reissue");
        assert_string_equal(item(&f, "blind")->action, "renew");
        assert_int_equal(item(&f, "r")->key_type, KEY_EC_P384); /* as the old one */
    }
    /* the planned date of the order counts, unless --as-of says otherwise */
    f.options.as_of = TIME_NONE;
    fixture_certificate(&f, "old.pem", KEY_EC_P256, as_of, as_of + 365 * day);
    fixture_open(&f, "ca: lab\norders:\n"
                     "  - {id: late, action: renew, replaces: {certificate: old.pem}, order_date: "
                     "2027-11-01}\n");
    assert_string_equal(item(&f, "late")->action, "renew");
    assert_int_equal(batch_date(&f.batch, item(&f, "late")), as_of + 345 * day);
    fixture_end(&f);
}

/* --- files --- */
static void missing_and_outside(void **state UNUSED)
{
    struct fixture f;
    fixture_begin(&f);
    fixture_text(&f, "junk.pem", "nothing here\n");
    fixture_text(&f, "../certbatch-outside.csr", "x");
    static const char body[] = "ca: lab\norders:\n"
                               "  - {id: a, csr: no/such.csr}\n"
                               "  - {id: b, csr: ../certbatch-outside.csr}\n"
                               "  - {id: c, common_name: c.example.com, key_file: none.key}\n"
                               "  - {id: d, action: renew, replaces: {certificate: gone.pem}}\n"
                               "  - {id: e, action: renew, replaces: {certificate: junk.pem}}\n"
                               "revocations:\n"
                               "  - {id: f, certificate: gone.pem, reason: superseded}\n";
    fixture_open(&f, body);
    static const struct {
        const char *id, *rule, *value;
        uint32_t line;
    } rows[] = {
        {"a", "manifest.file.missing", "no/such.csr", 5},
        {"b", "manifest.file.outside", "../certbatch-outside.csr", 6},
        {"c", "manifest.file.missing", "none.key", 7},
        {"d", "manifest.file.missing", "gone.pem", 8},
        {"e", "manifest.file.missing", "junk.pem", 9},
        {"f", "manifest.file.missing", "gone.pem", 11},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct finding *x = fixture_finding(&f, rows[i].rule, rows[i].id);
        struct item_data d;
        if (!x) {
            fail_msg("no %s for %s", rows[i].rule, rows[i].id);
        }
        assert_int_equal(x->line, rows[i].line);
        const char *row = strstr(body, arena_printf(&f.arena, "  - {id: %s,", rows[i].id));
        assert_int_equal(x->column, strstr(row, rows[i].value) - row + 1);
        assert_true(item(&f, rows[i].id)->broken);
        assert_false(item_load(&f.batch, item(&f, rows[i].id), &f.arena, NULL, &d));
    }
    size_t reported = f.findings.n;
    assert_int_equal(reported, NITEMS(rows));
    batch_judge(&f.batch, 2, &f.findings);
    for (size_t i = 0, n = 0; i < f.findings.n; i++) { /* said once, not twice */
        n += str_starts(f.findings.v[i].rule, "manifest.file.");
        assert_true(n <= reported);
    }
    fixture_text(&f, "certbatch.yaml",
                 arena_printf(&f.arena, "%spaths: {allow_outside: true}\n", fixture_cas));
    fixture_open(&f, body);
    assert_null(fixture_finding(&f, "manifest.file.outside", NULL));
    (void)unlink(path_join(&f.arena, f.dir, "../certbatch-outside.csr"));
    fixture_end(&f);
}

/* --- what an item loads --- */
static const char *san_text(const struct item_data *d, size_t i)
{
    return i < d->nsan ? d->san[i].text : NULL;
}

static void names_from_the_manifest(void **state UNUSED)
{
    struct fixture f;
    struct item_data d;
    fixture_begin(&f);
    fixture_open(&f, "ca: lab\norders:\n"
                     "  - id: one\n"
                     "    common_name: www.example.com\n"
                     "    profile: web\n"
                     "    san: [www.example.com, \"dns:api.example.com\", \"ip:192.0.2.7\", "
                     "\"2001:db8::1\", \"email:a@example.com\", \"uri:https://x.example/y\"]\n"
                     "    subject: {organization: Example, country: US, state: Texas, locality: "
                     "Austin}\n"
                     "    ev: {business_category: Private Organization, registration_number: R-1, "
                     "jurisdiction: {country: US, state: Delaware}}\n");
    load(&f, "one", &d);
    static const enum gn_type types[] = {GN_DNS, GN_DNS, GN_IP, GN_IP, GN_EMAIL, GN_URI};
    assert_int_equal(d.nsan, NITEMS(types));
    for (size_t i = 0; i < NITEMS(types); i++) {
        assert_int_equal(d.san[i].type, types[i]);
    }
    assert_string_equal(san_text(&d, 1), "api.example.com");
    static const char *const dn[] = {"C=US",
                                     "ST=Texas",
                                     "L=Austin",
                                     "O=Example",
                                     "businessCategory=Private Organization",
                                     "serialNumber=R-1",
                                     "jurisdictionC=US",
                                     "jurisdictionST=Delaware"};
    assert_int_equal(d.ndn, NITEMS(dn));
    for (size_t i = 0; i < NITEMS(dn); i++) {
        assert_string_equal(arena_printf(&f.arena, "%s=%s", d.dn[i].name, d.dn[i].value), dn[i]);
    }
    const struct subject *s = &d.subject;
    assert_int_equal(s->kind, SUBJECT_ORDER);
    assert_string_equal(s->profile, "web");
    assert_string_equal(s->ca, "lab");
    assert_string_equal(s->ca_type, "local");
    assert_string_equal(s->product, "tls-server");
    assert_string_equal(s->key, "ec-p256");
    assert_null(s->csr);
    assert_null(s->prior);
    assert_int_equal(s->nsan, 6);
    assert_int_equal(s->san_at[1]->line, 8);
    assert_int_equal(s->key_file_mode, -1);
    fixture_end(&f);
}

static void names_from_the_csr(void **state UNUSED)
{
    struct fixture f;
    struct item_data d;
    fixture_begin(&f);
    fixture_csr(&f, "a.csr", "csr.example.com");
    fixture_csr(&f, "b.csr", "other.example.com");
    fixture_open(&f, "ca: lab\n"
                     "defaults: {key: rsa-4096}\n"
                     "orders:\n"
                     "  - {id: silent, csr: a.csr}\n"
                     "  - {id: part, csr: a.csr, san: [more.example.com]}\n"
                     "  - {id: keyed, csr: a.csr, key_file: a.csr.key}\n"
                     "  - {id: wrong, csr: a.csr, key_file: b.csr.key}\n"
                     "  - {id: reuse, common_name: x.example.com, key_file: b.csr.key}\n");
    load(&f, "silent", &d);
    assert_string_equal(d.common_name, "csr.example.com");
    assert_string_equal(san_text(&d, 0), "csr.example.com");
    assert_string_equal(d.dn[0].value, "Csr Corp");
    assert_null(d.subject.common_name); /* the order itself says nothing */
    assert_int_equal(d.subject.nsan + d.subject.ndn, 0);
    assert_ptr_equal(d.subject.csr, &d.csr);
    assert_string_equal(d.subject.csr_file, "a.csr");
    assert_null(d.subject.key);
    assert_int_equal(item(&f, "silent")->key_type, KEY_NONE);
    load(&f, "part", &d); /* field by field, and policy sees what is sent */
    assert_int_equal(d.nsan, 1);
    assert_string_equal(san_text(&d, 0), "more.example.com");
    assert_string_equal(d.common_name, "csr.example.com");
    assert_string_equal(d.subject.common_name, "csr.example.com");
    load(&f, "keyed", &d);
    assert_true(d.subject.key_file_matches);
    assert_int_equal(d.subject.key_file_mode, 0600);
    load(&f, "wrong", &d);
    assert_false(d.subject.key_file_matches);
    load(&f, "reuse", &d);
    assert_string_equal(d.subject.key, "ec-p256");
    CLEANUP(key_release) struct key key = KEY_INIT;
    struct err err = ERR_INIT;
    assert_true(item_key(&f.batch, item(&f, "reuse"), &key, &err));
    assert_false(item_key(&f.batch, item(&f, "silent"), &key, &err));
    fixture_end(&f);
}

static void names_from_the_old_certificate(void **state UNUSED)
{
    struct fixture f;
    struct item_data d;
    fixture_begin(&f);
    int64_t now = time_now();
    fixture_certificate(&f, "old.pem", KEY_EC_P256, now - DAY_SECONDS, now + DAY_SECONDS);
    fixture_csr(&f, "new.csr", "new.example.com");
    fixture_open(&f,
                 "ca: lab\norders:\n"
                 "  - {id: all, action: renew, replaces: {certificate: old.pem}}\n"
                 "  - {id: some, action: renew, replaces: {certificate: old.pem}, subject: "
                 "{organization: New Corp}}\n"
                 "  - {id: drop, action: renew, replaces: {certificate: old.pem}, drop: "
                 "[WWW.example.com]}\n"
                 "  - {id: csr, action: renew, replaces: {certificate: old.pem}, csr: new.csr}\n"
                 "revocations:\n"
                 "  - {id: gone, certificate: old.pem, reason: superseded, after: all}\n"
                 "  - {id: text, serial: \"0x2b:0c\", reason: keyCompromise}\n");
    load(&f, "all", &d);
    assert_int_equal(d.nsan, 2);
    assert_string_equal(d.common_name, "www.example.com");
    assert_string_equal(d.dn[1].value, "Old Corp");
    assert_ptr_equal(d.subject.prior, &d.prior);
    assert_string_equal(d.subject.serial, fixture_serial);
    assert_int_equal(d.subject.nsan, 2);
    load(&f, "some", &d);
    assert_int_equal(d.ndn, 1);
    assert_string_equal(d.dn[0].value, "New Corp");
    assert_int_equal(d.nsan, 2);
    load(&f, "drop", &d);
    assert_int_equal(d.nsan, 1);
    assert_string_equal(san_text(&d, 0), "api.example.com");
    assert_null(d.common_name); /* dropped as a name, it does not come back as the CN */
    load(&f, "csr", &d);        /* the owner of the CSR has said what it shall be */
    assert_int_equal(d.nsan, 1);
    assert_string_equal(san_text(&d, 0), "new.example.com");
    load(&f, "gone", &d);
    assert_int_equal(d.subject.kind, SUBJECT_REVOCATION);
    assert_string_equal(d.subject.serial, fixture_serial);
    assert_int_equal(d.subject.reason, REASON_SUPERSEDED);
    assert_int_equal(item(&f, "gone")->after, item(&f, "all")->index);
    assert_string_equal(item(&f, "gone")->action, "revoke");
    load(&f, "text", &d);
    assert_string_equal(d.subject.serial, fixture_serial);
    assert_int_equal(item(&f, "text")->after, ITEM_NO_INDEX);
    fixture_end(&f);
}

static void a_generated_csr_is_judged(void **state UNUSED)
{
    struct fixture f;
    struct item_data d;
    struct err err = ERR_INIT;
    uint8_t before[SHA256_SIZE];
    uint8_t after[SHA256_SIZE];
    fixture_begin(&f);
    fixture_open(&f, "ca: lab\norders:\n  - {id: one, common_name: www.example.com}\n");
    load(&f, "one", &d);
    item_digest(&f.batch, item(&f, "one"), &d, before);
    CLEANUP(key_release) struct key key = KEY_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    const struct dn_value dn = {"CN", d.common_name};
    const struct x509_names names = {.subject = &dn, .nsubject = 1};
    assert_true(key_generate(KEY_EC_P256, &key, &err) && csr_build(&key, &names, &der, &err));
    item_set_csr(&d, &f.arena, buf_span(&der));
    assert_true(d.has_csr && d.csr.usable);
    assert_ptr_equal(d.subject.csr, &d.csr);
    assert_memory_equal(d.csr.key.sha256, key.spki_sha256, SHA256_SIZE);
    item_digest(&f.batch, item(&f, "one"), &d, after);
    assert_memory_not_equal(before, after, SHA256_SIZE);
    fixture_end(&f);
}

/* --- digests --- */
static void digest_of(struct fixture *f, const char *body, uint8_t out[SHA256_SIZE])
{
    struct item_data d;
    fixture_open(f, body);
    load(f, "i", &d);
    item_digest(&f->batch, item(f, "i"), &d, out);
}

static void digests_cover_what_is_sent(void **state UNUSED)
{
    struct fixture f;
    fixture_begin(&f);
    fixture_csr(&f, "a.csr", "a.example.com");
    fixture_csr(&f, "b.csr", "a.example.com");
    static const char *const bodies[] = {
        "ca: lab\norders:\n  - {id: i, common_name: a.example.com}\n",
        "ca: short\norders:\n  - {id: i, common_name: a.example.com}\n",
        "ca: lab\norders:\n  - {id: i, common_name: b.example.com}\n",
        "ca: lab\norders:\n  - {id: i, san: [a.example.com]}\n",
        "ca: lab\norders:\n  - {id: i, san: [a.example.com, b.example.com]}\n",
        "ca: lab\norders:\n  - {id: i, san: [b.example.com, a.example.com]}\n",
        "ca: lab\norders:\n  - {id: i, common_name: a.example.com, product: ov}\n",
        "ca: lab\norders:\n  - {id: i, common_name: a.example.com, key: rsa-2048}\n",
        "ca: lab\norders:\n  - {id: i, common_name: a.example.com, validity: 9d}\n",
        "ca: lab\norders:\n  - {id: i, common_name: a.example.com, subject: {country: US}}\n",
        "ca: lab\norders:\n  - {id: i, common_name: a.example.com, fields: {x: y}}\n",
        "ca: lab\norders:\n  - {id: i, common_name: a.example.com, fields: {x: z}}\n",
        "ca: lab\norders:\n  - {id: i, csr: a.csr}\n",
        "ca: lab\norders:\n  - {id: i, csr: b.csr}\n",
        "ca: lab\nrevocations:\n  - {id: i, serial: \"0A\", reason: superseded}\n",
        "ca: lab\nrevocations:\n  - {id: i, serial: \"0B\", reason: superseded}\n",
        "ca: lab\nrevocations:\n  - {id: i, serial: \"0A\", reason: keyCompromise}\n",
    };
    uint8_t digest[NITEMS(bodies)][SHA256_SIZE];
    uint8_t again[SHA256_SIZE];
    for (size_t i = 0; i < NITEMS(bodies); i++) {
        digest_of(&f, bodies[i], digest[i]);
        digest_of(&f, bodies[i], again);
        assert_memory_equal(digest[i], again, SHA256_SIZE);
        for (size_t k = 0; k < i; k++) {
            if (memcmp(digest[k], digest[i], SHA256_SIZE) == 0) {
                fail_msg("%s and %s have one digest", bodies[k], bodies[i]);
            }
        }
    }
    fixture_end(&f);
}

/* --- simulation --- */
static void every_ca_has_a_twin(void **state UNUSED)
{
    struct fixture f;
    struct item_data d;
    fixture_begin(&f);
    f.options.simulate = true;
    fixture_open(&f, "ca: short\norders:\n"
                     "  - {id: known, common_name: a.example.com, product: ov-ucc}\n"
                     "  - {id: raw, common_name: a.example.com, product: \"9999\"}\n");
    const struct item *known = item(&f, "known");
    assert_string_equal(known->ca->name, "short");
    assert_ptr_not_equal(known->ca, config_ca(&f.batch.config, "short"));
    assert_ptr_equal(batch_real_ca(&f.batch, known), config_ca(&f.batch.config, "short"));
    assert_string_equal(known->product_code, "ov-ucc");
    assert_string_equal(item(&f, "raw")->product_code, "tls-server");
    load(&f, "raw", &d);
    assert_string_equal(d.subject.product, "9999"); /* policy judges what will be ordered */
    struct err err = ERR_INIT;
    struct ca *ca = ca_open(known->ca, f.batch.config.dir, &err);
    if (!ca) {
        fail_msg("%s", err.msg);
    }
    ca_close(ca);
    struct stat st;
    assert_int_equal(
        stat(path_join(&f.arena, f.dir, "test-simulate.state/simulate-ca/short/ca.json"), &st), 0);
    assert_int_not_equal(stat(path_join(&f.arena, f.dir, "short-ca"), &st), 0);
    fixture_end(&f);
}

/* --- opening --- */
static void which_file_is_bad(void **state UNUSED)
{
    struct fixture f;
    fixture_begin(&f);
    assert_false(fixture_try(&f, "orders: 7\n"));
    assert_false(f.batch.manifest_ok);
    assert_int_equal(f.err.code, ERR_INPUT);
    assert_true(f.findings.n > 0);
    fixture_text(&f, "certbatch.yaml", "certbatch_config: 1\ncas: {x: {type: unheard}}\n");
    assert_false(fixture_try(&f, "orders:\n  - {id: one, common_name: a.example.com}\n"));
    assert_true(f.batch.manifest_ok);
    assert_false(fixture_try(&f, "orders: 7\n")); /* both are told at once */
    size_t files = 0;
    for (size_t i = 0; i < f.findings.n; i++) {
        files |= str_ends(f.findings.v[i].file, "certbatch.yaml") ? 1u : 2u;
    }
    assert_int_equal(files, 3);
    fixture_text(&f, "certbatch.yaml", fixture_cas);
    const char *const policies[] = {"no-such.policy.yaml"};
    f.options.policies = policies;
    f.options.npolicies = 1;
    assert_false(fixture_try(&f, "ca: lab\norders:\n  - {id: one, common_name: a.example.com}\n"));
    assert_true(f.batch.manifest_ok);
    assert_int_equal(f.err.code, ERR_INPUT);
    fixture_end(&f);
}

/* --- judging --- */
static bool same(const struct findings *a, const struct findings *b)
{
    bool ok = a->n == b->n;
    for (size_t i = 0; ok && i < a->n; i++) {
        ok = str_eq(a->v[i].rule, b->v[i].rule) && str_eq(a->v[i].item, b->v[i].item) &&
             a->v[i].line == b->v[i].line && a->v[i].column == b->v[i].column &&
             str_eq(a->v[i].value, b->v[i].value) && str_eq(a->v[i].message, b->v[i].message);
    }
    return ok;
}

static void judged_alike_on_any_workers(void **state UNUSED)
{
    struct fixture f;
    CLEANUP(buf_release) struct buf body = BUF_INIT(1 << 20);
    fixture_begin(&f);
    fixture_csr(&f, "a.csr", "a_b.example.com");
    buf_puts(&body, "ca: lab\norders:\n");
    for (size_t i = 0; i < 100; i++) {
        buf_printf(&body,
                   i % 5 ? "  - {id: i%zu, common_name: \"h_%zu..example.com\"}\n"
                         : "  - {id: i%zu, csr: a.csr, comment: \"%zu\"}\n",
                   i, i);
    }
    fixture_open(&f, buf_text(&body));
    CLEANUP(findings_release) struct findings one = FINDINGS_INIT;
    CLEANUP(findings_release) struct findings four = FINDINGS_INIT;
    batch_judge(&f.batch, 1, &one);
    batch_judge(&f.batch, 4, &four);
    assert_true(one.n > 100); /* every item breaks a rule on names */
    assert_true(same(&one, &four));
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_fill_what_is_not_written),
        cmocka_unit_test(without_defaults_nothing_is_copied),
        cmocka_unit_test(ca_is_found_or_said),
        cmocka_unit_test(wrong_default_ca),
        cmocka_unit_test(products),
        cmocka_unit_test(renewal_window),
        cmocka_unit_test(missing_and_outside),
        cmocka_unit_test(names_from_the_manifest),
        cmocka_unit_test(names_from_the_csr),
        cmocka_unit_test(names_from_the_old_certificate),
        cmocka_unit_test(a_generated_csr_is_judged),
        cmocka_unit_test(digests_cover_what_is_sent),
        cmocka_unit_test(every_ca_has_a_twin),
        cmocka_unit_test(which_file_is_bad),
        cmocka_unit_test(judged_alike_on_any_workers),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
