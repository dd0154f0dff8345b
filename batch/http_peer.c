/* SPDX-License-Identifier: Apache-2.0
 *
 * One CA as a peer: what its configuration says about TLS, proxy, limits and deadlines, and the
 * one place where options of a transfer are set. Each option is set for each transfer: nothing is
 * left to defaults that differ between builds of libcurl or come from the environment.
 */
#include "batch/http_parts.h"

#include "batch/config.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- opening --- */
static bool open_proxy(struct http_peer *p, const struct ca_proxy *proxy, const char *dir,
                       struct err *err)
{
    CLEANUP(buf_release) struct buf url = BUF_INIT(1024);
    if (proxy->host) {
        const bool v6 = strchr(proxy->host, ':') && proxy->host[0] != '[';
        buf_printf(&url, v6 ? "http://[%s]:%lld" : "http://%s:%lld", proxy->host,
                   (long long)proxy->port);
    }
    p->proxy = xstrdup(buf_text(&url));
    return !proxy->host || proxy->password.kind == SECRET_NONE ||
           secret_load(&proxy->password, dir, &p->proxy_password, err) ||
           err_wrap(err, "proxy.password");
}

/* libcurl reads roots anew for every connection, unless they are a file, which it keeps parsed: so
 * those in memory are given a name there (memfd_create(2)). They also keep CAs apart, of which each
 * has a file of its own: no connection or TLS session of one serves another. Without /proc the
 * roots stay a blob, which is slower. */
static void name_roots(struct http_peer *p)
{
    struct err ignored = ERR_INIT;
    const int fd = p->trust.own_roots ? memfd_create("roots", MFD_CLOEXEC) : -1;
    (void)snprintf(p->roots_path, sizeof p->roots_path, "/proc/self/fd/%d", fd);
    if (fd >= 0 && fs_write_all(fd, p->trust.roots.p, p->trust.roots.n, &ignored) &&
        access(p->roots_path, R_OK) == 0) {
        p->roots_fd = fd;
    } else if (fd >= 0) {
        (void)close(fd);
    }
}

bool http_peer_open(struct http *h, const struct ca *ca, struct http_peer **out, struct err *err)
{
    struct http_peer **list = http_peers(h);
    for (struct http_peer *p = *list; p; p = p->next) {
        if (p->ca == ca) {
            *out = p;
            return true;
        }
    }
    const struct ca_common *c = &ca->config->common;
    struct http_peer *p = xcalloc(1, sizeof *p);
    *p = (struct http_peer){.ca = ca,
                            .trust = HTTP_TRUST_INIT,
                            .roots_fd = -1,
                            .limit = ca_in_flight(ca->config),
                            .rate = ca_requests_per_second(ca->config)};
    if (!http_trust_read(&c->tls, ca->config_dir, &p->trust, err) ||
        !open_proxy(p, &c->proxy, ca->config_dir, err)) {
        http_peer_free(p);
        return err_wrap(err, "CA %s", ca->name);
    }
    name_roots(p);
    p->next = *list;
    *out = *list = p;
    return true;
}

void http_peer_free(struct http_peer *p)
{
    if (p->roots_fd >= 0) {
        (void)close(p->roots_fd);
    }
    http_trust_release(&p->trust);
    secret_release(&p->proxy_password);
    free(p->proxy);
    free(p->v);
    free(p);
}

/* --- a transfer's options --- */
struct applying {
    const struct http_peer *peer;
    struct transfer *t;
    const struct ca_request *request;
    CURLcode failed; /* the first */
};

static void check(struct applying *a, CURLcode code)
{
    a->failed = a->failed ? a->failed : code;
}
#define SET(a, option, value) check((a), curl_easy_setopt((a)->t->easy, option, value))

static void set_blob(struct applying *a, CURLoption option, const struct buf *pem)
{
    struct curl_blob blob = {pem->p, pem->n, CURL_BLOB_NOCOPY};
    SET(a, option, &blob);
}

