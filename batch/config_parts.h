/* SPDX-License-Identifier: Apache-2.0
 *
 * Between config.c (finding and reading the file) and config_schema.c (its tables). Nobody else
 * includes this.
 */
#ifndef BATCH_CONFIG_PARTS_H
#define BATCH_CONFIG_PARTS_H

#include "batch/config.h"

extern const struct schema config_schema, ca_common_schema, ca_product_schema;
/* config_products.c: `products:` as rows of a product table. */
void config_products_fill(struct arena *a, struct ca_config *ca);

/* The `cas` mapping; target is struct config. */
void config_read_cas(struct schema_ctx *ctx, const struct ynode *node, void *target);
void config_cas_json(struct jw *j, const struct field *f);

#endif
