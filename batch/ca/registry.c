/* SPDX-License-Identifier: Apache-2.0
 *
 * The kinds of CA this program knows: one line for each connector. Everything else about a
 * connector is in its own file.
 */
#include "batch/ca/certinext.h"
#include "batch/ca/local.h"
#include "batch/ca/settings.h"

/* clang-format off */
const struct ca_type *const ca_types[] = {
    &ca_certinext,
    &ca_local,
    &ca_digicert,
    &ca_sectigo,
    &ca_entrust,
    &ca_adcs,
    &ca_emca,
    &ca_acme,
    &ca_est,
    NULL,
};
/* clang-format on */

/* One contiguous array, because policy_open() keeps the pointer for the life of the policy. Made
 * once; the threads of a batch start later. */
const struct product_info *ca_all_products(size_t *n)
{
    static struct product_info all[256];
    static size_t count;
    if (!count) {
        for (const struct ca_type *const *t = ca_types; *t; t++) {
            for (size_t i = 0; i < (*t)->nproducts && count < NITEMS(all); i++) {
                all[count++] = (*t)->products[i];
            }
        }
    }
    *n = count;
    return all;
}
