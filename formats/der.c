/* SPDX-License-Identifier: Apache-2.0
 *
 * See der.h: reading. Every pointer that leaves this file lies inside the span given to
 * der_over(); no length is believed before it is compared with what is left.
 */
#include "formats/der.h"

#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <stdio.h>
#include <string.h>

enum { TAG_NUMBER = 0x1F, TAG_CONSTRUCTED = 0x20, TAG_CLASS = 0xC0 };

const char der_too_deep[] = "nested too deeply";

static const uint8_t nothing[1];

struct der der_over(struct span bytes)
{
    const uint8_t *p = bytes.p ? bytes.p : nothing;
    return (struct der){.base = p, .p = p, .end = p + (bytes.p ? bytes.n : 0)};
}

struct der der_into(const struct der *parent, const struct der_tlv *tlv)
{
    return (struct der){
        .base = parent->base, .p = tlv->value.p, .end = tlv->value.p + tlv->value.n};
}

size_t der_offset(const struct der *d, const uint8_t *p)
{
    return (size_t)(p - d->base);
}

bool der_at_end(const struct der *d)
{
    return !d->bad && d->p == d->end;
}

bool span_eq(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static bool fail(struct der *d, const uint8_t *at, const char *why)
{
    if (!d->bad) {
        d->bad = why;
        d->bad_offset = der_offset(d, at);
    }
    return false;
}

static void deviates(struct der *d, const uint8_t *at, const char *how)
{
    if (!d->strict) {
        d->strict = how;
        d->strict_offset = der_offset(d, at);
    }
}

/* Identifier and length at *pp; on success *pp is at the content. */
static bool read_header(struct der *d, const uint8_t **pp, unsigned *tag, size_t *n, bool *open)
{
    const uint8_t *start = *pp;
    const uint8_t *p = start;
    *tag = *p++;
    *open = false;
    if (*tag == 0) {
        return fail(d, start, "end-of-contents octets without an indefinite length");
    }
    if ((*tag & TAG_NUMBER) == TAG_NUMBER) {
        return fail(d, start, "tag number above 30");
    }
    if (p == d->end) {
        return fail(d, start, "the length is missing");
    }
    uint8_t first = *p++;
    *n = first;
    if (first == 0x80) {
        *open = true;
    } else if (first > 0x80) {
        size_t octets = first & 0x7Fu;
        if (octets > (size_t)(d->end - p)) {
            return fail(d, start, "the length is cut off");
        }
        *n = 0;
        for (size_t i = 0; i < octets; i++, p++) {
            if (*n > SIZE_MAX >> 8) {
                return fail(d, start, "the length is longer than the input");
            }
            *n = *n << 8 | *p;
        }
        if (*n < 0x80 || p[-(ptrdiff_t)octets] == 0) {
            deviates(d, start, "length in more octets than needed");
        }
    }
    *pp = p;
    return true;
}

/* The end-of-contents octets that close an indefinite length opened before p, or NULL. */
static const uint8_t *find_close(struct der *d, const uint8_t *p, unsigned depth)
{
    if (depth == 0) {
        (void)fail(d, p, der_too_deep);
        return NULL;
    }
    while (d->end - p >= 2) {
        if (p[0] == 0 && p[1] == 0) {
            return p;
        }
        unsigned tag;
        size_t n;
        bool open;
        const uint8_t *start = p;
        if (!read_header(d, &p, &tag, &n, &open)) {
            return NULL;
        }
        if (open) {
            const uint8_t *close = find_close(d, p, depth - 1);
            if (!close) {
                return NULL;
            }
            p = close + 2;
        } else if (n > (size_t)(d->end - p)) {
            (void)fail(d, start, "the length is longer than the input");
            return NULL;
        } else {
            p += n;
        }
    }
    (void)fail(d, p, "an indefinite length is never closed");
    return NULL;
}

bool der_next(struct der *d, struct der_tlv *out)
{
    if (d->bad || d->p >= d->end) {
        return false;
    }
    const uint8_t *start = d->p;
    const uint8_t *p = start;
    const uint8_t *after;
    size_t n;
    bool open;
    unsigned tag;
    if (!read_header(d, &p, &tag, &n, &open)) {
        return false;
    }
    if (open) {
        if (!(tag & TAG_CONSTRUCTED)) {
            return fail(d, start, "indefinite length of a primitive value");
        }
        deviates(d, start, "indefinite length");
        const uint8_t *close = find_close(d, p, LIMIT_DER_DEPTH);
        if (!close) {
            return false;
        }
        n = (size_t)(close - p);
        after = close + 2;
    } else {
        if (n > (size_t)(d->end - p)) {
            return fail(d, start, "the length is longer than the input");
        }
        after = p + n;
    }
    *out = (struct der_tlv){tag, {p, n}, {start, (size_t)(after - start)}};
    d->p = after;
    return true;
}

bool der_take(struct der *d, unsigned tag, struct der_tlv *out)
{
    return !d->bad && d->p < d->end && *d->p == tag && der_next(d, out);
}

bool der_single(struct span bytes, unsigned tag, struct der_tlv *out)
{
    struct der d = der_over(bytes);
    return der_take(&d, tag, out) && der_at_end(&d);
}

bool der_bits(const struct der_tlv *tlv, struct span *bits, uint8_t *unused)
{
    if (tlv->value.n == 0 || tlv->value.p[0] > 7 || (tlv->value.n == 1 && tlv->value.p[0] != 0)) {
        return false;
    }
    *unused = tlv->value.p[0];
    *bits = (struct span){tlv->value.p + 1, tlv->value.n - 1};
    return true;
}

bool der_small_uint(const struct der_tlv *tlv, uint32_t *out)
{
    struct span v = tlv->value;
    if (v.n == 0 || v.n > 5 || (v.p[0] & 0x80) || (v.n == 5 && v.p[0] != 0)) {
        return false;
    }
    *out = 0;
    for (size_t i = 0; i < v.n; i++) {
        *out = *out << 8 | v.p[i];
    }
    return true;
}

/* Two decimal digits; the caller has checked that they are digits. */
static unsigned two(const uint8_t *p)
{
    return (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
}

bool der_time(const struct der_tlv *tlv, int64_t *out)
{
    const uint8_t *p = tlv->value.p;
    size_t n = tlv->value.n;
    bool utc = tlv->tag == DER_UTC_TIME;
    if ((!utc && tlv->tag != DER_GENERALIZED_TIME) || n != (utc ? 13u : 15u) || p[n - 1] != 'Z') {
        return false;
    }
    for (size_t i = 0; i + 1 < n; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return false;
        }
    }
    int64_t year = two(p);
    if (utc) {
        year += year < 50 ? 2000 : 1900;
        p += 2;
    } else {
        year = year * 100 + two(p + 2);
        p += 4;
    }
    return time_civil(year, two(p), two(p + 2), two(p + 4), two(p + 6), two(p + 8), out);
}

/* --- strictness --- */

/* X.690 11.6: as if the shorter encoding were padded with zero octets. */
static int compare_encodings(struct span a, struct span b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    if (order || a.n == b.n) {
        return order;
    }
    struct span rest = a.n > b.n ? a : b;
    for (size_t i = n; i < rest.n; i++) {
        if (rest.p[i]) {
            return a.n > b.n ? 1 : -1;
        }
    }
    return 0;
}

bool der_sorted(struct der set)
{
    struct der_tlv before = {0};
    struct der_tlv t;
    for (bool first = true; der_next(&set, &t); first = false, before = t) {
        if (!first && compare_encodings(before.whole, t.whole) > 0) {
            return false;
        }
    }
    return true;
}

static const char *check_integer(struct span v)
{
    if (v.n == 0) {
        return "INTEGER without content";
    }
    bool padded =
        v.n > 1 && ((v.p[0] == 0x00 && !(v.p[1] & 0x80)) || (v.p[0] == 0xFF && (v.p[1] & 0x80)));
    return padded ? "INTEGER in more octets than needed" : NULL;
}

static const char *check_boolean(struct span v)
{
    bool fine = v.n == 1 && (v.p[0] == 0x00 || v.p[0] == 0xFF);
    return fine ? NULL : "BOOLEAN other than 00 or FF";
}

static const char *check_bit_string(struct span v)
{
    if (v.n == 0 || v.p[0] > 7 || (v.n == 1 && v.p[0])) {
        return "BIT STRING with an impossible number of unused bits";
    }
    unsigned mask = (1u << v.p[0]) - 1;
    return v.p[v.n - 1] & mask && v.n > 1 ? "BIT STRING with unused bits set" : NULL;
}

static const char *check_null(struct span v)
{
    return v.n ? "NULL with content" : NULL;
}

static const char *check_oid(struct span v)
{
    if (v.n == 0 || v.p[v.n - 1] & 0x80) {
        return "OBJECT IDENTIFIER cut off";
    }
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] == 0x80 && (i == 0 || !(v.p[i - 1] & 0x80))) {
            return "OBJECT IDENTIFIER arc in more octets than needed";
        }
    }
    return NULL;
}

