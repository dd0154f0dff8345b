/* SPDX-License-Identifier: Apache-2.0
 *
 * What every REST dialect of emCA says of an order or a revocation, and certificates as its
 * answers have them.
 */
#include "batch/ca/emca.h"

#include "formats/base/limits.h"
#include "formats/base/sha.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

/* "t" is no hexadecimal digit: an order id that begins so is never a serial number. */
static const char prefix[] = "batch";

const char *emca_application_id(struct arena *a, const char *client_key)
{
    return arena_printf(a, "%s%s", prefix, client_key);
}

bool emca_is_application_id(const char *order_id)
{
    return order_id && str_starts(order_id, prefix);
}

const char *emca_field(const struct rest_asked *q, const char *name)
{
    const struct ynode *n = q->call->order ? yaml_get(q->call->order->extra, name) : NULL;
    return n && n->kind == YAML_SCALAR && n->text && *n->text ? n->text : NULL;
}

static const char *first(const char *a, const char *b)
{
    return a && *a ? a : b;
}

const char *emca_profile(const struct rest_asked *q)
{
    const struct emca_config *c = q->config;
    const char *product = q->call->order ? q->call->order->product : NULL;
    return first(emca_field(q, "profile"), first(product, c->profile));
}

/* Profiles have a name and a number; which of the two was given shows in the digits. */
bool emca_profile_is_id(const char *profile)
{
    return profile && *profile && strspn(profile, "0123456789") == strlen(profile);
}

const char *emca_subscriber(const struct rest_asked *q)
{
    const struct emca_config *c = q->config;
    return first(emca_field(q, "subscriber_id"), c->subscriber_id);
}

const char *emca_validity(const struct rest_asked *q)
{
    enum { MINUTE = 60, HOUR = 3600 };
    const struct emca_config *c = q->config;
    const int64_t s = q->call->order ? q->call->order->validity_seconds : 0;
    const char *written = emca_field(q, "validity");
    if (written || s <= 0) {
        return first(written, c->validity);
    }
    return arena_printf(q->out->arena, "%lld:%02lld:%02lld:%02lld", (long long)(s / DAY_SECONDS),
                        (long long)(s % DAY_SECONDS / HOUR), (long long)(s % HOUR / MINUTE),
                        (long long)(s % MINUTE));
}

/* --- serial numbers --- */
static const char *upper_hex(struct arena *a, const char *hex)
{
    char *text = arena_strdup(a, hex);
    char *to = text;
    for (const char *p = text; *p; p++) { /* "12:AB" and "12 ab" are read as well */
        if (*p != ':' && *p != ' ') {
            *to++ = *p >= 'a' && *p <= 'f' ? (char)(*p - 'a' + 'A') : *p;
        }
    }
    *to = '\0';
    return text;
}

/* Long division by ten, digit by digit from the end. */
static const char *decimal(struct arena *a, const char *hex)
{
    const size_t n = strlen(hex);
    uint8_t *digits = arena_alloc(a, n + 1);
    char *text = arena_alloc(a, 2 * n + 2);
    size_t at = 2 * n + 1;
    bool more = true;
    for (size_t i = 0; i < n; i++) {
        digits[i] = (uint8_t)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'A' + 10);
    }
    text[at] = '\0';
    while (more && at) {
        unsigned rest = 0;
        more = false;
        for (size_t i = 0; i < n; i++) {
            const unsigned v = rest * 16 + digits[i];
            digits[i] = (uint8_t)(v / 10);
            rest = v % 10;
            more = more || digits[i];
        }
        text[--at] = (char)('0' + rest);
    }
    return text + at;
}

const char *emca_serial_text(struct arena *a, const char *hex, int format)
{
    const char *upper = upper_hex(a, hex);
    if (format == EMCA_SERIAL_DECIMAL) {
        return decimal(a, upper);
    }
    if (format == EMCA_SERIAL_HEX_UPPER) {
        return upper;
    }
    char *lower = arena_strdup(a, upper);
    for (char *p = lower; *p; p++) {
        *p = ascii_lower(*p);
    }
    return lower;
}

static bool is_hex(const char *text)
{
    return *text && strspn(text, "0123456789ABCDEFabcdef: ") == strlen(text);
}

bool emca_serial(const struct rest_asked *q, const char **out)
{
    const struct emca_config *c = q->config;
    const struct ca_revocation *r = q->call->revoke;
    struct err ignored = ERR_INIT;
    struct cert cert;
    const char *serial = r ? r->serial : q->call->order_id;
    if (r && r->certificate.n && cert_parse(q->out->arena, r->certificate, &cert, &ignored)) {
        serial = cert.serial_hex;
    }
    if (!serial || !is_hex(serial)) {
        (void)err_set(q->err, ERR_INPUT,
                      "emCA knows certificates by serial number, and none is given");
        err_hint(q->err, "give `certificate:` or `serial:` instead of the number of the order");
        return false;
    }
    *out = emca_serial_text(q->out->arena, serial, c->serial_format);
    return true;
}

/* --- the request of an order --- */
bool emca_payload(const struct rest_asked *q, struct buf *out)
{
    const struct emca_config *c = q->config;
    const struct ca_order *o = q->call->order;
    if (!o || !o->csr.n) {
        return err_set(q->err, ERR_INPUT, "emCA is asked with the CSR, and there is none");
    }
    if (c->cms_payload == EMCA_CSR_DER) {
        buf_add(out, o->csr.p, o->csr.n);
    } else if (c->cms_payload == EMCA_CSR_PEM) {
        pem_write(out, "CERTIFICATE REQUEST", o->csr);
    } else {
        base64_encode(out, o->csr.p, o->csr.n, 0);
    }
    return true;
}

/* --- certificates --- */
static bool is_pem(const char *text)
{
    return strstr(text, "-----BEGIN ") != NULL;
}

bool emca_certificates(struct arena *a, const char *text, struct reply_certs *out)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(buf_release) struct buf line = BUF_INIT(LIMIT_INPUT_BYTES);
    struct cert *v = NULL;
    size_t n = 0;
    *out = (struct reply_certs){arena_array(a, LIMIT_CHAIN + 1, sizeof *out->v), 0};
    if (!text) {
        return false;
    }
    if (is_pem(text)) {
        return reply_take_pem(a, text, out) && out->n;
    }
    for (const char *p = text; *p; p++) { /* Base64 in lines, or in one */
        if (!strchr(" \t\r\n", *p)) {
            buf_putc(&line, *p);
        }
    }
    if (!line.n || buf_failed(&line) || !base64_decode(&der, buf_text(&line), line.n) || !der.n) {
        return false;
    }
    const struct span kept = {arena_memdup(a, der.p, der.n), der.n};
    if (!certs_read(a, "reply", kept, &v, &n, &err)) {
        return false;
    }
    for (size_t i = 0; i < n && out->n < LIMIT_CHAIN + 1; i++) {
        out->v[out->n++] = v[i];
    }
    return out->n > 0;
}
