/* SPDX-License-Identifier: Apache-2.0
 *
 * What spreadsheets and people do to cells, found and, where there is one certain mend, mended.
 * Every mend is recorded in words; what cannot be mended is refused with the reason. Pure functions
 * over one cell; results live in the arena.
 *
 *     struct clean c = {.arena = a, .mends = &mends};
 *     const char *serial = clean_serial(&c, cell->text, cell->kind, SERIAL_HEX);
 *     if (!serial) ... c.why
 */
#ifndef BATCH_IMPORT_CLEAN_H
#define BATCH_IMPORT_CLEAN_H

#include "batch/import_profile.h"
#include "formats/base/str.h"
#include "formats/rows.h"

struct clean {
    struct arena *arena;
    const char *label;     /* heading of the column, before each mend; may be NULL */
    struct strlist *mends; /* what was changed, one clause each */
    const char *why;       /* after a refusal: one clause, safe to print */
};

/* Without blanks at both ends, no-break blanks and invisible characters (U+200E and U+200F stand
 * before thumbprints that Windows shows); NULL: control characters. "" stays "". */
const char *clean_text(struct clean *c, const char *text);
/* Serial numbers: upper-case hexadecimal as serial_normal() gives it. NULL: scientific notation,
 * fifteen digits followed by zeros, other characters. */
const char *clean_serial(struct clean *c, const char *text, enum cell_kind kind,
                         enum serial_base base);
/* Fingerprints: hexadecimal of an even number of digits, lower case. */
const char *clean_fingerprint(struct clean *c, const char *text);
/* A host name, address or wildcard to "dns:NAME" or "ip:ADDRESS": scheme, port, path and final dot
 * cut off, IDN to A-labels. */
const char *clean_host(struct clean *c, const char *text);
/* A mailbox, its domain as A-labels. */
const char *clean_mailbox(struct clean *c, const char *text);
/* "DNS:a, IP Address=192.0.2.1; b" to typed names, each once. False: c->why. */
bool clean_names(struct clean *c, const char *cell, struct strlist *out) MUST_USE;
/* "RSA", "2048" to "rsa-2048"; NULL when it is no kind of key we make. */
const char *clean_key(struct clean *c, const char *algorithm, const char *size);
/* "1 year" to "1y", "365" to "365d". */
const char *clean_validity(struct clean *c, const char *text);

#endif
