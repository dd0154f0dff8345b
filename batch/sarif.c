/* SPDX-License-Identifier: Apache-2.0
 *
 * See sarif.h.
 */
#include "batch/sarif.h"

#include "formats/base/limits.h"
#include "policy/rule.h"

#include <string.h>

/* GitHub's bound for a fullDescription. */
enum { DESCRIPTION_MAX = 1024 };

static const struct {
    const char *level, *problem; /* of SARIF; of GitHub's rule properties */
} levels[] = {[SEV_DISABLED] = {"none", "recommendation"},
              [SEV_INFO] = {"note", "recommendation"},
              [SEV_WARNING] = {"warning", "warning"},
              [SEV_ERROR] = {"error", "error"}};
_Static_assert(NITEMS(levels) == SEV__MAX, "a level for every severity");

static void text(struct jw *j, const char *key, const char *value)
{
    jw_object(j, key);
    jw_str(j, "text", value);
    jw_end(j);
}

void sarif_rule(struct jw *j, const struct finding *f)
{
    const struct rule *row = rule_find(f->rule);
    const char *why = row ? row->why : f->rule;
    const char *fix = row ? row->fix : f->fix ? f->fix : "see the message";
    const char *cite = row ? row->cite : f->cite;
    const enum severity severity = row ? row->severity : f->severity;
    CLEANUP(buf_release) struct buf help = BUF_INIT(16u << 10);
    buf_printf(&help, "%s%s%s", fix, cite ? "\n\nSee: " : "", cite ? cite : "");
    jw_object(j, NULL);
    jw_str(j, "id", f->rule);
    text(j, "shortDescription", row ? row->title : f->rule);
    jw_object(j, "fullDescription");
    jw_strn(j, "text", why, strnlen(why, DESCRIPTION_MAX));
    jw_end(j);
    text(j, "help", buf_text(&help));
    jw_object(j, "defaultConfiguration");
    jw_str(j, "level", levels[severity].level);
    jw_end(j);
    jw_object(j, "properties");
    jw_array(j, "tags");
    jw_str(j, NULL, "policy");
    jw_end(j);
    jw_str(j, "precision", "very-high");
    jw_str(j, "problem.severity", levels[severity].problem);
    jw_end(j);
    jw_end(j);
}

/* RFC 3986: everything but unreserved characters and the slash; a colon in the first segment would
 * make it a scheme. */
static void artifact(struct jw *j, const char *path)
{
    CLEANUP(buf_release) struct buf uri = BUF_INIT(64u << 10);
    buf_puts(&uri, path[0] == '/' ? "file://" : "");
    for (const char *p = path; *p; p++) {
        const bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                           (*p >= '0' && *p <= '9') || strchr("-._~/", *p);
        if (plain) {
            buf_putc(&uri, *p);
        } else {
            buf_printf(&uri, "%%%02X", (unsigned)(unsigned char)*p);
        }
    }
    jw_object(j, "artifactLocation");
    jw_str(j, "uri", buf_text(&uri));
    if (path[0] != '/') {
        jw_str(j, "uriBaseId", "%SRCROOT%");
    }
    jw_end(j);
}

static void region(struct jw *j, const char *key, uint32_t line, uint32_t column, uint32_t end_line,
                   uint32_t end_column)
{
    jw_object(j, key);
    jw_int(j, "startLine", line ? line : 1);
    if (line && column) {
        jw_int(j, "startColumn", column);
    }
    if (line && column && end_line) {
        jw_int(j, "endLine", end_line);
        jw_int(j, "endColumn", end_column);
    }
    jw_end(j);
}

static void location(struct jw *j, const struct sarif_result *e)
{
    const struct finding *f = e->f;
    jw_array(j, "locations");
    jw_object(j, NULL);
    jw_object(j, "physicalLocation");
    artifact(j, e->path);
    region(j, "region", f->line, f->column, f->end_line, f->end_column);
    jw_end(j);
    jw_end(j);
    jw_end(j);
}

static void suppression(struct jw *j, const struct finding *f)
{
    if (!f->waived) {
        return;
    }
    jw_array(j, "suppressions");
    jw_object(j, NULL);
    /* a comment in the manifest waives as "line N" */
    const bool comment = f->waiver && str_starts(f->waiver, "line ");
    CLEANUP(buf_release) struct buf why = BUF_INIT(LIMIT_MESSAGE);
    buf_printf(&why, "%s%s%s", f->waiver ? f->waiver : "waived", f->justification ? ": " : "",
               f->justification ? f->justification : "");
    jw_str(j, "kind", comment ? "inSource" : "external");
    jw_str(j, "status", "accepted");
    jw_str(j, "justification", buf_text(&why));
    jw_end(j);
    jw_end(j);
}

