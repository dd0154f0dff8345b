/* SPDX-License-Identifier: Apache-2.0
 *
 * The certificates of the simulated CA: a root and an intermediate made at start-up, never
 * written but with --ca-out, and strangers of the same names for the fault "wrong-issuer".
 */
#ifndef TESTS_SIM_SIM_CA_H
#define TESTS_SIM_SIM_CA_H

#include "formats/cert.h"
#include "formats/csr.h"
#include "formats/issue.h"
#include "formats/key.h"

struct sim_issuer {
    struct key key;
    struct cert cert;
};
struct sim_ca {
    struct arena arena;
    struct sim_issuer root, issuing, stranger;
};

struct sim_leaf {
    const struct dn_value *subject;
    size_t nsubject;
    const char *const *names; /* dNSNames, IP addresses, mailboxes: each tells which it is */
    size_t nnames;
    struct span spki;
    int64_t not_before, not_after;
    bool stranger;
    const struct issue_profile *profile; /* NULL: for servers */
};

bool sim_ca_open(struct sim_ca *ca, struct err *err) MUST_USE;
/* DER appended to out. */
bool sim_ca_issue(const struct sim_ca *ca, const struct sim_leaf *leaf, struct buf *out,
                  struct err *err) MUST_USE;
/* Serial numbers as some of the vendor's answers have them. */
char *serial_decimal(struct arena *a, struct span serial) MUST_USE;
void sim_ca_release(struct sim_ca *ca);

#endif
