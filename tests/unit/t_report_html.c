/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports for people of a hand-made state: nothing foreign becomes markup, the policy of the page
 * names the very style and script that are in it, the sums are those of report.json, and the same
 * state gives the same bytes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "state_fixture.h"

#include "batch/report_html_parts.h"
#include "cmd/cmd.h"
#include "formats/pdf.h"

static struct state state;

static int set_up(void **unused)
{
    (void)unused;
    state_begin(&state);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    state_end(&state);
    return 0;
}

static bool to_buf(void *ctx, struct span bytes, struct err *err)
{
    (void)err;
    buf_add(ctx, bytes.p, bytes.n);
    return true;
}

static void written(const struct history *h, const struct statedir *s, const char *format,
                    struct buf *out)
{
    struct err err = ERR_INIT;
    struct report r;
    state_must(report_open(&r, h, s, &err), &err);
    state_must(report_format(format)->write(&r, to_buf, out, &err), &err);
    assert_false(buf_failed(out));
    report_release(&r);
}

/* A history of n items without a journal. */
struct made {
    struct history h;
    struct item_record *v;
};

static void made_begin(struct made *m, size_t n)
{
    m->h = (struct history)HISTORY_INIT;
    m->v = xcalloc(n, sizeof *m->v);
    for (size_t i = 0; i < n; i++) {
        m->v[i] = (struct item_record){.id = "x",
                                       .state = STATE_ISSUED,
                                       .ca = "lab",
                                       .product = "dv",
                                       .not_before = TIME_NONE,
                                       .not_after = TIME_NONE,
                                       .intent_time = TIME_NONE};
    }
    m->h.v = m->v;
    m->h.n = n;
}

static size_t times(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, what)) != NULL; p += strlen(what)) {
        n++;
    }
    return n;
}

/* --- bars --- */

static void shares(void **unused)
{
    (void)unused;
    static const struct {
        size_t tones[TONE__MAX], whole, parts[TONE__MAX];
    } rows[] = {
        {{400, 0, 0}, 400, {1000, 0, 0}},     {{399, 0, 1}, 400, {990, 0, 10}},
        {{9998, 1, 1}, 10000, {980, 10, 10}}, {{1, 0, 0}, 10000, {10, 0, 0}},
        {{1, 1, 2}, 4, {250, 250, 500}},      {{1, 1, 1}, 10000, {10, 10, 10}},
        {{50, 0, 50}, 400, {125, 0, 125}},    {{0, 0, 0}, 0, {0, 0, 0}},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        size_t parts[TONE__MAX];
        report_shares(rows[i].tones, rows[i].whole, 1000, parts);
        for (size_t t = 0; t < TONE__MAX; t++) {
            assert_int_equal(parts[t], rows[i].parts[t]);
        }
    }
}

/* --- markup --- */

static void markup(void **unused)
{
    (void)unused;
    static const struct {
        const char *in, *out;
        size_t cap;
    } rows[] = {
        {"<b a='1'>&\"", "&#60;b a=&#39;1&#39;&#62;&#38;&#34;", 100},
        {"a\x1b[1m\xe2\x80\xaez", "a\\x1b[1m\\u{202e}z", 100},
        {"\xd0\x9c\xe6\xa0\xaa", "\xd0\x9c\xe6\xa0\xaa", 100},
        {"\xff<", "\\xff&#60;", 100},
        {"abcdef", "abc...", 3},
        {"", "", 3},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        CLEANUP(buf_release) struct buf b = BUF_INIT(1000);
        markup_text(&b, rows[i].in, rows[i].cap);
        assert_string_equal(buf_text(&b), rows[i].out);
    }
    CLEANUP(buf_release) struct buf b = BUF_INIT(1000);
    markup_text(&b, NULL, 10);
    assert_int_equal(b.n, 0);
}

