/* SPDX-License-Identifier: Apache-2.0
 *
 * What the CA remembers for whoever checks the history afterwards. ledger.jsonl: one line per
 * accepted order and revocation, written before the answer. wire.log: one JSON line per request
 * that was seen, whatever became of it, without a secret in it.
 */
#ifndef TESTS_SIM_SIM_LEDGER_H
#define TESTS_SIM_SIM_LEDGER_H

#include "formats/base/err.h"

struct ledger {
    int fd, wire_fd; /* -1 = not kept */
};
struct request;
struct reply;
struct order;

bool ledger_open(struct ledger *l, const char *path, const char *wire, struct err *err) MUST_USE;
/* kind: "order", "csr" (a CSR that came later), "revoke", "cancel". */
void ledger_add(struct ledger *l, const struct request *q, const char *kind, const struct order *o);
void wire_add(struct ledger *l, const struct request *q, const struct reply *r);
void ledger_close(struct ledger *l);

#endif
