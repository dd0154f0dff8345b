/* SPDX-License-Identifier: Apache-2.0
 *
 * `lint --fix`: mends in manifests what has exactly one mend, and touches nothing else in the
 * file. The file is replaced whole or not at all, keeps its mode, and a symbolic link stays one.
 */
#ifndef CMD_FIX_H
#define CMD_FIX_H

#include "cmd/cmd.h"

/* The text of a manifest with all certain mends made, in as many passes as it takes (one mend may
 * make room for another). *count = edits. False (err) when policy or configuration cannot be
 * loaded; a manifest that is not YAML has no mends. */
bool fix_text(const struct options *o, const char *path, struct span text, struct buf *out,
              size_t *count, struct err *err) MUST_USE;
/* Reads, mends and replaces the file; says on stderr how many places were mended. */
bool fix_manifest(const struct options *o, struct term *t, const char *path,
                  struct err *err) MUST_USE;

#endif
