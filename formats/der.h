/* SPDX-License-Identifier: Apache-2.0
 *
 * A bounded DER reader of our own. OpenSSL 3.0 accepts duplicate extensions, long-form lengths,
 * unsorted sets and junk inside extensions; a linter must see them. It reads views, copies
 * nothing, allocates nothing and recurses at most LIMIT_DER_DEPTH levels. Thread safe.
 *
 * Reading is a cursor over a span:  struct der d = der_over(bytes);
 *   while (der_next(&d, &tlv)) ...
 * der_next() is false at the end and on malformed input (then d.bad is set and says where).
 * BER that is not DER (non-minimal length, indefinite length, ...) is readable where it can be
 * and recorded in d.strict, because it is a finding, not a refusal.
 */
#ifndef FORMATS_DER_H
#define FORMATS_DER_H

#include "formats/base/buf.h"

/* An OID of 63 characters of dotted text needs at most this many content octets. */
#define DER_OID_MAX 64

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0A,
    DER_UTF8 = 0x0C,
    DER_NUMERIC = 0x12,
    DER_PRINTABLE = 0x13,
    DER_T61 = 0x14,
    DER_IA5 = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_VISIBLE = 0x1A,
    DER_GENERAL = 0x1B,
    DER_UNIVERSAL = 0x1C,
    DER_BMP = 0x1E,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31
};
#define DER_CONTEXT(n)             (0x80 | (n)) /* [n] primitive */
#define DER_CONTEXT_CONSTRUCTED(n) (0xA0 | (n)) /* [n] constructed */

struct der_tlv {
    unsigned tag;      /* identifier octet; high-tag-number forms are malformed here */
    struct span value; /* content octets */
    struct span whole; /* identifier, length and content */
};

struct der {
    const uint8_t *base; /* of the whole input, for offsets */
    const uint8_t *p, *end;
    const char *bad; /* static reason, NULL while well-formed */
    size_t bad_offset;
    const char *strict; /* first BER-not-DER deviation seen */
    size_t strict_offset;
};

struct der der_over(struct span bytes);
/* A cursor over the content of tlv that keeps `base` and reports into the same fields. */
struct der der_into(const struct der *parent, const struct der_tlv *tlv);
bool der_next(struct der *d, struct der_tlv *out);
/* The next TLV if its tag is `tag`; else leaves the cursor and returns false. */
bool der_take(struct der *d, unsigned tag, struct der_tlv *out);
bool der_at_end(const struct der *d) MUST_USE;
size_t der_offset(const struct der *d, const uint8_t *p);

/* Walks everything below, whatever it is: depth, lengths, strictness (minimal lengths and
 * integers, BOOLEAN 00/FF, SET OF order, unused bits). Result in d->bad and d->strict. */
bool der_check(struct der *d, unsigned max_depth);
extern const char der_too_deep[]; /* the value of d->bad when max_depth was exceeded */
/* The elements come in the order DER wants of a SET OF (X.690 11.6). For IMPLICIT sets, whose tag
 * does not tell der_check() what they are. */
bool der_sorted(struct der set) MUST_USE;
/* The only TLV of `bytes`, with tag `tag` and nothing after it. */
bool der_single(struct span bytes, unsigned tag, struct der_tlv *out) MUST_USE;
/* The value of a BIT STRING without its unused-bits octet; false when it has none or it is > 7. */
bool der_bits(const struct der_tlv *tlv, struct span *bits, uint8_t *unused) MUST_USE;
/* A non-negative INTEGER that fits 32 bits. */
bool der_small_uint(const struct der_tlv *tlv, uint32_t *out) MUST_USE;
/* UTCTime or GeneralizedTime in the forms of RFC 5280 4.1.2.5 (seconds, "Z"). */
bool der_time(const struct der_tlv *tlv, int64_t *out) MUST_USE;
bool span_eq(struct span a, struct span b) MUST_USE;

/* Dotted text of OID content octets; false when malformed. */
bool der_oid_text(struct span oid, char out[64]);
bool der_oid_is(struct span oid, const char *dotted) MUST_USE;
/* Content octets of a dotted OID; false when it is not one. */
bool der_oid_encode(const char *dotted, uint8_t out[DER_OID_MAX], size_t *n) MUST_USE;

/* Writing. der_open() writes a tag and returns a mark; der_close() patches the length in when
 * the content is there. Errors are sticky in the buffer. */
void der_put(struct buf *out, unsigned tag, struct span value);
size_t der_open(struct buf *out, unsigned tag);
void der_close(struct buf *out, size_t mark);
void der_put_oid(struct buf *out, const char *dotted); /* malformed: the buffer fails */
void der_put_bits(struct buf *out, struct span bits);  /* BIT STRING without unused bits */
void der_put_time(struct buf *out, int64_t t);         /* UTCTime before 2050, RFC 5280 4.1.2.5 */
void der_put_uint(struct buf *out, uint64_t v);
void der_put_unsigned(struct buf *out, struct span big_endian); /* INTEGER, sign octet added */

#endif
