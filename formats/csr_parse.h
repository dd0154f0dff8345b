/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside of the request reader: what csr_input.c (PEM, kinds of file) and csr.c (DER) share.
 * Nobody else includes it.
 */
#ifndef FORMATS_CSR_PARSE_H
#define FORMATS_CSR_PARSE_H

#include "formats/csr.h"

struct csr_parse {
    struct arena *arena;
    struct csr *csr;
    uint32_t line; /* of the BEGIN line; 0 for DER */
    struct {
        struct csr_problem *v;
        size_t n, cap;
    } problems;
};

void csr_problem(struct csr_parse *p, enum csr_defect defect, int64_t offset, const char *fmt, ...)
    PRINTF(4, 5);
void csr_check_der(struct csr_parse *p, struct der *d);
void csr_parse_der(struct csr_parse *p, struct span der);

#endif
