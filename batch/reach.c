/* SPDX-License-Identifier: Apache-2.0
 *
 * See reach.h.
 */
#include "batch/reach.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ADDRESSES_MAX = 16 };

/* The digits after the host, else the port of the scheme. */
static void port_of(struct reach *r, const char *url)
{
    const char *authority = strstr(url, "://") + 3;
    const char *colon = *authority == '[' ? strchr(authority, ']') : authority;
    const size_t length = strcspn(authority, "/?#");
    colon = colon ? strchr(colon, ':') : NULL;
    const size_t n = colon && colon < authority + length ? strspn(colon + 1, "0123456789") : 0;
    (void)snprintf(r->port, sizeof r->port, "%.*s", n && n < 6 ? (int)n : 3,
                   n && n < 6                   ? colon + 1
                   : str_starts(url, "http://") ? "80"
                                                : "443");
}

bool reach_target(struct reach *r, const struct ca_config *config, const char *url)
{
    const struct ca_proxy *proxy = &config->common.proxy;
    *r = (struct reach){.proxy = proxy->host != NULL};
    if (!url_host(url, r->host, sizeof r->host)) {
        return false;
    }
    port_of(r, url);
    r->tls = !r->proxy && !str_starts(url, "http://");
    if (r->proxy) {
        (void)snprintf(r->host, sizeof r->host, "%s", proxy->host);
        (void)snprintf(r->port, sizeof r->port, "%d", (int)proxy->port);
    }
    return true;
}

static void says(struct reach *r, const char *why)
{
    (void)snprintf(r->why, sizeof r->why, "%s", why);
}

/* Waits for a connection that is being made; what became of it as errno. */
static int finish_connect(int fd, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t n = sizeof error;
    const int ready = poll(&p, 1, timeout_ms);
    if (ready <= 0) {
        return ready == 0 ? ETIMEDOUT : errno;
    }
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 ? error : errno;
}

int reach_connect(const struct sockaddr *at, socklen_t size, int timeout_ms, int *fd)
{
    *fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0) {
        return errno;
    }
    if (connect(*fd, at, size) == 0) {
        return 0;
    }
    return errno == EINPROGRESS ? finish_connect(*fd, timeout_ms) : errno;
}

static bool connects(struct reach *r, const struct addrinfo *a, int timeout_ms)
{
    CLEANUP(closep) int fd = -1;
    const int error = reach_connect(a->ai_addr, a->ai_addrlen, timeout_ms, &fd);
    memcpy(&r->at, a->ai_addr, a->ai_addrlen);
    r->at_size = a->ai_addrlen;
    (void)getnameinfo(a->ai_addr, a->ai_addrlen, r->address, sizeof r->address, NULL, 0,
                      NI_NUMERICHOST);
    if (error) {
        says(r, strerror(error));
    }
    return !error;
}

bool reach_try(struct reach *r, int timeout_ms)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    const int failed = getaddrinfo(r->host, r->port, &hints, &list);
    r->stage = failed ? REACH_UNKNOWN_HOST : REACH_NO_ANSWER;
    if (failed) {
        says(r, gai_strerror(failed));
        return false;
    }
    for (struct addrinfo *a = list; a; a = a->ai_next) {
        r->naddresses++;
    }
    size_t tried = 0;
    for (struct addrinfo *a = list; a && tried < ADDRESSES_MAX; a = a->ai_next, tried++) {
        if (connects(r, a, timeout_ms)) {
            r->stage = REACH_CONNECTED;
            break;
        }
    }
    freeaddrinfo(list);
    return r->stage == REACH_CONNECTED;
}