/* Every text of an item that an outsider has a say in. */
static void nothing_escapes(void **unused)
{
    (void)unused;
    static const char evil[] =
        "\"'><script>alert(1)</script><img src=x onerror=alert(1)>\xe2\x80\xae";
    struct made m;
    made_begin(&m, 1);
    struct dcv_record proof = {
        .domain = evil, .name = evil, .value = evil, .published = true, .removed = TIME_NONE};
    struct item_record *r = &m.v[0];
    r->state = STATE_REFUSED;
    r->action = r->ca = r->product = r->common_name = r->order_id = r->serial = r->issuer = evil;
    r->error_code = r->error_message = evil;
    r->san = "[\"dns:<script>alert(1)</script>\"]";
    r->outputs = "[{\"path\":\"<script>alert(1)</script>\",\"sha256\":\"<b>\"}]";
    r->dcv = &proof;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    written(&m.h, NULL, "html", &b);
    const char *t = buf_text(&b);
    assert_int_equal(times(t, "<script"), 1); /* ours */
    assert_int_equal(times(t, "<img"), 0);
    assert_int_equal(times(t, "\xe2\x80\xae"), 0);
    assert_true(times(t, "&#60;script&#62;alert(1)") >= 10);
    assert_int_equal(times(t, " style=\""), 0);
    free(m.v);
}

/* --- the policy of the page --- */

static void hash_of(const char *page, const char *open, const char *close, struct buf *out)
{
    uint8_t digest[SHA256_SIZE];
    const char *start = strstr(page, open);
    assert_non_null(start);
    start += strlen(open);
    const char *end = strstr(start, close);
    assert_non_null(end);
    sha256(start, (size_t)(end - start), digest);
    buf_puts(out, "'sha256-");
    base64_encode(out, digest, sizeof digest, 0);
    buf_puts(out, "'");
}

static void content_policy(void **unused)
{
    (void)unused;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf want = BUF_INIT(4096);
    written(&state.history, &state.dir, "html", &b);
    buf_puts(&want,
             "content=\"default-src 'none'; base-uri 'none'; form-action 'none'; style-src ");
    hash_of(buf_text(&b), "<style>", "</style>", &want);
    buf_puts(&want, "; script-src ");
    hash_of(buf_text(&b), "<script>", "</script>", &want);
    buf_puts(&want, "\">");
    assert_non_null(strstr(buf_text(&b), buf_text(&want)));
    assert_int_equal(times(buf_text(&b), "<style"), 1);
    static const char *const outside[] = {"=\"http", "url(", "src=", "@import", "href=\"/"};
    for (size_t i = 0; i < NITEMS(outside); i++) {
        assert_null(strstr(buf_text(&b), outside[i]));
    }
}

/* --- what it says --- */

static void counts(void **unused)
{
    (void)unused;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    written(&state.history, &state.dir, "html", &b);
    const char *t = buf_text(&b);
    assert_non_null(strstr(t, "<dt>issued</dt><dd>2</dd>"));
    assert_non_null(strstr(t, "<dt>refused</dt><dd>1</dd>"));
    assert_non_null(strstr(t, "<dt>skipped</dt><dd>1</dd>"));
    assert_non_null(strstr(t, "<dt>failed</dt><dd>0</dd>"));
    assert_non_null(strstr(t, "<dt>items</dt><dd>4</dd>"));
    assert_non_null(strstr(t, "2 of 4 items need attention: 1 refused, 1 skipped."));
    assert_int_equal(times(t, "<tr role=\"row\" class=\"s-issued\""), 2);
    assert_int_equal(times(t, "<tr role=\"row\" class=\"s-"), 4);
    assert_non_null(strstr(t, "CHG0000007"));
    assert_non_null(strstr(t, "m.ortiz@example.com"));
    assert_non_null(strstr(t, state.history.manifest_sha256));
    assert_non_null(strstr(t, state.history.plan_digest));
    assert_non_null(strstr(t, "a &#60;b&#62; finding"));
}

static void verdicts(void **unused)
{
    (void)unused;
    static const struct {
        enum item_state state;
        const char *verdict;
    } rows[] = {
        {STATE_ISSUED, "All 2 items are in their final good state."},
        {STATE_PENDING, "Nothing failed; 1 of 2 items not finished: 1 pending."},
        {STATE_INTENT, "1 of 2 items needs attention: 1 unknown."},
        {STATE_ABANDONED, "1 of 2 items needs attention: 1 skipped."},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct made m;
        struct report_view v;
        made_begin(&m, 2);
        m.v[1].state = rows[i].state;
        const struct report r = {.history = &m.h};
        report_view_open(&v, &r);
        assert_string_equal(v.verdict, rows[i].verdict);
        report_view_release(&v);
        free(m.v);
    }
}