static void set_tls(struct applying *a)
{
    const struct http_trust *t = &a->peer->trust;
    SET(a, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(a, CURLOPT_SSL_VERIFYHOST, 2L);
    SET(a, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (a->peer->roots_fd >= 0) {
        SET(a, CURLOPT_CAINFO, a->peer->roots_path);
    } else if (t->own_roots) {
        set_blob(a, CURLOPT_CAINFO_BLOB, &t->roots);
    }
    if (t->own_roots || curl_version_info(CURLVERSION_NOW)->cainfo) {
        /* the directory of the system would count beside our roots; beside its own file it says
         * the same again, and keeps libcurl from holding the file parsed */
        SET(a, CURLOPT_CAPATH, NULL);
    }
    if (t->has_identity) {
        SET(a, CURLOPT_SSLCERTTYPE, "PEM");
        SET(a, CURLOPT_SSLKEYTYPE, "PEM");
        set_blob(a, CURLOPT_SSLCERT_BLOB, &t->certificate);
        set_blob(a, CURLOPT_SSLKEY_BLOB, &t->key);
    }
}

static void set_proxy(struct applying *a)
{
    const struct ca_proxy *proxy = &a->peer->ca->config->common.proxy;
    /* http:// is for this machine: a proxy, even one that is here, would take it elsewhere. */
    SET(a, CURLOPT_PROXY, a->t->loopback_only ? "" : a->peer->proxy);
    SET(a, CURLOPT_NOPROXY, "");
    SET(a, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(a, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE); /* ours are not for the proxy */
    if (proxy->host && proxy->username && !a->t->loopback_only) {
        SET(a, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
        SET(a, CURLOPT_PROXYUSERNAME, proxy->username);
        SET(a, CURLOPT_PROXYPASSWORD, secret_bytes(&a->peer->proxy_password));
    }
}

/* One way at a time: with several libcurl would first ask without any, and a POST would go twice.
 * Nothing is set when there is no login: what libcurl finds in the address is no login of ours. */
static void set_login(struct applying *a)
{
    static const long ways[] = {[LOGIN_NONE] = (long)CURLAUTH_NONE,
                                [LOGIN_BASIC] = (long)CURLAUTH_BASIC,
                                [LOGIN_NTLM] = (long)CURLAUTH_NTLM,
                                [LOGIN_NEGOTIATE] = (long)CURLAUTH_NEGOTIATE};
    const struct ca_http_login *login = &a->request->login;
    SET(a, CURLOPT_HTTPAUTH, ways[login->kind]);
    if (login->kind != LOGIN_NONE) {
        /* Negotiate wants a user to be set; none means that of the ticket (CURLOPT_HTTPAUTH(3)). */
        SET(a, CURLOPT_USERNAME, login->user ? login->user : "");
        SET(a, CURLOPT_PASSWORD, login->password ? secret_bytes(login->password) : "");
    }
}

/* NTLM and Negotiate prove who we are for a connection, not for a request (RFC 4559, 6): what
 * comes later on it is taken for the same person. Such a connection is of one request only. */
static bool is_bound_to_connection(const struct ca_http_login *login)
{
    return login->kind == LOGIN_NTLM || login->kind == LOGIN_NEGOTIATE;
}

/* The reply's connection is not one that carried anything before, nor will it be used again:
 * libcurl re-sends a request of any method when a reused connection dies before the first octet
 * of the answer. HTTP/1.1, because HTTP/2 has replays of its own (REFUSED_STREAM). */
static void set_once(struct applying *a)
{
    const enum ca_step step = a->request->call->step;
    const long once = step_changes_state(step) || step == STEP_TOKEN ||
                      is_bound_to_connection(&a->request->login);
    SET(a, CURLOPT_FRESH_CONNECT, once);
    SET(a, CURLOPT_FORBID_REUSE, once);
    SET(a, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(a, CURLOPT_HTTP09_ALLOWED, 0L);
    SET(a, CURLOPT_FOLLOWLOCATION, 0L);
    SET(a, CURLOPT_USERAGENT, "certbatch/" CERTBATCH_VERSION);
    SET(a, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
}

static void set_limits(struct applying *a)
{
    const struct ca_timeouts *w = &a->peer->ca->config->common.timeouts;
    SET(a, CURLOPT_NOSIGNAL, 1L);
    SET(a, CURLOPT_CONNECTTIMEOUT, (long)w->connect_seconds);
    SET(a, CURLOPT_TIMEOUT, (long)w->request_seconds);
    SET(a, CURLOPT_WRITEFUNCTION, http_on_body);
    SET(a, CURLOPT_WRITEDATA, a->t);
    SET(a, CURLOPT_HEADERFUNCTION, http_on_header);
    SET(a, CURLOPT_HEADERDATA, a->t);
    SET(a, CURLOPT_PREREQFUNCTION, http_on_begin);
    SET(a, CURLOPT_PREREQDATA, a->t);
    SET(a, CURLOPT_ERRORBUFFER, a->t->error);
}

static void add_header(struct applying *a, const char *text)
{
    struct curl_slist *longer = curl_slist_append(a->t->headers, text);
    if (longer) {
        a->t->headers = longer;
    } else {
        check(a, CURLE_OUT_OF_MEMORY);
    }
}

static void set_headers(struct applying *a)
{
    const struct ca_request *r = a->request;
    CLEANUP(buf_wipe) struct buf line = BUF_INIT(LIMIT_INPUT_BYTES);
    for (const char *const *h = r->headers; h && *h; h++) {
        add_header(a, *h);
    }
    for (size_t i = 0; i < CA_SECRET_HEADERS && r->secret_headers[i].name; i++) {
        const struct ca_secret_header *s = &r->secret_headers[i];
        buf_reset(&line);
        buf_printf(&line, "%s: %s%s", s->name, s->prefix ? s->prefix : "", secret_bytes(s->value));
        add_header(a, buf_text(&line));
    }
    if (r->content_type) {
        buf_reset(&line);
        buf_printf(&line, "Content-Type: %s", r->content_type);
        add_header(a, buf_text(&line));
    }
    add_header(a, "Expect:"); /* no 100-continue round trip */
    SET(a, CURLOPT_HTTPHEADER, a->t->headers);
}

static void set_request(struct applying *a)
{
    const struct ca_request *r = a->request;
    SET(a, CURLOPT_URL, r->url);
    SET(a, CURLOPT_PROTOCOLS_STR, a->t->loopback_only ? "http" : "https");
    SET(a, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    if (str_eq(r->method, "GET")) {
        SET(a, CURLOPT_HTTPGET, 1L);
        return;
    }
    SET(a, CURLOPT_POST, 1L);
    SET(a, CURLOPT_POSTFIELDS, buf_text(&r->body)); /* not copied: it stays until the end */
    SET(a, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
    if (!str_eq(r->method, "POST")) {
        SET(a, CURLOPT_CUSTOMREQUEST, r->method);
    }
}

/* --- what never leaves --- */
/* RFC 9110, 5.5. libcurl writes what it is given: a line break in a value, say in a secret of two
 * lines, would begin a header or a request of somebody else's making. */
static bool is_one_line(const char *text)
{
    for (const char *p = text; p && *p; p++) {
        if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f) {
            return false;
        }
    }
    return true;
}

/* The name of the first header that is not one line; NULL = all are. */
static const char *broken_header(const struct ca_request *r)
{
    for (const char *const *h = r->headers; h && *h; h++) {
        if (!is_one_line(*h)) {
            return str_vis_dup(r->arena, *h, strcspn(*h, ":\r\n"));
        }
    }
    for (size_t i = 0; i < CA_SECRET_HEADERS && r->secret_headers[i].name; i++) {
        const struct ca_secret_header *s = &r->secret_headers[i];
        if (!is_one_line(s->name) || !is_one_line(s->prefix) ||
            !is_one_line(secret_bytes(s->value))) {
            return s->name;
        }
    }
    return is_one_line(r->content_type) ? NULL : "Content-Type";
}

/* Why nothing of the request may leave; NULL = it may. */
static const char *refusal(const struct transfer *t)
{
    const struct ca_request *r = t->x->request;
    const char *header = broken_header(r);
    if (header) {
        return arena_printf(r->arena,
                            "the value of the header %s holds a line break or another control "
                            "character: nothing was sent",
                            header);
    }
    if (r->login.kind == LOGIN_BASIC && r->login.user && strchr(r->login.user, ':')) {
        return "the user of HTTP Basic has a colon, which would end it: nothing was sent";
    }
    if (r->method[strspn(r->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] || !r->method[0]) {
        return "the method is not a word of capital letters: nothing was sent";
    }
    if (t->loopback_only && !url_is_loopback(r->url)) {
        return "http:// reaches this machine only, use https://: nothing was sent";
    }
    return NULL;
}

bool http_peer_apply(const struct http_peer *p, struct transfer *t)
{
    static void (*const parts[])(struct applying *) = {
        set_request, set_tls, set_proxy, set_once, set_login, set_limits, set_headers};
    struct applying a = {p, t, t->x->request, CURLE_OK};
    t->loopback_only = strncasecmp(t->x->request->url, "http:", 5) == 0;
    t->x->reply->transport_message = refusal(t);
    if (t->x->reply->transport_message) {
        return false;
    }
    for (size_t i = 0; i < NITEMS(parts); i++) {
        parts[i](&a);
    }
    SET(&a, CURLOPT_PRIVATE, t);
    if (a.failed) {
        t->x->reply->transport_message = curl_easy_strerror(a.failed);
    }
    return !a.failed;
}
