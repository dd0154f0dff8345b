/* SPDX-License-Identifier: Apache-2.0
 *
 * See request.h.
 */
#include "batch/ca/request.h"

#include <string.h>

void request_digest(struct ca_request *r)
{
    struct sha256 s;
    sha256_begin(&s);
    sha256_add(&s, r->method, strlen(r->method) + 1);
    sha256_add(&s, r->url, strlen(r->url) + 1);
    if (!r->body_is_secret) {
        sha256_add(&s, r->body.p, r->body.n);
    }
    sha256_end(&s, r->digest);
}

void request_put_escaped(struct buf *b, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *text; text++) {
        if (strchr(plain, *text)) {
            buf_putc(b, *text);
        } else {
            buf_printf(b, "%%%02X", (unsigned)(unsigned char)*text);
        }
    }
}

bool request_secret_header(struct ca_request *r, const char *name, const char *prefix,
                           const struct secret *value, struct err *err)
{
    for (size_t i = 0; i < CA_SECRET_HEADERS; i++) {
        if (!r->secret_headers[i].name) {
            r->secret_headers[i] = (struct ca_secret_header){name, prefix, value};
            return true;
        }
    }
    return err_set(err, ERR_INTERNAL, "a request has room for %d secret headers",
                   CA_SECRET_HEADERS);
}

const char *request_base(struct arena *a, const char *url)
{
    size_t n = strlen(url);
    while (n && url[n - 1] == '/') {
        n--;
    }
    return arena_strndup(a, url, n);
}
