/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: bytes -> strict YAML tree -> manifest schema.
 */
#include "batch/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(findings_release) struct findings f = FINDINGS_INIT;
    struct ynode *root = NULL;
    if (yaml_parse("fuzz", (struct span){data, size}, &shape_manifest, &a, &f, &root)) {
        struct manifest m = {0};
        struct schema_ctx ctx = {"fuzz", &shape_manifest, &a, &f};
        (void)!schema_read(&ctx, &manifest_schema, root, &m);
    }
    return 0;
}