static void mend(struct jw *j, const struct sarif_result *e)
{
    const struct edit *edit = e->f->edit;
    if (!edit) {
        return;
    }
    jw_array(j, "fixes");
    jw_object(j, NULL);
    text(j, "description", e->f->fix ? e->f->fix : "replace the text");
    jw_array(j, "artifactChanges");
    jw_object(j, NULL);
    artifact(j, e->path);
    jw_array(j, "replacements");
    jw_object(j, NULL);
    region(j, "deletedRegion", edit->line, edit->column, edit->end_line, edit->end_column);
    text(j, "insertedContent", edit->text ? edit->text : "");
    jw_end(j);
    jw_end(j);
    jw_end(j);
    jw_end(j);
    jw_end(j);
    jw_end(j);
}

static void fingerprints(struct jw *j, const struct sarif_result *e)
{
    char text[FINDING_ID + 16];
    CLEANUP(buf_release) struct buf b = BUF_INIT(sizeof text);
    buf_printf(&b, "%s:%u", e->id, e->nth);
    jw_object(j, "partialFingerprints");
    jw_str(j, "certbatchFinding/v1", buf_text(&b));
    jw_str(j, "primaryLocationLineHash", buf_text(&b));
    jw_end(j);
}

static void properties(struct jw *j, const struct finding *f)
{
    if (!f->item && f->offset < 0 && !f->value && !f->view) {
        return;
    }
    jw_object(j, "properties");
    if (f->item) {
        jw_str(j, "item", f->item);
    }
    if (f->value) {
        jw_str(j, "value", f->value);
    }
    if (f->view) {
        jw_str(j, "view", f->view);
    }
    if (f->offset >= 0) {
        jw_int(j, "derOffset", f->offset);
    }
    jw_end(j);
}

void sarif_result(struct jw *j, const struct sarif_result *e)
{
    CLEANUP(buf_release) struct buf message = BUF_INIT(16u << 10);
    finding_message(&message, e->f);
    jw_object(j, NULL);
    jw_str(j, "ruleId", e->f->rule);
    jw_int(j, "ruleIndex", (int64_t)e->rule_index);
    jw_str(j, "level", levels[e->f->severity].level);
    text(j, "message", buf_text(&message));
    location(j, e);
    fingerprints(j, e);
    if (e->baseline) {
        jw_str(j, "baselineState", e->f->known ? "unchanged" : "new");
    }
    suppression(j, e->f);
    mend(j, e);
    properties(j, e->f);
    jw_end(j);
}

/* --- the run --- */

void sarif_begin(struct jw *j)
{
    jw_object(j, NULL);
    jw_str(j, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    jw_str(j, "version", "2.1.0");
    jw_array(j, "runs");
    jw_object(j, NULL);
    jw_object(j, "tool");
    jw_object(j, "driver");
    jw_str(j, "name", "certbatch");
    jw_str(j, "version", CERTBATCH_VERSION);
    jw_array(j, "rules");
}

static void notify(struct jw *j, const char *level, const struct strlist *messages)
{
    for (size_t i = 0; messages && i < messages->n; i++) {
        jw_object(j, NULL);
        jw_str(j, "level", level);
        text(j, "message", messages->v[i]);
        jw_end(j);
    }
}

static void invocation(struct jw *j, const struct sarif_run *run)
{
    const bool unread = run->unread && run->unread->n;
    jw_array(j, "invocations");
    jw_object(j, NULL);
    jw_bool(j, "executionSuccessful", !unread);
    if (unread || (run->exceptions && run->exceptions->n)) {
        jw_array(j, "toolExecutionNotifications");
        notify(j, "error", run->unread);
        notify(j, "warning", run->exceptions);
        jw_end(j);
    }
    jw_end(j);
    jw_end(j);
}

void sarif_results(struct jw *j, const struct sarif_run *run)
{
    jw_end(j);
    jw_end(j);
    jw_end(j);
    invocation(j, run);
    jw_object(j, "automationDetails");
    jw_str(j, "id", run->id);
    jw_end(j);
    if (run->properties) {
        jw_raw(j, "properties", run->properties);
    }
    jw_str(j, "columnKind", "unicodeCodePoints");
    jw_array(j, "results");
}

void sarif_end(struct jw *j)
{
    jw_end(j);
    jw_end(j);
    jw_end(j);
    jw_end(j);
}
