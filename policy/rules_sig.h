/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known about signature algorithms, for rules outside sig.*.
 */
#ifndef POLICY_RULES_SIG_H
#define POLICY_RULES_SIG_H

#include "formats/der.h"

struct sig_facts {
    const char *token; /* "ecdsa-sha256"; "unknown" */
    unsigned hash;     /* bits; 0 = none, in the parameters, or not known */
    bool known, weak, ecdsa;
    bool exact; /* the one encoding that BR 7.1.3.2 fixes; true too where it fixes none */
};
/* Of an AlgorithmIdentifier TLV. */
struct sig_facts sig_facts_of(struct span algorithm);
/* DER SEQUENCE of two positive INTEGERs; *octets, if given, gets the length of the longer one. */
bool sig_ecdsa_value(struct span signature, size_t *octets) MUST_USE;

#endif
