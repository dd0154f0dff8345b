/* SPDX-License-Identifier: Apache-2.0
 *
 * Between judging files (lint.c) and printing what was found (lint_print.c).
 */
#ifndef CMD_LINT_H
#define CMD_LINT_H

#include "cmd/cmd.h"

enum lint_kind { LINT_MANIFEST, LINT_CSR, LINT_CERTIFICATE, LINT_POLICY, LINT_CONFIG, LINT__MAX };
extern const char *const lint_kind_names[];

struct lint_file {
    const char *path;
    enum lint_kind kind;
    struct buf text; /* CSRs and certificates: read once */
    struct findings findings;
    struct err err;       /* the file's policy or config could not be loaded */
    bool err_in_findings; /* err only repeats what the findings say */
};
struct forecast; /* cmd/forecast.h */
struct lint {
    struct lint_file *files;
    size_t n;
    struct forecast *forecast; /* --forecast; else NULL */
};

enum lint_kind lint_kind_of(const char *path, struct span text);

void lint_print(const struct options *o, struct term *t, const struct lint *l, const char *format);
/* The JSON document of `lint --format json` (design 6). */
bool lint_json(const struct lint *l, int64_t as_of, struct buf *out, struct err *err) MUST_USE;

#endif
