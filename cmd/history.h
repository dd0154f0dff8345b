/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a state directory without its lock: status, summaries, bundling.
 */
#ifndef CMD_HISTORY_H
#define CMD_HISTORY_H

#include "batch/run.h"

bool history_load(const char *state, struct history *h, struct err *err) MUST_USE;

#endif
