/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: bytes -> CSR -> facts -> every rule of the TLS pack.
 */
#include "formats/base/time.h"
#include "formats/crl.h"
#include "policy/policy.h"

#include <stdlib.h>

static struct policy *pack(void)
{
    static struct policy *policy;
    struct err err = ERR_INIT;
    struct policy_source source = {.name = "cabf-tls", .base = "."};
    struct findings f = FINDINGS_INIT;
    if (!policy && !policy_open(&policy, &source, 1, NULL, 0, &f, &err)) {
        abort();
    }
    return policy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy_scratch scratch;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(findings_release) struct findings f = FINDINGS_INIT;
    struct csr csr;
    csr_parse(&a, (struct span){data, size}, &csr);
    struct subject s = {.kind = SUBJECT_CSR_FILE,
                        .file = "fuzz",
                        .csr_file = "fuzz",
                        .csr = &csr,
                        .ca_public = true,
                        .key_file_mode = -1,
                        .key_file_matches = true,
                        .reason = REASON_NONE};
    if (!time_parse_date("2026-11-21", &s.order_date)) {
        abort();
    }
    policy_judge(pack(), &s, &scratch, &a, &f, NULL);
    return 0;
}
