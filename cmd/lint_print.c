/* SPDX-License-Identifier: Apache-2.0
 *
 * What `lint` prints: one function for each format, chosen by a table. A format makes its whole
 * text first, so that stdout gets a document or nothing.
 */
#include "cmd/lint_view.h"

#include "formats/base/time.h"

enum { OUT_MAX = 512 << 20 };

size_t lint_total(const struct lint *l, enum severity least)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        n += findings_count(&l->files[i].findings, least);
    }
    return n;
}

int lint_print(const struct options *o, struct term *t, const struct lint *l, const char *format)
{
    static const struct {
        const char *name;
        lint_format_fn *make;
        lint_note_fn *note;
    } formats[] = {{"text", lint_text, lint_text_note},
                   {"json", lint_json, NULL},
                   {"sarif", lint_sarif, NULL},
                   {"junit", lint_junit, NULL},
                   {"github", lint_github, lint_github_note},
                   {"gitlab", lint_gitlab, NULL},
                   {"tap", lint_tap, NULL}};
    CLEANUP(lint_view_release) struct lint_view view;
    CLEANUP(buf_release) struct buf out = BUF_INIT(OUT_MAX);
    struct err err = ERR_INIT;
    lint_view_make(&view, l, NULL);
    const struct lint_report report = {.o = o,
                                       .t = t,
                                       .lint = l,
                                       .view = &view,
                                       .as_of = o->as_of != TIME_NONE ? o->as_of : time_now()};
    for (size_t i = 0; i < NITEMS(formats); i++) {
        if (!str_eq(formats[i].name, format)) {
            continue;
        }
        if (!formats[i].make(&report, &out, &err)) {
            return cmd_fail(t, &err);
        }
        if (buf_failed(&out)) {
            err_set(&err, ERR_INTERNAL, "the report is larger than %d MiB", OUT_MAX >> 20);
            return cmd_fail(t, &err);
        }
        term_out(t, buf_span(&out));
        if (formats[i].note && !o->quiet) {
            formats[i].note(&report);
        }
    }
    return EXIT_DONE;
}
