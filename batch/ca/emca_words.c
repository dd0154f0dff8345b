/* SPDX-License-Identifier: Apache-2.0
 *
 * The ${words} of an endpoint map: what they stand for, and how a value is written where it stands.
 */
#include "batch/ca/emca_map.h"

#include "formats/base/sha.h"
#include "formats/base/str.h"
#include "formats/crl.h"

#include <string.h>

static const char *csr_base64(const struct rest_asked *q)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    if (!q->call->order || !q->call->order->csr.n) {
        return NULL;
    }
    base64_encode(&b, q->call->order->csr.p, q->call->order->csr.n, 0);
    return arena_strdup(q->out->arena, buf_text(&b));
}

static const char *csr_pem(const struct rest_asked *q)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    if (!q->call->order || !q->call->order->csr.n) {
        return NULL;
    }
    pem_write(&b, "CERTIFICATE REQUEST", q->call->order->csr);
    return arena_strdup(q->out->arena, buf_text(&b));
}

static const char *application_id(const struct rest_asked *q)
{
    const bool known = q->call->step == STEP_POLL && emca_is_application_id(q->call->order_id);
    return known                 ? q->call->order_id
           : q->call->client_key ? emca_application_id(q->out->arena, q->call->client_key)
                                 : NULL;
}

static const char *common_name(const struct rest_asked *q)
{
    return q->call->order ? q->call->order->common_name : NULL;
}

static const char *issuing_ca(const struct rest_asked *q)
{
    return ((const struct emca_config *)q->config)->issuing_ca;
}

static const char *username(const struct rest_asked *q)
{
    return ((const struct emca_config *)q->config)->username;
}

static const char *client_id(const struct rest_asked *q)
{
    return ((const struct emca_config *)q->config)->client_id;
}

static const char *password(const struct rest_asked *q)
{
    return secret_bytes(&((const struct emca *)q->own)->password);
}

static const char *nonce(const struct rest_asked *q)
{
    return q->call->nonce;
}

static const char *order_id(const struct rest_asked *q)
{
    return q->call->revoke ? q->call->revoke->order : q->call->order_id;
}

static const char *serial(const struct rest_asked *q)
{
    const char *text = NULL;
    return emca_serial(q, &text) ? text : NULL;
}

static const char *reason(const struct rest_asked *q)
{
    const struct ca_revocation *r = q->call->revoke;
    return r ? arena_printf(q->out->arena, "%d", r->reason == REASON_NONE ? 0 : r->reason) : NULL;
}

static const char *reason_name(const struct rest_asked *q)
{
    const struct ca_revocation *r = q->call->revoke;
    return r ? revocation_reason_name(r->reason == REASON_NONE ? 0 : r->reason) : NULL;
}

static const char *comment(const struct rest_asked *q)
{
    const struct ca_revocation *r = q->call->revoke;
    const struct ca_order *o = q->call->order;
    return r ? r->comment : o ? o->comment : NULL;
}

enum { OPTIONAL = 1, SECRET = 2 };
static const struct {
    const char *word;
    const char *(*value)(const struct rest_asked *q);
    unsigned flags;
    const char *what;
} words[] = {
    {"csr_b64", csr_base64, 0, "a CSR"},
    {"csr_pem", csr_pem, 0, "a CSR"},
    {"common_name", common_name, 0, "a common name"},
    {"profile", emca_profile, 0, "a certificate profile"},
    {"subscriber_id", emca_subscriber, 0, "a subscriber (subscriber_id)"},
    {"application_id", application_id, 0, "a key of ours"},
    {"validity", emca_validity, OPTIONAL, ""},
    {"issuing_ca", issuing_ca, OPTIONAL, ""},
    {"order_id", order_id, 0, "the number of an order"},
    {"serial", serial, 0, "a serial number"},
    {"reason", reason, 0, "a reason"},
    {"reason_name", reason_name, 0, "a reason"},
    {"comment", comment, OPTIONAL, ""},
    {"nonce", nonce, 0, "a nonce"},
    {"username", username, 0, "a user (username)"},
    {"client_id", client_id, 0, "a client id (client_id)"},
    {"password", password, SECRET, "a password"},
};

/* Up to the end of a ${word}; NULL: there is no more. */
static const char *next_word(const char *text, const char **word, size_t *n)
{
    const char *at = strstr(text, "${");
    if (!at) {
        return NULL;
    }
    *word = at + 2;
    *n = strcspn(*word, "}");
    return at;
}

static size_t find(const char *word, size_t n)
{
    size_t i = 0;
    while (i < NITEMS(words) &&
           (strlen(words[i].word) != n || memcmp(words[i].word, word, n) != 0)) {
        i++;
    }
    return i;
}

const char *emca_strange_word(struct arena *a, const char *text, bool secrets)
{
    const char *word;
    size_t n;
    while (next_word(text, &word, &n)) {
        const size_t i = find(word, n);
        if (!word[n] || i == NITEMS(words) || (!secrets && words[i].flags & SECRET)) {
            return arena_strndup(a, word, n);
        }
        text = word + n + 1;
    }
    return NULL;
}

/* As the content of a JSON string. What a writer makes of it, without its quotes. */
static void put_json_text(struct buf *out, const char *value)
{
    static const char hex[] = "0123456789abcdef";
    for (; *value; value++) {
        const unsigned char c = (unsigned char)*value;
        if (c == '"' || c == '\\') {
            buf_putc(out, '\\');
            buf_putc(out, *value);
        } else if (c < 0x20) {
            buf_puts(out, "\\u00");
            buf_putc(out, hex[c >> 4]);
            buf_putc(out, hex[c & 15]);
        } else {
            buf_putc(out, *value);
        }
    }
}

static bool put_value(const struct rest_asked *q, const char *value, enum emca_place place,
                      struct buf *out)
{
    if (place == EMCA_IN_PATH) {
        request_put_escaped(out, value);
        return true;
    }
    if (place == EMCA_IN_BODY) {
        put_json_text(out, value);
        return true;
    }
    for (const char *p = value; *p; p++) {
        if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7F) {
            return err_set(q->err, ERR_INPUT, "a value that is no text of a header stands in one");
        }
    }
    buf_puts(out, value);
    return true;
}

bool emca_fill(const struct rest_asked *q, const char *text, enum emca_place place, struct buf *out)
{
    const char *word, *at;
    size_t n;
    while ((at = next_word(text, &word, &n)) != NULL) {
        const size_t i = find(word, n);
        const char *value = i < NITEMS(words) ? words[i].value(q) : NULL;
        if (i == NITEMS(words) || ((!value || !*value) && !(words[i].flags & OPTIONAL))) {
            /* or the value itself said why */
            return q->err->code == ERR_NONE &&
                   err_set(q->err, ERR_INPUT, "the endpoint map wants %s, and there is none",
                           i < NITEMS(words) ? words[i].what : "something unknown");
        }
        buf_add(out, text, (size_t)(at - text));
        if (value && !put_value(q, value, place, out)) {
            return false;
        }
        text = word + n + 1;
    }
    buf_puts(out, text);
    return !buf_failed(out) || err_set(q->err, ERR_INPUT, "the request is too long");
}