static const struct strict_check {
    unsigned tag;
    const char *(*check)(struct span value);
} strict_checks[] = {
    {DER_BOOLEAN, check_boolean},    {DER_INTEGER, check_integer},
    {DER_ENUMERATED, check_integer}, {DER_BIT_STRING, check_bit_string},
    {DER_NULL, check_null},          {DER_OID, check_oid},
};

static void check_primitive(struct der *d, const struct der_tlv *t)
{
    for (size_t i = 0; i < NITEMS(strict_checks); i++) {
        if (strict_checks[i].tag == t->tag) {
            const char *how = strict_checks[i].check(t->value);
            if (how) {
                deviates(d, t->whole.p, how);
            }
            return;
        }
    }
    if (t->tag == (DER_SEQUENCE & TAG_NUMBER) || t->tag == (DER_SET & TAG_NUMBER)) {
        deviates(d, t->whole.p, "SEQUENCE or SET in primitive form");
    }
}

static bool check_level(struct der *top, struct der d, unsigned depth)
{
    struct der_tlv t;
    while (der_next(&d, &t)) {
        if (!(t.tag & TAG_CONSTRUCTED)) {
            check_primitive(&d, &t);
            continue;
        }
        if (depth == 0) {
            (void)fail(&d, t.whole.p, der_too_deep);
            break;
        }
        struct der inner = der_into(&d, &t);
        if (!(t.tag & TAG_CLASS) && t.tag != DER_SEQUENCE && t.tag != DER_SET) {
            deviates(&d, t.whole.p, "string in constructed form");
        } else if (t.tag == DER_SET && !der_sorted(inner)) {
            deviates(&d, t.whole.p, "SET OF not in order");
        }
        if (d.strict) { /* found at this level before anything inside t */
            deviates(top, d.base + d.strict_offset, d.strict);
        }
        if (!check_level(top, inner, depth - 1)) {
            return false;
        }
    }
    if (d.strict) {
        deviates(top, d.base + d.strict_offset, d.strict);
    }
    return d.bad ? fail(top, d.base + d.bad_offset, d.bad) : true;
}

