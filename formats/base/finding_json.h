/* SPDX-License-Identifier: Apache-2.0
 *
 * The stable JSON shape of findings (`lint --format json`, findings.json of a state directory).
 */
#ifndef FORMATS_BASE_FINDING_JSON_H
#define FORMATS_BASE_FINDING_JSON_H

#include "formats/base/finding.h"
#include "formats/base/json.h"

/* One finding as an object of an array that is open. */
void finding_json(struct jw *j, const struct finding *f);

#endif
