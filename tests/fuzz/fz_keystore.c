/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: bytes -> PFX or JKS reader, and private keys. The password is one of the corpora's.
 */
#include "formats/keystore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = ERR_INIT;
    struct span in = {data, size};
    struct keystore k = {0};
    CLEANUP(secret_release) struct secret password = SECRET_INIT;
    CLEANUP(key_release) struct key key = KEY_INIT;
    secret_set(&password, "changeit", 8);
    if (keystore_read(in, &password, NULL, &k, &err)) {
        keystore_release(&k);
    }
    err_clear(&err);
    (void)!key_read(in, &password, &key, &err);
    return 0;
}
