/* SPDX-License-Identifier: Apache-2.0
 *
 * See finding_json.h.
 */
#include "formats/base/finding_json.h"

void finding_json(struct jw *j, const struct finding *f)
{
    jw_object(j, NULL);
    jw_str(j, "rule", f->rule);
    jw_str(j, "severity", severity_name(f->severity));
    jw_str(j, "message", f->message);
    jw_str(j, "item", f->item);
    jw_int(j, "line", f->line);
    jw_int(j, "column", f->column);
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
    jw_end(j);
}
