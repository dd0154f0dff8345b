/* SPDX-License-Identifier: Apache-2.0
 *
 * junit.xml: the batch as a test suite, an item a test, for build services. A test passes when its
 * item is in a final good state, and fails where the exit code of the run says that items failed; a
 * batch that is not through has skipped tests. Findings and facts are told beside.
 */
#include "batch/report_finding.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/base/xml.h"

#include <string.h>

enum { FLUSH_AT = 64 * 1024, CASE_MAX = 16 * 1024 * 1024 };

enum verdict { PASSED, FAILED, ERROR, SKIPPED, VERDICTS };
static const char *const elements[] = {
    [PASSED] = NULL, [FAILED] = "failure", [ERROR] = "error", [SKIPPED] = "skipped"};
_Static_assert(NITEMS(elements) == VERDICTS, "an element for every verdict");

/* By what is reported; only a good state passes, so that a new one cannot look well by mistake. */
static enum verdict verdict_of(const struct item_record *item)
{
    static const struct {
        enum item_state reported;
        enum verdict verdict;
    } rows[] = {{STATE_ISSUED, PASSED},   {STATE_REVOKED, PASSED},  {STATE_KEPT, PASSED},
                {STATE_PENDING, SKIPPED}, {STATE_NEW, SKIPPED},     {STATE_UNKNOWN, ERROR},
                {STATE_REFUSED, FAILED},  {STATE_MISMATCH, FAILED}, {STATE_FAILED, FAILED}};
    if (item->state == STATE_ABANDONED) {
        return SKIPPED; /* by the operator's own word */
    }
    for (size_t i = 0; i < NITEMS(rows); i++) {
        if (rows[i].reported == state_report(item->state)) {
            return rows[i].verdict;
        }
    }
    return FAILED;
}

static void property(struct buf *out, const char *name, const char *value)
{
    if (value && *value) {
        buf_puts(out, "        <property");
        xml_attribute(out, "name", name);
        xml_attribute(out, "value", value);
        buf_puts(out, "/>\n");
    }
}

static void properties(struct buf *out, const struct item_record *item)
{
    char end[TIME_TEXT] = "";
    if (item->not_after != TIME_NONE) {
        time_format(item->not_after, end);
    }
    const struct {
        const char *name, *value;
    } rows[] = {{"action", item->action},   {"ca", item->ca},
                {"product", item->product}, {"state", state_report_name(item->state)},
                {"order", item->order_id},  {"serial", item->serial},
                {"sha256", item->sha256},   {"not_after", end}};
    buf_puts(out, "      <properties>\n");
    for (size_t i = 0; i < NITEMS(rows); i++) {
        property(out, rows[i].name, rows[i].value);
    }
    buf_puts(out, "      </properties>\n");
}

static void outcome(struct buf *out, const struct item_record *item, enum verdict verdict)
{
    const char *state = state_report_name(item->state);
    const char *message = item->error_message ? item->error_message : report_advice(item->state);
    if (!elements[verdict]) {
        return;
    }
    buf_printf(out, "      <%s", elements[verdict]);
    if (verdict != SKIPPED) {
        xml_attribute(out, "type", item->error_code ? item->error_code : state);
    }
    CLEANUP(buf_release) struct buf text = BUF_INIT(CASE_MAX);
    buf_printf(&text, "%s: %s", state, message);
    xml_attribute(out, "message", buf_text(&text));
    buf_puts(out, "/>\n");
}

static void findings(struct buf *out, const struct report *r, const char *id)
{
    size_t n;
    CLEANUP(buf_release) struct buf line = BUF_INIT(CASE_MAX);
    const struct report_finding *found = report_findings(r, id, &n);
    if (!n) {
        return;
    }
    buf_puts(out, "      <system-out>");
    for (size_t i = 0; i < n; i++) {
        const struct finding f = found[i].f;
        buf_reset(&line);
        report_finding_line(&line, &f);
        xml_text(out, buf_text(&line), line.n);
        buf_putc(out, '\n');
    }
    buf_puts(out, "</system-out>\n");
}

static void test_case(struct buf *out, const struct report *r, const struct item_record *item)
{
    buf_puts(out, "    <testcase");
    xml_attribute(out, "classname", r->history->batch ? r->history->batch : "batch");
    xml_attribute(out, "name", item->id);
    buf_puts(out, ">\n");
    properties(out, item);
    outcome(out, item, verdict_of(item));
    findings(out, r, item->id);
    buf_puts(out, "    </testcase>\n");
}

/* Properties of the suite, before its tests. */
static void of_the_batch(struct buf *out, const struct history *h)
{
    CLEANUP(buf_release) struct buf line = BUF_INIT(CASE_MAX);
    size_t at = 0;
    const struct approval_record *a = history_approval(h, &at);
    if (!h->exceptions.n && !a) {
        return;
    }
    buf_puts(out, "    <properties>\n");
    for (; a; a = history_approval(h, &at)) {
        buf_reset(&line);
        report_approval_line(&line, a);
        property(out, "approval", buf_text(&line));
    }
    for (size_t i = 0; i < h->exceptions.n; i++) {
        buf_reset(&line);
        report_exception_line(&line, &h->exceptions.v[i]);
        property(out, "exception", buf_text(&line));
    }
    buf_puts(out, "    </properties>\n");
}

static void heads(struct buf *out, const struct history *h)
{
    size_t n[VERDICTS] = {0};
    CLEANUP(buf_release) struct buf counts = BUF_INIT(4096);
    for (size_t i = 0; i < h->n; i++) {
        n[verdict_of(&h->v[i])]++;
    }
    xml_attribute(&counts, "name", h->batch ? h->batch : "batch");
    buf_printf(&counts, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", h->n,
               n[FAILED], n[ERROR], n[SKIPPED]);
    buf_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites%s>\n  <testsuite%s",
               buf_text(&counts), buf_text(&counts));
    if (h->opened) {
        xml_attribute(out, "timestamp", h->opened);
    }
    buf_puts(out, ">\n");
    of_the_batch(out, h);
}

static bool pour(struct buf *b, size_t keep, report_sink *sink, void *ctx, struct err *err)
{
    if (buf_failed(b)) {
        return err_set(err, ERR_INTERNAL, "a test of the report is larger than %d bytes", CASE_MAX);
    }
    if (b->n <= keep) {
        return true;
    }
    bool ok = sink(ctx, buf_span(b), err);
    buf_reset(b);
    return ok;
}

bool report_junit_to(const struct report *r, report_sink *sink, void *ctx, struct err *err)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(CASE_MAX);
    bool ok = true;
    heads(&b, r->history);
    for (size_t i = 0; ok && i < r->history->n; i++) {
        test_case(&b, r, &r->history->v[i]);
        ok = pour(&b, FLUSH_AT, sink, ctx, err);
    }
    findings(&b, r, ""); /* of the batch as a whole */
    buf_puts(&b, "  </testsuite>\n</testsuites>\n");
    return ok && pour(&b, 0, sink, ctx, err);
}
