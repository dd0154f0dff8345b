/* SPDX-License-Identifier: Apache-2.0
 *
 * Between judging files (lint.c) and printing what was found: lint_print.c holds the table of
 * formats, and each family of formats has a file of its own.
 */
#ifndef CMD_LINT_H
#define CMD_LINT_H

#include "cmd/cmd.h"

enum lint_kind { LINT_MANIFEST, LINT_CSR, LINT_CERTIFICATE, LINT_POLICY, LINT_CONFIG, LINT__MAX };
extern const char *const lint_kind_names[];

struct lint_items {
    struct lint_item {
        const char *id;
        bool judged; /* false: its shape is wrong, or there was no policy to judge it by */
    } * v;
    size_t n, cap;
};
struct lint_file {
    const char *path;
    enum lint_kind kind;
    struct buf text; /* CSRs and certificates: read once */
    struct findings findings;
    struct lint_items items; /* of a manifest, for reports that list what passed too */
    struct err err;          /* the file's policy or config could not be loaded */
    bool err_in_findings;    /* err only repeats what the findings say */
};
struct forecast; /* cmd/forecast.h */
struct lint {
    struct lint_file *files;
    size_t n;
    struct forecast *forecast; /* --forecast; else NULL */
    struct arena names;        /* of items */
    bool baseline;             /* findings were compared with one */
};

enum lint_kind lint_kind_of(const char *path, struct span text);

/* What a format is made from; the same for all of them. */
struct lint_view;
struct lint_report {
    const struct options *o;
    struct term *t;
    const struct lint *lint;
    const struct lint_view *view;
    int64_t as_of;
};
typedef bool lint_format_fn(const struct lint_report *r, struct buf *out, struct err *err);
lint_format_fn lint_text;                /* lint_text.c */
lint_format_fn lint_json, lint_sarif;    /* JSON documents */
lint_format_fn lint_github, lint_gitlab; /* lint_ci.c */
lint_format_fn lint_junit, lint_tap;     /* lint_tests.c */

/* What a person wants to know beside the document; to stderr, not with -q. */
typedef void lint_note_fn(const struct lint_report *r);
lint_note_fn lint_text_note, lint_github_note;

/* Does it count: not waived, not known? */
static inline bool lint_counts(const struct finding *f)
{
    return !f->waived && !f->known;
}
/* Does it fail the run? */
static inline bool lint_fails(const struct lint_report *r, const struct finding *f)
{
    return lint_counts(f) && f->severity >= (enum severity)r->o->severity;
}
/* A file whose policy or configuration could not be loaded, which is no finding. */
static inline bool lint_unread(const struct lint_file *f)
{
    return f->err.code != ERR_NONE && !f->err_in_findings;
}
size_t lint_total(const struct lint *l, enum severity least) MUST_USE;

/* Prints; the exit code of what went wrong in it, else EXIT_DONE. */
int lint_print(const struct options *o, struct term *t, const struct lint *l, const char *format);

#endif
