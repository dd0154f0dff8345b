/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of `delivery:`, see delivery.h; a config has it as well as a manifest.
 */
#include "batch/delivery.h"

static const struct field delivery_fields[] = {
    {.name = "recipients",
     .kind = FIELD_STRINGS,
     .flags = FIELD_REQUIRED | FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = offsetof(struct delivery_settings, recipients),
     .help = "certificate files of those who may open the passwords (RSA or EC)"},
};
const struct schema delivery_schema = {"delivery",
                                       "how passwords reach those who deploy",
                                       delivery_fields,
                                       NITEMS(delivery_fields),
                                       sizeof(struct delivery_settings),
                                       offsetof(struct delivery_settings, node)};
