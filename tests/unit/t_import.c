/* SPDX-License-Identifier: Apache-2.0
 *
 * Import: what spreadsheets do to cells, dates and zones, the profiles, and what becomes of rows.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/import.h"
#include "batch/import_clean.h"
#include "batch/import_dates.h"
#include "batch/manifest.h"
#include "formats/base/fs.h"
#include "formats/base/time.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena arena;
static struct strlist mends;

static int fresh(void **state UNUSED)
{
    mends.n = 0;
    return 0;
}

static int release(void **state UNUSED)
{
    arena_release(&arena);
    strlist_release(&mends);
    return 0;
}

static struct clean cleaner(void)
{
    mends.n = 0;
    return (struct clean){.arena = &arena, .mends = &mends};
}

/* want NULL: refused, and `note` is in the reason; else `note` is in the only mend, "" = none. */
static void check(const struct clean *c, const char *in, const char *got, const char *want,
                  const char *note)
{
    if (!want) {
        if (got || !strstr(c->why, note)) {
            fail_msg("%s gave %s (%s), not a refusal with %s", in, got, c->why, note);
        }
        return;
    }
    if (!got || strcmp(got, want) != 0) {
        fail_msg("%s gave %s (%s), not %s", in, got, c->why, want);
    }
    if (*note ? mends.n != 1 || !strstr(mends.v[0], note) : mends.n != 0) {
        fail_msg("%s: %zu mends (%s), not %s", in, mends.n, mends.n ? mends.v[0] : "", note);
    }
}

