/* SPDX-License-Identifier: Apache-2.0
 *
 * `lint --format json`: the document design 6 promises. Keys are only ever added.
 */
#include "cmd/forecast.h"
#include "cmd/lint_view.h"

#include "formats/base/finding_json.h"
#include "formats/base/time.h"

static void summary(struct jw *j, const struct lint_report *r)
{
    size_t errors = lint_total(r->lint, SEV_ERROR);
    size_t warnings = lint_total(r->lint, SEV_WARNING) - errors;
    size_t waived = 0;
    size_t known = 0;
    for (size_t i = 0; i < r->view->n; i++) {
        waived += r->view->v[i].f->waived;
        known += r->view->v[i].f->known;
    }
    jw_object(j, "summary");
    jw_int(j, "errors", (int64_t)errors);
    jw_int(j, "warnings", (int64_t)warnings);
    jw_int(j, "infos", (int64_t)(lint_total(r->lint, SEV_INFO) - errors - warnings));
    jw_int(j, "waived", (int64_t)waived);
    jw_int(j, "known", (int64_t)known);
    jw_end(j);
}

bool lint_json(const struct lint_report *r, struct buf *out, struct err *err)
{
    struct jw j;
    char date[TIME_TEXT];
    time_format_date(r->as_of, date);
    jw_begin(&j, out, JW_PRETTY);
    jw_object(&j, NULL);
    jw_str(&j, "tool", "certbatch");
    jw_str(&j, "version", CERTBATCH_VERSION);
    jw_str(&j, "as_of", date);
    jw_array(&j, "files");
    for (size_t i = 0; i < r->lint->n; i++) {
        const struct lint_file *f = &r->lint->files[i];
        jw_object(&j, NULL);
        jw_str(&j, "path", f->path);
        jw_str(&j, "kind", lint_kind_names[f->kind]);
        jw_array(&j, "findings");
        for (size_t k = 0; k < f->findings.n; k++) {
            finding_json(&j, &f->findings.v[k]);
        }
        jw_end(&j);
        jw_end(&j);
    }
    jw_end(&j);
    summary(&j, r);
    if (r->lint->forecast) {
        forecast_json(&j, r->lint->forecast);
    }
    jw_end(&j);
    return jw_finish(&j, err);
}
