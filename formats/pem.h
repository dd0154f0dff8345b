/* SPDX-License-Identifier: Apache-2.0
 *
 * PEM (RFC 7468), read with positions and a memory of how lax the text was. Thread safe.
 *
 * Reading never stops at the first block: all blocks are returned, and what is wrong with each
 * is in its `defects`, because the linter reports it. Decoded bytes live in the arena; blocks
 * whose label contains PRIVATE KEY are returned undecoded (der.n = 0), so that key bytes never
 * reach an arena by accident: formats/key.h decodes them from `text`.
 */
#ifndef FORMATS_PEM_H
#define FORMATS_PEM_H

#include "formats/base/arena.h"
#include "formats/base/buf.h"

enum pem_defect {
    PEM_OK = 0,
    PEM_LABEL_MISMATCH = 1 << 0, /* END label differs */
    PEM_NO_END = 1 << 1,
    PEM_BAD_BASE64 = 1 << 2, /* illegal character, data after padding, bad length */
    PEM_EMPTY = 1 << 3,
    PEM_LAX_LINES = 1 << 4,       /* line length other than 64, blanks around lines, bare CR */
    PEM_LAX_HEADERS = 1 << 5,     /* RFC 1421 header lines */
    PEM_LAX_TEXT_BEFORE = 1 << 6, /* text before BEGIN */
};
#define PEM_FATAL (PEM_LABEL_MISMATCH | PEM_NO_END | PEM_BAD_BASE64 | PEM_EMPTY)

struct pem_block {
    const char *label; /* "CERTIFICATE REQUEST" */
    struct span der;   /* decoded; empty when a fatal defect or a private key */
    struct span text;  /* from BEGIN to END in the input */
    uint32_t line;     /* of the BEGIN line */
    uint32_t bad_line; /* of the first fatal defect, 0 = none */
    unsigned defects;
    bool private_key;
};

/* Where a DER octet stands in the text: for blocks in the canonical form, 64 columns a line. */
struct pem_place {
    uint32_t line; /* of the BEGIN line; 0 = the input is no PEM */
    bool canonical;
};
struct pem_place pem_place_of(const struct pem_block *b);
/* *line and *column of the octet; of the BEGIN line when it cannot be told (offset < 0 too). */
void pem_place_find(const struct pem_place *p, int64_t offset, uint32_t *line, uint32_t *column);

struct pem {
    struct pem_block *v;
    size_t n;
};

/* True when the input contains at least one BEGIN line. */
bool pem_parse(struct arena *a, struct span input, struct pem *out);
/* "-----BEGIN label-----", 64 columns, "\n". */
void pem_write(struct buf *out, const char *label, struct span der);

#endif