static void texts(void **state UNUSED)
{
    static const struct {
        const char *in, *want, *note;
    } rows[] = {
        {" x y ", "x y", ""},
        {"\n", "", ""},
        {"\xE2\x80\x8E"
         "a9",
         "a9", "U+200E"},
        {"a9\xE2\x80\x8F", "a9", "U+200F"},
        {"\xEF\xBB\xBFx", "x", "U+FEFF"},
        {"a\xC2\xA0z", "a z", "no-break"},
        {"\xC2\xA0", "", ""},
        {"a\x01z", NULL, "control"},
        {"a\x7F", NULL, "control"},
        {"a\xC2\x85z", NULL, "control"},
        {"\xFF", NULL, "control"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct clean c = cleaner();
        check(&c, rows[i].in, clean_text(&c, rows[i].in), rows[i].want, rows[i].note);
    }
}

static void serials(void **state UNUSED)
{
    static const struct {
        const char *in;
        enum cell_kind kind;
        enum serial_base base;
        const char *want, *note;
    } rows[] = {
        {"0A1B", CELL_TEXT, SERIAL_HEX, "0A1B", ""},
        {"0a:1b:2c", CELL_TEXT, SERIAL_HEX, "0A1B2C", ""},
        {"0a 1b 2c", CELL_TEXT, SERIAL_HEX, "0A1B2C", ""},
        {"0x0A1B", CELL_TEXT, SERIAL_HEX, "0A1B", ""},
        {"'0A1B", CELL_TEXT, SERIAL_HEX, "0A1B", ""},
        {"=\"0A1B\"", CELL_TEXT, SERIAL_HEX, "0A1B", ""},
        {"12E4", CELL_TEXT, SERIAL_HEX, "12E4", ""},
        {"A1B", CELL_TEXT, SERIAL_HEX, "0A1B", "odd number"},
        {"1.23457E+20", CELL_TEXT, SERIAL_HEX, NULL, "lost digits"},
        {"1,23457E+20", CELL_TEXT, SERIAL_HEX, NULL, "lost digits"},
        {"1E+20", CELL_TEXT, SERIAL_HEX, NULL, "lost digits"},
        {"1.2345678901234501E20", CELL_NUMBER, SERIAL_HEX, NULL, "lost digits"},
        {"123456789012345", CELL_TEXT, SERIAL_HEX, "0123456789012345", "odd number"},
        {"1234567890123450", CELL_TEXT, SERIAL_HEX, NULL, "sixteenth"},
        {"1234567890123451", CELL_TEXT, SERIAL_HEX, "1234567890123451", ""},
        {"12345678901234500000", CELL_TEXT, SERIAL_HEX, NULL, "sixteenth"},
        {"1234", CELL_NUMBER, SERIAL_HEX, "1234", "stands as a number"},
        {"1234567890123456", CELL_NUMBER, SERIAL_HEX, NULL, "more than 15 digits"},
        {"123456789012345678901", CELL_TEXT, SERIAL_HEX, NULL, "decimal"},
        {"123456789012345678901", CELL_TEXT, SERIAL_DECIMAL, "06B14E9F812F366C35", ""},
        {"0A1B", CELL_TEXT, SERIAL_DECIMAL, NULL, "decimal"},
        {"xyz", CELL_TEXT, SERIAL_HEX, NULL, "characters"},
        {"00", CELL_TEXT, SERIAL_HEX, NULL, "not zero"},
        {"00112233445566778899AABBCCDDEEFF0011223344", CELL_TEXT, SERIAL_HEX, NULL, "1 to 40"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct clean c = cleaner();
        check(&c, rows[i].in, clean_serial(&c, rows[i].in, rows[i].kind, rows[i].base),
              rows[i].want, rows[i].note);
    }
}

static void hosts(void **state UNUSED)
{
    static const struct {
        const char *in, *want, *note;
    } rows[] = {
        {"www.example.com", "dns:www.example.com", ""},
        {"WWW.Example.COM", "dns:www.example.com", ""},
        {"*.example.com", "dns:*.example.com", ""},
        {"https://www.example.com", "dns:www.example.com", "scheme"},
        {"www.example.com/login", "dns:www.example.com", "path"},
        {"www.example.com:8443", "dns:www.example.com", "port 8443"},
        {"www.example.com.", "dns:www.example.com", "final dot"},
        {"b\xC3\xBC"
         "cher.example.com",
         "dns:xn--bcher-kva.example.com", "became xn--"},
        {"*.b\xC3\xBC"
         "cher.example.com",
         "dns:*.xn--bcher-kva.example.com", "became xn--"},
        {"192.0.2.7", "ip:192.0.2.7", ""},
        {"192.0.2.7:443", "ip:192.0.2.7", "port 443"},
        {"2001:DB8:0:0::1", "ip:2001:db8::1", ""},
        {"[2001:db8::1]:443", "ip:2001:db8::1", "port 443"},
        {"[2001:db8::1]", "ip:2001:db8::1", ""},
        {"www.example.com:0", NULL, "colon"},
        {"www.example.com:https", NULL, "colon"},
        {"[2001:db8::1]x", NULL, "colon"},
        {"www example.com", NULL, "blank"},
        {"", NULL, "no host name"},
        {"*.", NULL, "no host name"},
        {"\xE2\x82\xAC.example.com", NULL, "IDNA"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct clean c = cleaner();
        check(&c, rows[i].in, clean_host(&c, rows[i].in), rows[i].want, rows[i].note);
    }
}

static void name_lists(void **state UNUSED)
{
    static const struct {
        const char *in, *want; /* NULL = refused */
    } rows[] = {
        {"a.example.com, b.example.com;c.example.com\nd.example.com",
         "dns:a.example.com dns:b.example.com dns:c.example.com dns:d.example.com"},
        {"DNS:a.example.com, IP Address:192.0.2.7, dns:A.example.com",
         "dns:a.example.com ip:192.0.2.7"},
        {"DNS Name=a.example.com, RFC822 Name=x@example.com IP Address=192.0.2.7",
         "dns:a.example.com email:x@example.com ip:192.0.2.7"},
        {"dns=a.example.com&dns=b.example.com&", "dns:a.example.com dns:b.example.com"},
        {"[\"a.example.com\",\"b.example.com\"]", "dns:a.example.com dns:b.example.com"},
        {"URI:spiffe://example.com/x", "uri:spiffe://example.com/x"},
        {"x@b\xC3\xBC"
         "cher.example.com",
         "email:x@xn--bcher-kva.example.com"},
        {"", ""},
        {" , ;", ""},
        {"upn=x@example.com", NULL},
        {"a.example.com, not a_ name!", NULL},
        {"@example.com", NULL},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        CLEANUP(strlist_release) struct strlist out = {0};
        CLEANUP(buf_release) struct buf b = BUF_INIT(65536);
        struct clean c = cleaner();
        const bool ok = clean_names(&c, rows[i].in, &out);
        for (size_t k = 0; k < out.n; k++) {
            buf_printf(&b, "%s%s", k ? " " : "", out.v[k]);
        }
        if (ok != (rows[i].want != NULL) || (ok && strcmp(buf_text(&b), rows[i].want) != 0)) {
            fail_msg("%s: %s", rows[i].in, ok ? buf_text(&b) : c.why);
        }
    }
}

static void keys_and_terms(void **state UNUSED)
{
    static const char *const keys[][3] = {
        {"RSA", "2048", "rsa-2048"},
        {"rsa 4096", "", "rsa-4096"},
        {"RSA-3072", "", "rsa-3072"},
        {"ECC", "256", "ec-p256"},
        {"ECDSA_P384", "", "ec-p384"},
        {"EC P-521", "", "ec-p521"},
        {"2048", "", "rsa-2048"},
        {"Ed25519", "", "ed25519"},
        {"RSA", "1024", NULL},
        {"DSA", "2048", NULL},
        {"RSA", "", NULL},
    };
    static const char *const terms[][2] = {
        {"1 year", "1y"},      {"2 years", "2y"}, {"365", "365d"},       {"199 days", "199d"},
        {"12 months", "360d"}, {"199d", "199d"},  {"2 weeks", "14d"},    {"0", NULL},
        {"one year", NULL},    {"-1", NULL},      {"1 fortnight", NULL}, {"1000000", NULL},
    };
    for (size_t i = 0; i < NITEMS(keys); i++) {
        struct clean c = cleaner();
        const char *got = clean_key(&c, keys[i][0], keys[i][1]);
        check(&c, keys[i][0], got, keys[i][2], keys[i][2] ? "" : "no kind of key");
    }
    for (size_t i = 0; i < NITEMS(terms); i++) {
        struct clean c = cleaner();
        const char *got = clean_validity(&c, terms[i][0]);
        const bool months = strstr(terms[i][0], "month") != NULL;
        check(&c, terms[i][0], got, terms[i][1],
              !terms[i][1] ? "no term"
              : months     ? "30 days"
                           : "");
    }
}

/* --- dates --- */
static void dates(void **state UNUSED)
{
    static const struct {
        const char *in, *format, *zone, *want; /* want NULL: refused */
    } rows[] = {
        {"2026-11-20", NULL, NULL, "2026-11-20T00:00:00Z"},
        {"2026-11-20T10:00:00Z", NULL, NULL, "2026-11-20T10:00:00Z"},
        {"2026-11-20T10:00:00.123+0100", NULL, NULL, "2026-11-20T09:00:00Z"},
        {"2026-11-20 10:00:00", NULL, "UTC", "2026-11-20T10:00:00Z"},
        {"2026-11-20 10:00:00", NULL, "+05:30", "2026-11-20T04:30:00Z"},
        {"2026-11-20 10:00:00", NULL, NULL, NULL},
        {"2026-11-20 10:00:00", NULL, "Europe/Berlin", "2026-11-20T09:00:00Z"},
        {"2026-07-20 10:00:00", NULL, "Europe/Berlin", "2026-07-20T08:00:00Z"},
        {"2026-07-20 10:00", NULL, "America/New_York", "2026-07-20T14:00:00Z"},
        {"2026-03-29 02:30", NULL, "Europe/Berlin", NULL}, /* does not exist */
        {"2026-10-25 02:30", NULL, "Europe/Berlin", NULL}, /* exists twice */
        {"2026-10-25 03:00", NULL, "Europe/Berlin", "2026-10-25T02:00:00Z"},
        {"2050-07-20 10:00", NULL, "Europe/Berlin", NULL}, /* beyond the file */
        {"05-Feb-2026", NULL, NULL, "2026-02-05T00:00:00Z"},
        {"5 February 2026", NULL, NULL, "2026-02-05T00:00:00Z"},
        {"Feb 5, 2026", NULL, NULL, "2026-02-05T00:00:00Z"},
        {"21/Nov/26 10:00 PM", NULL, "UTC", "2026-11-21T22:00:00Z"},
        {"21/Nov/26 12:00 AM", NULL, "UTC", "2026-11-21T00:00:00Z"},
        {"03/04/2026", NULL, NULL, NULL},
        {"03.04.2026", NULL, NULL, NULL},
        {"03-04-2026", NULL, NULL, NULL},
        {"03/04/2026", "dd/MM/yyyy", NULL, "2026-04-03T00:00:00Z"},
        {"03/04/2026", "MM/dd/yyyy", NULL, "2026-03-04T00:00:00Z"},
        {"03.04.2026 10:00", "dd.MM.yyyy HH:mm", "UTC", "2026-04-03T10:00:00Z"},
        {"13/04/2026", NULL, NULL, "2026-04-13T00:00:00Z"},
        {"04/13/2026", NULL, NULL, "2026-04-13T00:00:00Z"},
        {"04/04/2026", NULL, NULL, "2026-04-04T00:00:00Z"},
        {"2026-02-29", NULL, NULL, NULL},
        {"2026-13-01", NULL, NULL, NULL},
        {"2026-11-20 25:00", NULL, "UTC", NULL},
        {"2026-11-20 13:00 PM", NULL, "UTC", NULL},
        {"2026-11-20x", NULL, NULL, NULL},
        {"46346", NULL, NULL, NULL},
        {"1767225600000", NULL, NULL, "2026-01-01T00:00:00Z"},
        {"", NULL, NULL, NULL},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct zone zone = {0};
        struct err err = ERR_INIT;
        struct import_time t = {0};
        const char *why = NULL;
        const char *format = rows[i].format;
        const struct strings formats = {.v = &format, .n = format != NULL};
        char text[TIME_TEXT];
        assert_true(!rows[i].zone || zone_open(&zone, rows[i].zone, &err));
        const bool ok =
            import_time_read(rows[i].in, &formats, rows[i].zone ? &zone : NULL, &t, &why);
        zone_release(&zone);
        time_format(t.t, text);
        if (ok != (rows[i].want != NULL) || (ok && strcmp(text, rows[i].want) != 0) ||
            (!ok && !why)) {
            fail_msg("%s in %s: %s", rows[i].in, rows[i].zone, ok ? text : why);
        }
    }
}

static void zones(void **state UNUSED)
{
    static const char *const bad[] = {"",      "../../etc/passwd", "/etc/passwd", "Mars/Olympus",
                                      "+2:00", "+15:00",           "+02:60",      "Europe"};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        struct zone z;
        struct err err = ERR_INIT;
        assert_false(zone_open(&z, bad[i], &err));
        assert_null(z.v);
    }
    static const char *const formats_good[] = {"yyyy-MM-dd", "d.M.yy", "MMM d, yyyy HH:mm:ss"};
    static const char *const formats_bad[] = {"yyyy-MM", "MM/dd", "yyyy-MM-dd'T'", "dd/MM/yyyy dd",
                                              "xx"};
    for (size_t i = 0; i < NITEMS(formats_good); i++) {
        assert_true(import_date_format_ok(formats_good[i]));
    }
    for (size_t i = 0; i < NITEMS(formats_bad); i++) {
        assert_false(import_date_format_ok(formats_bad[i]));
    }
}

/* --- profiles --- */
static void shipped_profiles(void **state UNUSED)
{
    static const char *const names[] = {"certinext-inventory",
                                        "keyfactor",
                                        "sectigo-bulk",
                                        "digicert-batch",
                                        "servicenow-certificates",
                                        "servicenow-change",
                                        "jira-change",
                                        "certreq-inf",
                                        "hosts",
                                        "pem",
                                        "smime-users"};
    for (size_t i = 0; i < NITEMS(names); i++) {
        CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
        struct import_profile p;
        struct err err = ERR_INIT;
        if (!import_profile_read(&p, &arena, names[i], &findings, &err)) {
            fail_msg("%s: %s", err.msg, findings.n ? findings.v[0].message : "");
        }
        assert_int_equal(findings.n, 0);
        assert_string_equal(p.name, names[i]);
        assert_non_null(p.description);
    }
    assert_int_equal(import_profiles_count, NITEMS(names));
    assert_true(import_heading_is("CN / SAN Name", "cn_san-name"));
    assert_false(import_heading_is("CN / SAN Name", "CN"));
    assert_false(import_heading_is("CN", "CNAME"));
}

static void broken_profiles(void **state UNUSED)
{
    static const struct {
        const char *text;
        uint32_t line;
    } rows[] = {
        {"certbatch_import: 1\nname: x\ncolumnz: {}\n", 3},
        {"certbatch_import: 1\nname: x\ncolumns: {host_name: [a]}\n", 3},
        {"certbatch_import: 1\nname: x\nkind: spreadsheet\n", 3},
        {"certbatch_import: 1\nname: x\ndate_formats: [DD/MM/YYYY]\n", 3},
        {"certbatch_import: 1\nname: x\ntime_zone: Mars\n", 3},
        {"certbatch_import: 1\nname: x\nheader: false\n", 1},
        {"certbatch_import: 1\nname: x\nheader: false\npositions: [nothing]\n", 4},
        {"certbatch_import: 1\nname: x\nfilter: [{column: a, why: b}]\n", 3},
        {"certbatch_import: 1\nname: x\nproducts: [{from: a, to: b}, {from: A, to: c}]\n", 3},
        {"certbatch_import: 2\nname: x\n", 1},
        {"name: x\n", 1},
    };
    char path[] = "/tmp/t_import-XXXXXX";
    assert_non_null(mkdtemp(path));
    const char *file = arena_printf(&arena, "%s/p.yaml", path);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
        struct import_profile p;
        struct err err = ERR_INIT;
        const struct span text = {(const uint8_t *)rows[i].text, strlen(rows[i].text)};
        assert_true(fs_write_atomic(file, text, 0644, &err));
        assert_false(import_profile_read(&p, &arena, file, &findings, &err));
        assert_int_equal(err.code, ERR_INPUT);
        assert_true(findings.n >= 1);
        if (findings.v[0].line != rows[i].line) {
            fail_msg("%s: line %u: %s", rows[i].text, findings.v[0].line, findings.v[0].message);
        }
    }
    (void)unlink(file);
    (void)rmdir(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(texts, fresh),
        cmocka_unit_test_setup(serials, fresh),
        cmocka_unit_test_setup(hosts, fresh),
        cmocka_unit_test_setup(name_lists, fresh),
        cmocka_unit_test_setup(keys_and_terms, fresh),
        cmocka_unit_test(dates),
        cmocka_unit_test(zones),
        cmocka_unit_test(shipped_profiles),
        cmocka_unit_test(broken_profiles),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
