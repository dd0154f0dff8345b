/* SPDX-License-Identifier: Apache-2.0
 *
 * Records and files of validations: which are made and which refused, and what the journal may say
 * of them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/dcv.h"
#include "formats/base/str.h"

#include <string.h>

static bool make(struct arena *a, const char *form, const char *domain, const char *name,
                 const char *value, struct dcv_record *out, struct err *err)
{
    const struct dcv_told told = {DCV_KIND_TXT, name, value};
    return dcv_record_make(a, form, domain, &told, out, err);
}

static void records_are_made(void **state UNUSED)
{
    static const struct {
        const char *form, *domain, *told, *name;
    } rows[] = {
        {"_emsign-validation.{0}", "www.example.com", NULL, "_emsign-validation.www.example.com"},
        {"_emsign-validation.{0}", "*.Example.COM.", NULL, "_emsign-validation.example.com"},
        {"{0}", "example.com", NULL, "example.com"},
        {"_a.{0}.b.example", "example.com", NULL, "_a.example.com.b.example"},
        {"_a.{0}", "example.com", "_Told.example.com.", "_told.example.com"},
    };
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct dcv_record r;
    struct err err = ERR_INIT;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        assert_true(make(&a, rows[i].form, rows[i].domain, rows[i].told, "Ab-_=+/:.,@1", &r, &err));
        assert_string_equal(r.name, rows[i].name);
        assert_string_equal(r.domain, rows[i].domain);
        assert_string_equal(r.value, "Ab-_=+/:.,@1");
    }
}

/* What would mean something to a shell, to nsupdate or in a zone file. */
static void odd_records_are_refused(void **state UNUSED)
{
    static const char *const values[] = {"",     "a b", "a\nb", "a\"b", "a;b",  "a$b", "a`b",
                                         "a\\b", "-a",  "a\tb", "a(b",  "\xc3", "a|b", "a'b"};
    static const char *const names[] = {
        "a b.example",  "a;b.example", "a\nb.example", "-a.example", "",
        "a\"b.example", "*.*.example", "a$.example"};
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    char text[300];
    struct dcv_record r;
    for (size_t i = 0; i < NITEMS(values); i++) {
        struct err err = ERR_INIT;
        assert_false(make(&a, "_x.{0}", "www.example.com", NULL, values[i], &r, &err));
        assert_int_equal(err.code, ERR_CA);
    }
    for (size_t i = 0; i < NITEMS(names); i++) {
        struct err err = ERR_INIT;
        assert_false(make(&a, "_x.{0}", names[i], NULL, "t", &r, &err));
    }
    for (size_t i = 0; i < NITEMS(names); i++) {
        struct err err = ERR_INIT;
        assert_false(make(&a, "_x.{0}", "www.example.com", names[i], "t", &r, &err));
    }
    memset(text, 'a', sizeof text);
    text[255] = '\0';
    struct err err = ERR_INIT;
    assert_true(make(&a, "_x.{0}", "www.example.com", NULL, text, &r, &err));
    text[255] = 'a';
    text[256] = '\0';
    assert_false(make(&a, "_x.{0}", "www.example.com", NULL, text, &r, &err));
    text[250] = '\0'; /* and "_x." is 253 */
    err_clear(&err);
    assert_true(make(&a, "_x.{0}", text, NULL, "t", &r, &err));
    text[250] = 'a';
    text[251] = '\0';
    assert_false(make(&a, "_x.{0}", text, NULL, "t", &r, &err));
}

