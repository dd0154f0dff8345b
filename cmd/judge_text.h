/* SPDX-License-Identifier: Apache-2.0
 *
 * One document to findings, exactly as `lint` has them, from text that may not be in a file yet.
 */
#ifndef CMD_JUDGE_TEXT_H
#define CMD_JUDGE_TEXT_H

#include "cmd/lint.h"

/* What is remembered between judgements of documents that hardly change: signatures that were
 * found good. */
struct judge_memory;
struct judge_memory *judge_memory_new(void);
void judge_memory_free(struct judge_memory *m);

/* A CSR or certificate file alone, by `policy`. Thread safe with a scratch of one's own. */
void judge_loose(const struct policy *policy, const struct options *o, const char *path,
                 enum lint_kind kind, struct span text, struct policy_scratch *scratch,
                 struct findings *findings);

/* Sorted findings of the document and of the files it names. A finding of another file that an item
 * of a manifest names is placed at that item, and its message says where it really is. A policy or
 * configuration that cannot be loaded is a finding on the first line. */
void judge_text(const struct options *o, struct judge_memory *m, const char *path,
                enum lint_kind kind, struct span text, struct findings *findings);

#endif
