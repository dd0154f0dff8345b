/* SPDX-License-Identifier: Apache-2.0
 *
 * ISO 3166-1 alpha-2: the 249 codes, as data. Pure; thread safe.
 */
#ifndef POLICY_COUNTRY_H
#define POLICY_COUNTRY_H

#include "formats/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Two capital letters that are an assigned code. XX, UK, EU, XK are none. */
bool country_is_iso(const char *text, size_t n) MUST_USE;
/* What a code that is none probably wanted to be ("; the United Kingdom is GB"), or "". */
const char *country_hint(const char *text, size_t n);

#endif
