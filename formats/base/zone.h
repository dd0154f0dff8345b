/* SPDX-License-Identifier: Apache-2.0
 *
 * Local time to UTC, for files that write the one without saying so. A zone is "UTC", "Z", an
 * offset ("+02:00") or a name of the tz database ("Europe/Berlin"), read from the operating system
 * (TZif, RFC 8536).
 *
 *     zone_open(&zone, "Europe/Berlin", &err) && zone_to_utc(&zone, local, &utc, &why)
 *     zone_release(&zone)
 *
 * A local time that does not exist (clocks go forward) or exists twice (they go back) has no
 * answer, nor has one beyond the last change the file lists when a rule would go on after it.
 */
#ifndef FORMATS_BASE_ZONE_H
#define FORMATS_BASE_ZONE_H

#include "formats/base/err.h"

struct zone_change {
    int64_t at, offset; /* from this second on, seconds east of UTC */
};
struct zone {
    struct zone_change *v; /* v[0] is from the beginning of time */
    size_t n;
    bool goes_on; /* after the last change a rule would make more */
};
bool zone_open(struct zone *z, const char *name, struct err *err) MUST_USE;
void zone_release(struct zone *z);
/* `local` is what the clock on the wall shows, counted as if it were UTC. */
bool zone_to_utc(const struct zone *z, int64_t local, int64_t *utc, const char **why) MUST_USE;

#endif
