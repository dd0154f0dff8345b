/* SPDX-License-Identifier: Apache-2.0
 *
 * See report_finding.h.
 */
#include "batch/report_finding.h"

#include "formats/base/str.h"

static const char *text(const json_t *j, const char *key, const char *otherwise)
{
    const char *s = json_get_str(j, key);
    return s ? s : otherwise;
}

static uint32_t place(const json_t *j, const char *key)
{
    const int64_t n = json_get_int(j, key, 0);
    return n > 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
}

void report_finding(const struct report_finding *in, struct finding *out)
{
    const json_t *j = in->finding;
    *out = (struct finding){.rule = text(j, "rule", "?"),
                            .message = text(j, "message", ""),
                            .item = in->item[0] ? in->item : NULL,
                            .file = text(j, "file", "manifest.yaml"),
                            .value = json_get_str(j, "value"),
                            .view = json_get_str(j, "view"),
                            .fix = json_get_str(j, "fix"),
                            .cite = json_get_str(j, "cite"),
                            .line = place(j, "line"),
                            .column = place(j, "column"),
                            .end_line = place(j, "end_line"),
                            .end_column = place(j, "end_column"),
                            .offset = json_get_int(j, "offset", -1),
                            .known = json_get_bool(j, "baseline", false),
                            .waived = json_get(j, "waiver") != NULL,
                            .waiver = json_get_str(j, "waiver"),
                            .justification = json_get_str(j, "justification")};
    if (!severity_parse(text(j, "severity", ""), &out->severity)) {
        out->severity = SEV_WARNING;
    }
}

void report_finding_line(struct buf *out, const struct finding *f)
{
    buf_printf(out, "%s: ", f->waived ? "waived" : severity_name(f->severity));
    finding_message(out, f);
    buf_printf(out, " [%s]", f->rule);
    if (f->waived) {
        buf_printf(out, " by %s", f->waiver ? f->waiver : "a waiver");
    }
}
