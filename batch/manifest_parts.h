/* SPDX-License-Identifier: Apache-2.0
 *
 * Between manifest_schema.c and manifest_outputs.c, the tables of a manifest. Nobody else includes
 * this.
 */
#ifndef BATCH_MANIFEST_PARTS_H
#define BATCH_MANIFEST_PARTS_H

#include "batch/manifest.h"

#define TEXT(type, member, text) FIELD_TEXT(type, member, 0, text)

/* One key for each kind of output; for the reference. */
extern const struct schema manifest_output_schema;
/* The `outputs` list; target is struct order. */
void manifest_read_outputs(struct schema_ctx *ctx, const struct ynode *n, void *target);
void manifest_outputs_json(struct jw *j, const struct field *f);

#endif
