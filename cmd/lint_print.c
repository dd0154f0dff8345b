/* SPDX-License-Identifier: Apache-2.0
 *
 * What `lint` prints: one function per format, chosen by a table.
 */
#include "cmd/lint.h"

#include "cmd/forecast.h"

#include "formats/base/finding_json.h"
#include "formats/base/time.h"

#include <unistd.h>

static size_t total(const struct lint *l, enum severity least)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        n += findings_count(&l->files[i].findings, least);
    }
    return n;
}

bool lint_json(const struct lint *l, int64_t as_of, struct buf *out, struct err *err)
{
    struct jw j;
    char date[TIME_TEXT];
    size_t errors = total(l, SEV_ERROR);
    size_t warnings = total(l, SEV_WARNING) - errors;
    time_format_date(as_of, date);
    jw_begin(&j, out, JW_PRETTY);
    jw_object(&j, NULL);
    jw_str(&j, "tool", "certbatch");
    jw_str(&j, "version", CERTBATCH_VERSION);
    jw_str(&j, "as_of", date);
    jw_array(&j, "files");
    for (size_t i = 0; i < l->n; i++) {
        const struct lint_file *f = &l->files[i];
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
    jw_object(&j, "summary");
    jw_int(&j, "errors", (int64_t)errors);
    jw_int(&j, "warnings", (int64_t)warnings);
    jw_int(&j, "infos", (int64_t)(total(l, SEV_INFO) - errors - warnings));
    jw_end(&j);
    if (l->forecast) {
        forecast_json(&j, l->forecast);
    }
    jw_end(&j);
    return jw_finish(&j, err);
}

static void print_json(const struct options *o, struct term *t, const struct lint *l)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(512u << 20);
    struct err err = ERR_INIT;
    if (!lint_json(l, o->as_of != TIME_NONE ? o->as_of : time_now(), &b, &err)) {
        (void)cmd_fail(t, &err);
        return;
    }
    term_out(t, buf_span(&b));
}

static void print_text(const struct options *o, struct term *t, const struct lint *l)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
    for (size_t i = 0; i < l->n; i++) {
        cmd_print_findings(t, STDOUT_FILENO, &l->files[i].findings, SEV_INFO, o->verbose);
    }
    if (l->forecast) {
        forecast_print(o, t, l->forecast);
    }
    if (!o->quiet) {
        size_t waived = 0;
        for (size_t i = 0; i < l->n; i++) {
            waived += findings_waived(&l->files[i].findings);
        }
        cmd_count_line(&b, total(l, SEV_ERROR), total(l, SEV_WARNING), total(l, SEV_INFO), waived,
                       l->n);
        term_write_err(t, buf_span(&b));
    }
}

void lint_print(const struct options *o, struct term *t, const struct lint *l, const char *format)
{
    static const struct {
        const char *name;
        void (*print)(const struct options *, struct term *, const struct lint *);
    } printers[] = {{"text", print_text}, {"json", print_json}};
    for (size_t i = 0; i < NITEMS(printers); i++) {
        if (str_eq(printers[i].name, format)) {
            printers[i].print(o, t, l);
        }
    }
}
