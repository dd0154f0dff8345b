/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: bytes -> certificates (PEM, DER, PKCS#7) and CRLs.
 */
#include "formats/crl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    struct cert *certs;
    struct crl crl;
    size_t n;
    struct span in = {data, size};
    if (certs_read(&a, "fuzz", in, &certs, &n, &err) && n > 1) {
        (void)!cert_verify(&certs[0], &certs[1], &err);
    }
    (void)!crl_parse(&a, in, &crl, &err);
    return 0;
}
