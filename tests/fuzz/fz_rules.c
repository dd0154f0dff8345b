/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: bytes -> CSR -> facts -> every rule of cabf-tls and of private, each judged twice.
 * The second judgement must say the same: a rule keeps no state between two items.
 */
#include "formats/base/time.h"
#include "formats/crl.h"
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

static struct policy *pack(size_t which)
{
    static const char *const names[] = {"cabf-tls", "private"};
    static struct policy *policies[2];
    struct err err = ERR_INIT;
    struct policy_source source = {.name = names[which], .base = "."};
    CLEANUP(findings_release) struct findings f = FINDINGS_INIT;
    if (!policies[which] && !policy_open(&policies[which], &source, 1, NULL, 0, &f, &err)) {
        abort();
    }
    return policies[which];
}

static void same(const struct findings *a, const struct findings *b)
{
    if (a->n != b->n) {
        abort();
    }
    for (size_t i = 0; i < a->n; i++) {
        if (strcmp(a->v[i].rule, b->v[i].rule) != 0 ||
            strcmp(a->v[i].message, b->v[i].message) != 0 || a->v[i].severity != b->v[i].severity) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy_scratch scratch;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct csr csr;
    csr_parse(&a, (struct span){data, size}, &csr);
    for (size_t which = 0; which < 2; which++) {
        CLEANUP(findings_release) struct findings once = FINDINGS_INIT;
        CLEANUP(findings_release) struct findings again = FINDINGS_INIT;
        struct findings *const runs[] = {&once, &again};
        for (size_t i = 0; i < 2; i++) {
            struct subject s = {.kind = SUBJECT_CSR_FILE,
                                .file = "fuzz",
                                .csr_file = "fuzz",
                                .csr = &csr,
                                .ca_public = which == 0,
                                .key_file_mode = -1,
                                .key_file_matches = true,
                                .reason = REASON_NONE};
            if (!time_parse_date("2026-11-21", &s.order_date)) {
                abort();
            }
            policy_judge(pack(which), &s, &scratch, &a, runs[i], NULL);
            findings_sort(runs[i]);
        }
        same(&once, &again);
    }
    return 0;
}
