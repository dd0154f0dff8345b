/* SPDX-License-Identifier: Apache-2.0
 *
 * CERTInext V2: REST under /api/certinext/v2/, bearer tokens, problem details.
 */
#include "formats/base/str.h"
#include "tests/sim/sim_http.h"

enum sim_kind certinext_v2_kind(const char *method, const char *path)
{
    (void)method, (void)path;
    return KIND_OTHER;
}

bool certinext_v2(struct request *q, struct reply *r)
{
    (void)q, (void)r;
    return false;
}
