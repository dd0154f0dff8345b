/* SPDX-License-Identifier: Apache-2.0
 *
 * Once the wire is closed, nothing in the memory of the process shows what was sent: credentials in
 * headers, a secret body, the password of a proxy. Every writable mapping is searched, so that the
 * copies libcurl makes count too.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/http_fixture.h"

#include <fcntl.h>

/* Kept as it must not be found: each octet is one less than that of the secret. */
enum { CANARY = 32, CANARY_SEEN = 16, MAPPING_MAX = 1 << 26 /* sanitizers map terabytes */ };
static const char masked[CANARY + 1] = "@qdhn1cfUgj5FTm.Y`t3Wd7Hbx0Lnp8Z";

static void unmask(char out[CANARY + 1])
{
    for (size_t i = 0; i < CANARY; i++) {
        out[i] = (char)(masked[i] + 1);
    }
    out[CANARY] = '\0';
}

/* Compared octet by octet: the secret is nowhere but where it is looked for. */
static size_t traces_of_half(const char *p, size_t n, const char *half)
{
    const char *const end = p + n;
    size_t found = 0;
    while (p + CANARY_SEEN <= end && (p = memchr(p, half[0] + 1, (size_t)(end - p))) != NULL) {
        size_t k = 0;
        while (k < CANARY_SEEN && p + k < end && p[k] == (char)(half[k] + 1)) {
            k++;
        }
        found += k == CANARY_SEEN;
        p++;
    }
    return found;
}

/* Either half is enough of a trace: the beginning may be overwritten. */
static size_t traces(const char *p, size_t n)
{
    return traces_of_half(p, n, masked) + traces_of_half(p, n, masked + CANARY_SEEN);
}

static size_t traces_in_memory(void)
{
    static char line[512], chunk[1 << 16];
    size_t found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    const int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    assert_true(maps && mem >= 0);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char mode[5];
        if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) != 3 || mode[0] != 'r' ||
            mode[1] != 'w' || to - from > MAPPING_MAX) {
            continue;
        }
        for (unsigned long at = from; at < to; at += sizeof chunk - CANARY_SEEN) {
            const size_t want = to - at < sizeof chunk ? to - at : sizeof chunk;
            memset(chunk, 0, sizeof chunk);
            const ssize_t got = pread(mem, chunk, want, (off_t)at);
            found += got > 0 ? traces(chunk, (size_t)got) : 0;
        }
        memset(chunk, 0, sizeof chunk);
    }
    (void)fclose(maps);
    (void)close(mem);
    return found;
}

static struct secret canary(void)
{
    char text[CANARY + 1];
    struct secret s = SECRET_INIT;
    unmask(text);
    secret_set(&s, text, CANARY);
    explicit_bzero(text, sizeof text);
    return s;
}

static void talk_ok(struct conn *c)
{
    while (conn_request(c) && conn_ok(c, "{}")) {
    }
}

static void talk_hang(struct conn *c)
{
    (void)conn_request(c);
    conn_hang(c);
}

static void talk_no_tunnel(struct conn *c)
{
    if (conn_request(c)) {
        (void)conn_say(c, "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n");
        conn_finish(c);
    }
}

/* The search itself: what is there is found, what was released is not. */
static void test_search(void **state)
{
    (void)state;
    assert_int_equal(traces_in_memory(), 0);
    struct secret s = canary();
    char *copy = xstrdup(secret_bytes(&s));
    assert_true(traces_in_memory() >= 1);
    explicit_bzero(copy, CANARY);
    free(copy);
    secret_release(&s);
    assert_int_equal(traces_in_memory(), 0);
}

enum place { IN_HEADER, IN_BODY };

static struct letter *secret_letter(struct link *l, const char *url, enum place place,
                                    const struct secret *value)
{
    struct letter *x = letter_post(l, STEP_TOKEN, url, "");
    if (place == IN_BODY) {
        x->request.body_is_secret = true;
        buf_puts(&x->request.body, secret_bytes(value));
    } else {
        buf_puts(&x->request.body, "{}");
        x->request.secret_headers[0] = (struct ca_secret_header){"Authorization", "Bearer ", value};
    }
    return x;
}