/* Months without gaps; many of them become years; nothing is lost. */
static void ends(void **unused)
{
    (void)unused;
    struct made m;
    struct report_view v;
    made_begin(&m, 3);
    const struct report r = {.history = &m.h};
    m.v[0].not_after = 1798761599; /* 2026-12-31T23:59:59Z */
    m.v[1].not_after = 1798761600;
    m.v[2].not_after = 1803859200; /* 2027-03-01 */
    report_view_open(&v, &r);
    assert_int_equal(v.ends.n, 4);
    assert_string_equal(v.ends.v[0].label, "2026-12");
    assert_string_equal(v.ends.v[1].label, "2027-01");
    assert_string_equal(v.ends.v[3].label, "2027-03");
    assert_true(v.ends.v[0].n == 1 && v.ends.v[1].n == 1 && v.ends.v[2].n == 0 &&
                v.ends.v[3].n == 1);
    report_view_release(&v);
    m.v[2].not_after = 2050000000; /* 2034 */
    report_view_open(&v, &r);
    assert_int_equal(v.ends.n, 9);
    assert_string_equal(v.ends.v[0].label, "2026");
    assert_true(v.ends.v[0].n == 1 && v.ends.v[1].n == 1 && v.ends.v[8].n == 1);
    report_view_release(&v);
    free(m.v);
}

/* More CAs than fit become one row, and the rows still add up. */
static void groups(void **unused)
{
    (void)unused;
    enum { N = 40 };
    static char names[N][8];
    struct made m;
    struct report_view v;
    size_t sum = 0;
    made_begin(&m, N);
    const struct report r = {.history = &m.h};
    for (size_t i = 0; i < N; i++) {
        (void)snprintf(names[i], sizeof names[i], "ca%zu", i);
        m.v[i].ca = names[i];
    }
    report_view_open(&v, &r);
    for (size_t i = 0; i < v.cas.n; i++) {
        sum += v.cas.v[i].tones[TONE_GOOD];
    }
    assert_int_equal(v.cas.n, 12);
    assert_int_equal(sum, N);
    assert_string_equal(v.cas.v[11].name, "29 others");
    assert_int_equal(v.products.n, 1);
    report_view_release(&v);
    free(m.v);
}

static void decisions(void **unused)
{
    (void)unused;
    struct made m;
    struct decision d = {.item = "x",
                         .word = "reorder",
                         .reason = "<the CA> lost it",
                         .user = "ops",
                         .t = 1795000000};
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    made_begin(&m, 1);
    m.h.decisions.v = &d;
    m.h.decisions.n = 1;
    written(&m.h, NULL, "html", &b);
    assert_non_null(strstr(
        buf_text(&b), "<td>reorder</td><td></td><td>ops</td><td>&#60;the CA&#62; lost it</td>"));
    free(m.v);
}

/* The journal knows what an operator said, and a replay tells it again. */
static void decisions_of_the_journal(void **unused)
{
    (void)unused;
    struct history h = HISTORY_INIT;
    struct err err = ERR_INIT;
    struct record item = {.ev = "item", .item = "a", .kind = "order", RECORD_NONE};
    struct record key = RECORD(EV_KEYGEN, "a"), intent = RECORD(EV_INTENT, "a"),
                  lost = RECORD(EV_UNKNOWN, "a"), word = RECORD(EV_RESOLVED_ADOPT, "a");
    word.reason = "seen";
    word.user = "ops";
    word.order_id = "77";
    const struct record *all[] = {&item, &key, &intent, &lost, &word};
    for (size_t i = 0; i < NITEMS(all); i++) {
        state_must(history_apply(&h, all[i], 1795000000, &err), &err);
    }
    assert_int_equal(h.decisions.n, 1);
    assert_string_equal(h.decisions.v[0].item, "a");
    assert_string_equal(h.decisions.v[0].word, "adopt");
    assert_string_equal(h.decisions.v[0].reason, "seen");
    assert_string_equal(h.decisions.v[0].order_id, "77");
    history_release(&h);
}

