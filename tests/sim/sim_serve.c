/* SPDX-License-Identifier: Apache-2.0
 *
 * One request under the lock: which dialect, which fault, what goes into the wire log.
 */
#include "formats/base/str.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_fault.h"
#include "tests/sim/sim_http.h"
#include "tests/sim/sim_shape.h"

#include <string.h>

enum sim_kind sim_kind_of(const char *method, const char *path)
{
    if (str_eq(path, "/oauth/token")) {
        return KIND_TOKEN;
    }
    enum sim_kind v1 = certinext_v1_kind(path);
    return v1 != KIND_OTHER ? v1 : certinext_v2_kind(method, path);
}

void sim_serve(struct request *q, struct reply *r)
{
    sha256_hex(buf_text(&q->body), q->body.n, q->digest);
    if (!certinext_v1(q, r) && !certinext_oauth(q, r) && !certinext_v2(q, r)) {
        reply_text(r, 404, "text/plain", "Not Found\n");
        r->outcome = "unknown path";
    }
    if (q->refuse) { /* a dialect took it */
        fault_after(q, r);
    }
    if (plan_has(&q->plan, FAULT_DATE_SKEW)) {
        reply_header(r, "Date", http_date(&q->arena, fault_clock(q)));
    }
    wire_add(&q->sim->ledger, q, r);
}