static void sent(enum place place, void (*talk)(struct conn *), enum outcome outcome,
                 unsigned times)
{
    struct server s;
    struct link l;
    server_start(&s, talk,
                 NULL); /* first: a new thread inherits vector registers, and saves them */
    struct secret value = canary();
    link_open(&l, "    timeouts: {request_seconds: 1}\n");
    for (unsigned i = 0; i < times; i++) {
        struct letter *x =
            link_send(&l, secret_letter(&l, server_url(&l, &s, "http"), place, &value));
        assert_int_equal(x->reply.transport, outcome);
        buf_wipe(&x->request.body);
    }
    secret_release(&value);
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.posts, times);
    server_release(&s);
    assert_int_equal(traces_in_memory(), 0);
}

static void test_header(void **state)
{
    (void)state;
    sent(IN_HEADER, talk_ok, OUTCOME_ACCEPTED, 3);
    sent(IN_HEADER, talk_hang, OUTCOME_UNKNOWN, 1);
}

static void test_body(void **state)
{
    (void)state;
    sent(IN_BODY, talk_ok, OUTCOME_ACCEPTED, 3);
    sent(IN_BODY, talk_hang, OUTCOME_UNKNOWN, 1);
}

/* --- logins of HTTP --- */
#define CHALLENGE                                                                                  \
    "TlRMTVNTUAACAAAACAAIADAAAAAFgokAASNFZ4mrze8AAAAAAAAAABAAEAA4AAAAQwBPAFIAUAACAAgAQwBPAFIAUAAA" \
    "AAAA"

static void talk_ntlm(struct conn *c)
{
    while (conn_request(c)) {
        if (!(strstr(c->in, "TlRMTVNTUAAD")
                  ? conn_ok(c, "{}")
                  : conn_say(c, "HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM " CHALLENGE
                                "\r\nContent-Length: 0\r\n\r\n"))) {
            return;
        }
    }
}

static void log_in(int kind, void (*talk)(struct conn *), unsigned requests)
{
    struct server s;
    struct link l;
    server_start(&s, talk, NULL);
    struct secret value = canary();
    link_open(&l, "");
    for (int i = 0; i < 2; i++) {
        struct letter *x = letter_post(&l, STEP_ORDER, server_url(&l, &s, "http"), "{}");
        x->request.login.kind = kind;
        x->request.login.user = "CORP\\svc";
        x->request.login.password = &value;
        assert_int_equal(link_send(&l, x)->reply.http_status, 200);
    }
    secret_release(&value);
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.requests, requests);
    server_release(&s);
    assert_int_equal(traces_in_memory(), 0);
}

static void test_login(void **state)
{
    (void)state;
    log_in(LOGIN_BASIC, talk_ok, 2);
    log_in(LOGIN_NTLM, talk_ntlm, 4);
}

static void test_proxy_password(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    char keys[128], text[CANARY + 1];
    server_start(&s, talk_no_tunnel, NULL);
    link_begin(&l);
    unmask(text);
    link_text(&l, "password", text);
    explicit_bzero(text, sizeof text);
    (void)snprintf(keys, sizeof keys,
                   "    proxy: {host: 127.0.0.1, port: %u, username: svc, "
                   "password: {file: password}}\n",
                   s.port);
    link_configure(&l, keys);
    const struct letter *x = link_send(&l, letter_get(&l, "https://127.0.0.1:9/"));
    assert_int_equal(x->reply.transport, OUTCOME_NOT_SENT);
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.requests, 1);
    server_release(&s);
    assert_int_equal(traces_in_memory(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search),         cmocka_unit_test(test_header),
        cmocka_unit_test(test_body),           cmocka_unit_test(test_login),
        cmocka_unit_test(test_proxy_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
