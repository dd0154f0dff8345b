/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: bytes -> policy YAML -> schema; and the bytes as a pattern against themselves.
 */
#include "formats/base/schema.h"
#include "policy/policy.h"
#include "policy/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(findings_release) struct findings f = FINDINGS_INIT;
    struct ynode *root = NULL;
    struct err err = ERR_INIT;
    if (yaml_parse("fuzz", (struct span){data, size}, &shape_policy, &a, &f, &root)) {
        struct schema_ctx ctx = {"fuzz", &shape_policy, &a, &f};
        void *target = arena_alloc(&a, policy_schema.size);
        (void)!schema_read(&ctx, &policy_schema, root, target);
    }
    if (size < 256) {
        const char *why = NULL;
        char *pattern = arena_strndup(&a, (const char *)data, size);
        struct regex *r =
            regex_compile(pattern, (struct pos){.file = "fuzz", .line = 1, .column = 1}, &err);
        if (r) {
            (void)regex_match(r, pattern, size, &why);
        }
        regex_free(r);
    }
    return 0;
}
