/* SPDX-License-Identifier: Apache-2.0
 *
 * See reach.h: a TLS handshake to look at. libssl's default for a client is not to verify, which is
 * what is wanted: the certificate that is refused later must be shown. Nothing is ever written to
 * the connection after the handshake.
 */
#include "batch/reach.h"

#include "formats/base/time.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* The reason alone: data strings of the error queue may carry input. */
static void say_why(struct reach_tls *out)
{
    const unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    (void)snprintf(out->why, sizeof out->why, "%s",
                   reason ? reason : "the other side closed the connection");
    ERR_clear_error();
}

/* True: it may go on. */
static bool wait_for(int fd, int what, int64_t until)
{
    const int64_t left = until - time_monotonic_ms();
    struct pollfd p = {.fd = fd, .events = what == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN};
    return left > 0 && poll(&p, 1, (int)left) > 0;
}

static bool shake(SSL *ssl, int fd, int timeout_ms, struct reach_tls *out)
{
    const int64_t until = time_monotonic_ms() + timeout_ms;
    for (;;) {
        ERR_clear_error();
        const int rc = SSL_connect(ssl);
        const int what = rc == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl, rc);
        if (rc == 1) {
            return true;
        }
        if (what != SSL_ERROR_WANT_READ && what != SSL_ERROR_WANT_WRITE) {
            say_why(out);
            return false;
        }
        if (!wait_for(fd, what, until)) {
            (void)snprintf(out->why, sizeof out->why, "no answer to the handshake in time");
            return false;
        }
    }
}

static void keep_certificate(SSL *ssl, const struct reach *r, struct arena *a,
                             struct reach_tls *out)
{
    struct err err = ERR_INIT;
    X509 *x = SSL_get1_peer_certificate(ssl);
    unsigned char *der = NULL;
    const int n = x ? i2d_X509(x, &der) : 0;
    if (n > 0) {
        const struct span kept = {arena_memdup(a, der, (size_t)n), (size_t)n};
        out->has_certificate = cert_parse(a, kept, &out->certificate, &err);
        out->names_host =
            X509_check_host(x, r->host, 0, 0, NULL) == 1 || X509_check_ip_asc(x, r->host, 0) == 1;
    }
    OPENSSL_free(der);
    X509_free(x);
    ERR_clear_error();
}

static void talk(SSL *ssl, int fd, const struct reach *r, int timeout_ms, struct arena *a,
                 struct reach_tls *out)
{
    const bool is_address = r->host[strspn(r->host, "0123456789.")] == '\0' || strchr(r->host, ':');
    /* RFC 6066, 3: names only, no addresses */
    if (SSL_set_fd(ssl, fd) != 1 || (!is_address && SSL_set_tlsext_host_name(ssl, r->host) != 1)) {
        say_why(out);
        return;
    }
    out->complete = shake(ssl, fd, timeout_ms, out);
    out->protocol = out->complete ? SSL_get_version(ssl) : NULL;
    keep_certificate(ssl, r, a, out);
}

bool reach_tls(const struct reach *r, int timeout_ms, struct arena *a, struct reach_tls *out)
{
    CLEANUP(closep) int fd = -1;
    *out = (struct reach_tls){0};
    const int error = reach_connect((const struct sockaddr *)&r->at, r->at_size, timeout_ms, &fd);
    if (error) {
        (void)snprintf(out->why, sizeof out->why, "%s", strerror(error));
        return false;
    }
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = ctx && SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) ? SSL_new(ctx) : NULL;
    if (ssl) {
        talk(ssl, fd, r, timeout_ms, a, out);
    } else {
        say_why(out);
    }
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return out->complete;
}
