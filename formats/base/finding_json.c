/* SPDX-License-Identifier: Apache-2.0
 *
 * See finding_json.h.
 */
#include "formats/base/finding_json.h"

static void edit_json(struct jw *j, const struct edit *e)
{
    jw_object(j, "edit");
    jw_int(j, "line", e->line);
    jw_int(j, "column", e->column);
    jw_int(j, "end_line", e->end_line);
    jw_int(j, "end_column", e->end_column);
    jw_str(j, "text", e->text);
    jw_end(j);
}

void finding_json(struct jw *j, const struct finding *f)
{
    jw_object(j, NULL);
    jw_str(j, "rule", f->rule);
    jw_str(j, "severity", severity_name(f->severity));
    jw_str(j, "message", f->message);
    jw_str(j, "item", f->item);
    jw_int(j, "line", f->line);
    jw_int(j, "column", f->column);
    if (f->end_line) {
        jw_int(j, "end_line", f->end_line);
        jw_int(j, "end_column", f->end_column);
    }
    jw_str(j, "value", f->value);
    jw_str(j, "cite", f->cite);
    jw_str(j, "file", f->file);
    if (f->offset >= 0) {
        jw_int(j, "offset", f->offset);
    }
    if (f->view) {
        jw_str(j, "view", f->view);
    }
    if (f->fix) {
        jw_str(j, "fix", f->fix);
    }
    if (f->waived) {
        jw_str(j, "waiver", f->waiver);
        jw_str(j, "justification", f->justification);
    }
    if (f->known) {
        jw_bool(j, "baseline", true);
    }
    if (f->edit) {
        edit_json(j, f->edit);
    }
    jw_end(j);
}