/* A CNAME has a host name for a value; a file is known by its path. */
static void cnames_and_files(void **state UNUSED)
{
#define ACME    "http://a.example/.well-known/acme-challenge/"
#define FILE_AT "http://a.example/.well-known/pki-validation/"
    static const struct {
        enum dcv_kind told;
        const char *name, *value;
        enum dcv_kind made; /* DCV_KIND__MAX: refused */
    } rows[] = {
        {DCV_KIND_CNAME, "_dnsauth.a.example", "_t0k.dcv.digicert.com", DCV_KIND_CNAME},
        {DCV_KIND_CNAME, "_dnsauth.a.example", "t/0.dcv.digicert.com", DCV_KIND__MAX},
        {DCV_KIND_CNAME, "_dnsauth.a.example", "-t.dcv.digicert.com", DCV_KIND__MAX},
        {DCV_KIND_CNAME, "_dns auth.a.example", "t.dcv.digicert.com", DCV_KIND__MAX},
        {DCV_KIND_TXT, ACME "tok", "tok.digest", DCV_KIND_HTTP_01},
        {DCV_KIND_TXT, ACME "tok", "another.digest", DCV_KIND__MAX},
        {DCV_KIND_FILE, FILE_AT "fileauth.txt", "_t0k", DCV_KIND_FILE},
        {DCV_KIND_FILE, FILE_AT "AB12.txt", "t=0+k/", DCV_KIND_FILE},
        {DCV_KIND_FILE, FILE_AT "AB12.txt", "two words", DCV_KIND__MAX},
        {DCV_KIND_FILE, FILE_AT "AB12.txt", "-t", DCV_KIND__MAX},
        {DCV_KIND_FILE, FILE_AT ".htaccess", "t", DCV_KIND__MAX},
        {DCV_KIND_FILE, FILE_AT "..", "t", DCV_KIND__MAX},
        {DCV_KIND_FILE, FILE_AT "-rf", "t", DCV_KIND__MAX},
        {DCV_KIND_FILE, FILE_AT "", "t", DCV_KIND__MAX},
        {DCV_KIND_FILE, FILE_AT "sub/file.txt", "t", DCV_KIND__MAX},
        {DCV_KIND_FILE, "http://b.example/.well-known/pki-validation/f.txt", "t", DCV_KIND__MAX},
        {DCV_KIND_FILE, "http://a.example/f.txt", "t", DCV_KIND__MAX},
    };
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct err err = ERR_INIT;
        struct dcv_record r;
        const struct dcv_told told = {rows[i].told, rows[i].name, rows[i].value};
        const bool ok = dcv_record_make(&a, "_x.{0}", "a.example", &told, &r, &err);
        if (ok != (rows[i].made != DCV_KIND__MAX)) {
            fail_msg("%s: %s", rows[i].name, rows[i].value);
        }
        assert_int_equal(ok ? r.kind : DCV_KIND__MAX, rows[i].made);
        assert_true(ok || err.code == ERR_CA);
    }
}

/* --- the journal --- */
static struct record txt(const char *ev, const char *reply_class, const char *value)
{
    return (struct record){.ev = ev,
                           .reply_class = reply_class,
                           .item = "a",
                           .domain = "a.example",
                           .record_name = "_x.a.example",
                           .record_value = value,
                           RECORD_NONE};
}

static bool apply(struct history *h, struct record r, int64_t when)
{
    struct err err = ERR_INIT;
    bool ok = history_apply(h, &r, when, &err);
    assert_int_equal(ok, err.code == ERR_NONE);
    return ok;
}

static void order(struct history *h)
{
    struct record item = {.ev = "item", .item = "a", .kind = "order", RECORD_NONE};
    struct record keygen = RECORD(EV_KEYGEN, "a");
    struct record intent = RECORD(EV_INTENT, "a");
    struct record reply = RECORD(EV_REPLY_PENDING, "a");
    reply.order_id = "4711";
    assert_true(apply(h, item, 1) && apply(h, keygen, 2) && apply(h, intent, 3) &&
                apply(h, reply, 4));
}

static void a_record_is_published_until_it_is_removed(void **state UNUSED)
{
    struct history h = HISTORY_INIT;
    order(&h);
    assert_true(apply(&h, txt(DCV_PRESENT, NULL, "one"), 10));
    assert_true(apply(&h, txt(DCV_PRESENT, NULL, "two"), 11));
    const struct dcv_record *d = history_item(&h, "a")->dcv;
    assert_string_equal(d->value, "one");
    assert_string_equal(d->next->value, "two");
    assert_int_equal(d->presented, 10);
    assert_int_equal(d->removed, TIME_NONE);
    assert_int_equal(dcv_published(&h), 2);
    assert_true(apply(&h, txt(DCV_CLEANUP, "failed", "one"), 12));
    assert_int_equal(dcv_published(&h), 2);
    assert_true(apply(&h, txt(DCV_CLEANUP, "done", "one"), 13));
    assert_int_equal(dcv_published(&h), 1);
    assert_false(d->published);
    assert_int_equal(d->removed, 13);
    assert_true(apply(&h, txt(DCV_PRESENT, NULL, "one"), 14)); /* again, the same record */
    assert_true(d->published);
    assert_int_equal(d->presented, 14);
    assert_int_equal(d->removed, TIME_NONE);
    assert_null(d->next->next);
    assert_int_equal(history_item(&h, "a")->state, STATE_PENDING); /* none of that is a state */
    history_release(&h);
}

