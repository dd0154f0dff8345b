/* SPDX-License-Identifier: Apache-2.0
 *
 * What the simulated CA sells. The type of a product (productTypeID, the same on every account)
 * decides what an order of it needs; codes and names are the account's.
 */
#ifndef TESTS_SIM_SIM_PRODUCTS_H
#define TESTS_SIM_SIM_PRODUCTS_H

#include "formats/base/arena.h"
#include "formats/base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum level { LEVEL_DV, LEVEL_OV, LEVEL_EV, LEVEL_PRIVATE, LEVEL_MAIL };

struct product_type {
    const char *id, *variant; /* productTypeID; the word of V2 */
    enum level level;
    bool wildcard, ucc;
};

struct product {
    const char *code, *name;
    const struct product_type *type;
};

struct catalogue {
    struct product *v;
    size_t n, cap;
};

/* Lines "CODE TYPE-ID NAME"; '#' begins a comment. text NULL: the sandbox's own. */
bool catalogue_read(struct catalogue *c, struct arena *a, const char *name, const char *text,
                    struct err *err) MUST_USE;
const struct product *catalogue_find(const struct catalogue *c, const char *code);
const struct product *catalogue_variant(const struct catalogue *c, const char *variant);
json_t *catalogue_json(const struct catalogue *c); /* as both dialects list it */
void catalogue_release(struct catalogue *c);

#endif