bool der_check(struct der *d, unsigned max_depth)
{
    return check_level(d, *d, max_depth);
}

/* --- object identifiers --- */

/* 2.25 arcs are UUIDs: 128 bits. */
__extension__ typedef unsigned __int128 arc_t;

static size_t arc_text(arc_t v, char out[40])
{
    char digits[40];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + (int)(v % 10));
        v /= 10;
    } while (v);
    for (size_t i = 0; i < n; i++) {
        out[i] = digits[n - 1 - i];
    }
    return n;
}

bool der_oid_text(struct span oid, char out[64])
{
    size_t n = 0;
    arc_t arc = 0;
    if (check_oid(oid)) {
        return false;
    }
    for (size_t i = 0; i < oid.n; i++) {
        if (arc >> 121) {
            return false;
        }
        arc = arc << 7 | (oid.p[i] & 0x7Fu);
        if (oid.p[i] & 0x80) {
            continue;
        }
        char digits[40];
        if (n == 0) {
            unsigned root = arc < 40 ? 0 : arc < 80 ? 1 : 2;
            out[n++] = (char)('0' + (int)root);
            arc -= root * 40u;
        }
        size_t k = arc_text(arc, digits);
        if (n + 1 + k >= 64) {
            return false;
        }
        out[n++] = '.';
        memcpy(out + n, digits, k);
        n += k;
        arc = 0;
    }
    out[n] = '\0';
    return true;
}

static bool put_arc(uint8_t out[DER_OID_MAX], size_t *n, arc_t arc)
{
    unsigned shift = 0;
    while (arc >> shift >> 7) {
        shift += 7;
    }
    for (;; shift -= 7) {
        if (*n == DER_OID_MAX) {
            return false;
        }
        out[(*n)++] = (uint8_t)((unsigned)(arc >> shift & 0x7F) | (shift ? 0x80u : 0));
        if (shift == 0) {
            return true;
        }
    }
}

bool der_oid_encode(const char *dotted, uint8_t out[DER_OID_MAX], size_t *n)
{
    arc_t root = 0;
    unsigned arcs = 0;
    *n = 0;
    for (const char *s = dotted;; s++) {
        arc_t arc = 0;
        const char *start = s;
        for (; *s >= '0' && *s <= '9'; s++) {
            const arc_t most = ~(arc_t)0 - 80; /* room for the first arc, which is joined below */
            unsigned digit = (unsigned)(*s - '0');
            if (arc > (most - digit) / 10 || (*start == '0' && s != start)) {
                return false;
            }
            arc = arc * 10 + digit;
        }
        if (s == start || (arcs == 0 && arc > 2) || (arcs == 1 && root < 2 && arc > 39)) {
            return false;
        }
        if (arcs == 0) {
            root = arc;
        } else if (!put_arc(out, n, arcs == 1 ? root * 40 + arc : arc)) {
            return false;
        }
        arcs++;
        if (*s != '.') {
            return *s == '\0' && arcs >= 2;
        }
    }
}

bool der_oid_is(struct span oid, const char *dotted)
{
    uint8_t want[DER_OID_MAX];
    size_t n;
    return der_oid_encode(dotted, want, &n) && oid.n == n && memcmp(oid.p, want, n) == 0;
}
