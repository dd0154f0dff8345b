/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions about host names and addresses that several rules ask: labels, zones, public
 * suffixes, top-level domains, IDNA, address text. names.c is the only user of libidn2 and
 * libpsl. Names are given in lower-case ASCII without a trailing dot (name_fact.norm) unless said
 * otherwise. Pure functions; thread safe.
 */
#ifndef POLICY_NAMES_H
#define POLICY_NAMES_H

#include "formats/base/arena.h"
#include "formats/base/err.h"

/* Behind a leading "*.", else the name itself. */
const char *name_base(const char *name);
bool name_is_wildcard(const char *name) MUST_USE; /* begins with "*." */
size_t name_labels(const char *name) MUST_USE;    /* dots + 1; 0 for "" */
const char *name_last_label(const char *name);
/* name is zone, or ends in "." + zone. */
bool name_under(const char *name, const char *zone) MUST_USE;
/* The first of the zones that name is or is below; NULL when there is none. */
const char *name_zone_in(const char *name, const char *const *zones, size_t n);
/* The wildcard "*.x" covers exactly one label more than x (RFC 9525 section 6.3). */
bool wildcard_covers(const char *wildcard, const char *name) MUST_USE;

/* Public Suffix List: the newer of the operating system's list and the one in libpsl. */
bool name_is_public_suffix(const char *name) MUST_USE;  /* ICANN section */
bool name_is_private_suffix(const char *name) MUST_USE; /* PRIVATE section: hosting platforms */
/* One label below the public suffix (both sections), as a pointer into name; NULL when the name
 * has none. */
const char *name_registrable(const char *name);
/* The list could be loaded; otherwise the three functions above answer no. */
bool names_have_suffixes(void) MUST_USE;

/* Delegated in the root zone at that time (seconds). */
bool tld_is_delegated(const char *tld, int64_t at) MUST_USE;

/* The zone that the IANA registry of special-use names (RFC 6761) or the documentation has for
 * this name, or NULL. */
const char *name_special_use(const char *name);
const char *name_documentation(const char *name);

/* A UTF-8 name to A-labels by IDNA 2008, non-transitional; NULL when it has none. */
char *name_to_ascii(struct arena *a, const char *utf8, size_t n) MUST_USE;
/* The text that an A-label ("xn--...") stands for, in UTF-8; NULL when it is no Punycode or stands
 * for plain ASCII. */
char *label_to_unicode(struct arena *a, const char *label, size_t n) MUST_USE;
/* What IDNA 2008 objects to in a U-label that is to be registered (RFC 5891 section 4.2): the
 * first in this order. */
enum label_verdict {
    LABEL_NOT_NFC,
    LABEL_HYPHEN,
    LABEL_COMBINING,
    LABEL_DISALLOWED,
    LABEL_CONTEXT,
    LABEL_UNASSIGNED,
    LABEL_BIDI,
    LABEL_GOOD,
    LABEL_BROKEN /* the library failed, or the A-label is longer than a label can be */
};
/* *ascii, if given, gets the A-label of a good one. normalise: to NFC before judging. */
enum label_verdict label_judge(struct arena *a, const char *utf8, bool normalise, char **ascii);

/* Strict IPv4 (four decimal parts) or RFC 4291 IPv6 text without zone: 4 or 16, else 0. */
size_t address_parse(const char *text, uint8_t out[16]) MUST_USE;
enum { ADDRESS_TEXT = 46 };
/* Canonical text: RFC 5952 for IPv6. n is 4 or 16. */
void address_text(const uint8_t *address, size_t n, char out[ADDRESS_TEXT]);
/* "a.b.c.d/n" or "a::/n", read once and asked often. */
struct address_block {
    uint8_t base[16];
    size_t n;      /* 4 or 16; 0 = malformed, holds nothing */
    unsigned bits; /* of the prefix */
};
struct address_block address_block_parse(const char *cidr);
bool address_in_block(const uint8_t *address, size_t n, const struct address_block *b) MUST_USE;
/* In "a.b.c.d/n" or "a::/n"; false too when cidr is malformed. */
bool address_in(const uint8_t *address, size_t n, const char *cidr) MUST_USE;
bool address_block_valid(const char *cidr) MUST_USE;
/* What the IANA special-purpose registries reserve the block of this address for, or NULL. */
const char *address_reserved(const uint8_t *address, size_t n);

extern const char *const names_tld_words[]; /* names_tld.c: words, each ends in a blank */

#endif