static void impossible_records_stop_a_replay(void **state UNUSED)
{
    struct history h = HISTORY_INIT;
    struct record item = {.ev = "item", .item = "a", .kind = "order", RECORD_NONE};
    assert_false(apply(&h, txt(DCV_PRESENT, NULL, "one"), 1)); /* no such item */
    assert_true(apply(&h, item, 1));
    assert_false(apply(&h, txt(DCV_PRESENT, NULL, "one"), 2)); /* nothing is ordered */
    history_release(&h);
    order(&h);
    assert_false(apply(&h, txt(DCV_CLEANUP, "done", "one"), 5)); /* never published */
    assert_true(apply(&h, txt(DCV_PRESENT, NULL, "one"), 5));
    assert_false(apply(&h, txt(DCV_CLEANUP, "done", "two"), 5));
    assert_true(apply(&h, txt(DCV_CLEANUP, "done", "one"), 6));
    assert_false(apply(&h, txt(DCV_CLEANUP, "done", "one"), 7)); /* not there any more */
    struct record without = txt(DCV_PRESENT, NULL, NULL);
    assert_false(apply(&h, without, 8));
    without = txt(DCV_PRESENT, NULL, "one");
    without.record_name = NULL;
    assert_false(apply(&h, without, 8));
    without = txt(DCV_PRESENT, NULL, "one");
    without.domain = NULL;
    assert_false(apply(&h, without, 8));
    history_release(&h);
}

/* What is removed by a later run must be called what it was when it was published. */
static void the_kind_is_kept(void **state UNUSED)
{
    static const struct {
        const char *type, *name;
        int kind; /* -1: damage */
    } rows[] = {
        {NULL, "_x.a.example", DCV_KIND_TXT}, /* journals of before */
        {NULL, ACME "tok", DCV_KIND_HTTP_01},
        {"dns-01", "_x.a.example", DCV_KIND_TXT},
        {"dns-cname", "_x.a.example", DCV_KIND_CNAME},
        {"http-01", ACME "tok", DCV_KIND_HTTP_01},
        {"http-file", FILE_AT "f.txt", DCV_KIND_FILE},
        {"dns-02", "_x.a.example", -1},
        {"http-file", "_x.a.example", -1},
        {"dns-cname", FILE_AT "f.txt", -1},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct history h = HISTORY_INIT;
        order(&h);
        struct record r = txt(DCV_PRESENT, NULL, "one");
        r.record_type = rows[i].type;
        r.record_name = rows[i].name;
        assert_int_equal(apply(&h, r, 10), rows[i].kind >= 0);
        if (rows[i].kind >= 0) {
            assert_int_equal(history_item(&h, "a")->dcv->kind, rows[i].kind);
        }
        history_release(&h);
    }
}

static void a_revocation_proves_no_names(void **state UNUSED)
{
    struct history h = HISTORY_INIT;
    struct record item = {.ev = "item", .item = "a", .kind = "revocation", RECORD_NONE};
    item.order_id = "4711";
    assert_true(apply(&h, item, 1));
    assert_false(apply(&h, txt(DCV_PRESENT, NULL, "one"), 2));
    history_release(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_made),
        cmocka_unit_test(odd_records_are_refused),
        cmocka_unit_test(cnames_and_files),
        cmocka_unit_test(the_kind_is_kept),
        cmocka_unit_test(a_record_is_published_until_it_is_removed),
        cmocka_unit_test(impossible_records_stop_a_replay),
        cmocka_unit_test(a_revocation_proves_no_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
