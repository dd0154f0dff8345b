/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults of a request at its two places: instead of carrying it out, and on the way back.
 */
#ifndef TESTS_SIM_SIM_FAULT_H
#define TESTS_SIM_SIM_FAULT_H

#include "tests/sim/sim_http.h"

/* After authentication: true when the fault is the answer and nothing is to be done. */
bool fault_instead(struct request *q, struct reply *r) MUST_USE;
/* When the true answer is there: replaced ("accept"), or sent in another way. */
void fault_after(struct request *q, struct reply *r);
/* The time that the CA believes it is. */
int64_t fault_clock(const struct request *q);

#endif