/* --- formats --- */

static void same_bytes(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < report_formats_count; i++) {
        CLEANUP(buf_release) struct buf a = BUF_INIT(1 << 22);
        CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 22);
        written(&state.history, &state.dir, report_formats[i].name, &a);
        written(&state.history, &state.dir, report_formats[i].name, &b);
        assert_true(a.n > 200 && a.n == b.n);
        assert_memory_equal(a.p, b.p, a.n);
    }
}

static bool refuse(void *ctx, struct span bytes, struct err *err)
{
    (void)ctx;
    (void)bytes;
    return err_set(err, ERR_ENV, "the disk is full");
}

static void a_full_disk(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < report_formats_count; i++) {
        struct err err = ERR_INIT;
        struct report r;
        state_must(report_open(&r, &state.history, &state.dir, &err), &err);
        assert_false(report_formats[i].write(&r, refuse, NULL, &err));
        assert_string_equal(err.msg, "the disk is full");
        report_release(&r);
    }
}

/* What --format takes is what the table has. */
static void command_knows_all(void **unused)
{
    (void)unused;
    const struct command *c = command_find("report");
    assert_non_null(c);
    size_t words = 1;
    for (const char *p = c->formats; (p = strchr(p, ' ')) != NULL; p++) {
        words++;
    }
    assert_int_equal(words, report_formats_count);
    for (size_t i = 0; i < report_formats_count; i++) {
        assert_true(str_has_word(c->formats, report_formats[i].name));
        assert_ptr_equal(report_format(report_formats[i].name), &report_formats[i]);
    }
    assert_null(report_format("doc"));
}

/* --- PDF --- */

static void pdf_measures(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    const struct pdf_info info = {.created = TIME_NONE};
    const struct pdf_style sans = {PDF_SANS, 10, 0}, mono = {PDF_MONO, 10, 0};
    struct pdf *p = pdf_open(&info, NULL, NULL, &err);
    state_must(p != NULL, &err);
    double ten = pdf_text_width(p, &mono, "0123456789");
    assert_true(ten > 59 && ten < 61); /* DejaVu Sans Mono: 0.602 em */
    assert_int_equal(pdf_text_fit(p, &mono, "0123456789", ten * 0.55), 5);
    assert_int_equal(pdf_text_fit(p, &mono, "012 456789", ten * 0.55), 4);
    assert_int_equal(pdf_text_fit(p, &mono, "0123456789", 0), 1);
    assert_int_equal(pdf_text_fit(p, &sans, "short", 500), 5);
    /* what cannot be drawn is spelt out, in one piece */
    assert_true(pdf_text_width(p, &mono, "\xe6\xa0\xaa") > ten * 0.79);
    assert_int_equal(pdf_text_fit(p, &mono, "\xe6\xa0\xaa\xe6\xa0\xaa", ten * 0.9), 3);
    assert_true(pdf_text_width(p, &mono, "\xd0\x9c") < ten * 0.11);
    pdf_page(p);
    pdf_page(p);
    assert_int_equal(pdf_pages(p), 2);
    assert_true(pdf_close(&p, &err));
    assert_null(p);
}

static void pdf_document(void **unused)
{
    (void)unused;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 22);
    written(&state.history, &state.dir, "pdf", &b);
    assert_memory_equal(b.p, "%PDF-1.", 7);
    assert_memory_equal(b.p + b.n - 6, "%%EOF\n", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares),
        cmocka_unit_test(markup),
        cmocka_unit_test(nothing_escapes),
        cmocka_unit_test(content_policy),
        cmocka_unit_test(counts),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(ends),
        cmocka_unit_test(groups),
        cmocka_unit_test(decisions),
        cmocka_unit_test(decisions_of_the_journal),
        cmocka_unit_test(same_bytes),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(command_knows_all),
        cmocka_unit_test(pdf_measures),
        cmocka_unit_test(pdf_document),
    };
    return !!cmocka_run_group_tests(tests, set_up, tear_down);
}
