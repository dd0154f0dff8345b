/* SPDX-License-Identifier: Apache-2.0
 *
 * See der.h: writing. The output is DER by construction as long as the caller orders SETs.
 */
#include "formats/base/time.h"
#include "formats/der.h"

#include <string.h>

void der_put(struct buf *out, unsigned tag, struct span value)
{
    size_t mark = der_open(out, tag);
    buf_add(out, value.p, value.n);
    der_close(out, mark);
}

size_t der_open(struct buf *out, unsigned tag)
{
    const char head[2] = {(char)tag, 0};
    buf_add(out, head, sizeof head);
    return out->n;
}

void der_close(struct buf *out, size_t mark)
{
    if (buf_failed(out)) {
        return;
    }
    size_t n = out->n - mark;
    if (n < 0x80) {
        out->p[mark - 1] = (char)n;
        return;
    }
    char length[sizeof n];
    size_t octets = 0;
    for (size_t v = n; v; v >>= 8) {
        octets++;
    }
    for (size_t i = 0; i < octets; i++) {
        length[i] = (char)(n >> (8 * (octets - 1 - i)));
    }
    buf_add(out, length, octets); /* makes room at the end; the content then moves up */
    if (buf_failed(out)) {
        return;
    }
    memmove(out->p + mark + octets, out->p + mark, n);
    memcpy(out->p + mark, length, octets);
    out->p[mark - 1] = (char)(0x80 | octets);
}

void der_put_oid(struct buf *out, const char *dotted)
{
    uint8_t oid[DER_OID_MAX];
    size_t n;
    if (!der_oid_encode(dotted, oid, &n)) {
        out->failed = true;
        return;
    }
    der_put(out, DER_OID, (struct span){oid, n});
}

void der_put_uint(struct buf *out, uint64_t v)
{
    uint8_t octets[8];
    for (unsigned i = 0; i < 8; i++) {
        octets[i] = (uint8_t)(v >> (8 * (7 - i)));
    }
    der_put_unsigned(out, (struct span){octets, sizeof octets});
}

void der_put_unsigned(struct buf *out, struct span big_endian)
{
    while (big_endian.n > 0 && big_endian.p[0] == 0) {
        big_endian.p++;
        big_endian.n--;
    }
    size_t mark = der_open(out, DER_INTEGER);
    if (big_endian.n == 0 || big_endian.p[0] & 0x80) {
        buf_putc(out, 0);
    }
    buf_add(out, big_endian.p, big_endian.n);
    der_close(out, mark);
}

void der_put_bits(struct buf *out, struct span bits)
{
    size_t mark = der_open(out, DER_BIT_STRING);
    buf_putc(out, 0);
    buf_add(out, bits.p, bits.n);
    der_close(out, mark);
}

void der_put_time(struct buf *out, int64_t t)
{
    char text[TIME_TEXT]; /* 2026-11-20T10:00:00Z */
    time_format(t, text);
    bool utc = t >= time_days(1950, 1, 1) * DAY_SECONDS && t < time_days(2050, 1, 1) * DAY_SECONDS;
    size_t mark = der_open(out, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME);
    for (const char *p = text + (utc ? 2 : 0); *p; p++) {
        if ((*p >= '0' && *p <= '9') || *p == 'Z') {
            buf_putc(out, *p);
        }
    }
    der_close(out, mark);
}
