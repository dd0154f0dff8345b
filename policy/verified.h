/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests whose own signature was found good: the same octets need no second look. For programs
 * that judge the same files again and again (a language server); a batch run needs none. Bounded;
 * thread safe.
 */
#ifndef POLICY_VERIFIED_H
#define POLICY_VERIFIED_H

#include "formats/base/cleanup.h"
#include "formats/base/sha.h"

struct verified;
struct verified *verified_new(void);
void verified_free(struct verified *v);
bool verified_has(struct verified *v,
                  const uint8_t sha256[SHA256_SIZE]) MUST_USE; /* v may be NULL */
void verified_add(struct verified *v, const uint8_t sha256[SHA256_SIZE]);

#endif
