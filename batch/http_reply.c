/* SPDX-License-Identifier: Apache-2.0
 *
 * One transfer, seen from libcurl's callbacks. Ceilings are held here: CURLOPT_MAXFILESIZE does
 * not stop chunked bodies in libcurl 7.88 (its man page says so).
 */
#include "batch/http_parts.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

size_t http_on_body(char *p, size_t size, size_t n, void *transfer)
{
    struct transfer *t = transfer;
    struct buf *body = &t->x->reply->body;
    buf_add(body, p, size * n);
    t->too_large = buf_failed(body);
    return t->too_large ? 0 : size * n;
}

static void keep_header(const char *line, size_t n, const char *name, char out[HTTP_HEADER_KEPT])
{
    const size_t k = strlen(name);
    if (n <= k || line[k] != ':') {
        return;
    }
    for (size_t i = 0; i < k; i++) {
        if (ascii_lower(line[i]) != name[i]) {
            return;
        }
    }
    const char *value = line + k + 1;
    size_t left = n - k - 1;
    while (left && (*value == ' ' || *value == '\t')) {
        value++;
        left--;
    }
    while (left && (unsigned char)value[left - 1] <= ' ') {
        left--;
    }
    if (left < HTTP_HEADER_KEPT) {
        memcpy(out, value, left);
        out[left] = '\0';
    }
}

/* A server that has begun to answer must go on; before that it may think as long as the whole
 * request may take (orders were seen to take two minutes). */
static void expect_progress(struct transfer *t)
{
    (void)curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, (long)HTTP_SLOW_BYTES);
    (void)curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, (long)HTTP_SLOW_SECONDS);
}

/* "HTTP/1.1 1xx": another response follows (RFC 9110, 15.2). */
static bool is_interim(const char *line, size_t n)
{
    const char *blank = memchr(line, ' ', n);
    return blank && blank + 1 < line + n && blank[1] == '1';
}

static int status_of(const char *line, size_t n)
{
    const char *blank = memchr(line, ' ', n);
    int status = 0;
    for (size_t i = 1; blank && i <= 3 && blank + i < line + n; i++) {
        status = blank[i] >= '0' && blank[i] <= '9' ? status * 10 + blank[i] - '0' : 0;
    }
    return status;
}

size_t http_on_header(char *p, size_t size, size_t n, void *transfer)
{
    struct transfer *t = transfer;
    const size_t bytes = size * n;
    if (!t->header_bytes) {
        expect_progress(t);
    }
    t->header_bytes += bytes;
    if (bytes >= 5 && memcmp(p, "HTTP/", 5) == 0) {
        t->date[0] = t->retry_after[0] = '\0'; /* what came before was an interim response */
        t->interim = is_interim(p, bytes);
        t->status = t->interim ? 0 : status_of(p, bytes);
    }
    t->head_ended |= !t->interim && (p[0] == '\r' || p[0] == '\n');
    keep_header(p, bytes, "date", t->date);
    keep_header(p, bytes, "retry-after", t->retry_after);
    t->too_large = t->header_bytes > HTTP_HEADERS_MAX;
    return t->too_large ? 0 : bytes;
}

static bool is_this_machine(const char *ip)
{
    return ip && (str_starts(ip, "127.") || str_eq(ip, "::1") || str_starts(ip, "::ffff:127."));
}

/* The first leg of NTLM carries no body, whatever the method (Curl_http_output_auth, "authneg"):
 * its answer is the challenge. So nothing can have been carried out before the second. */
static bool only_greeted(const struct transfer *t)
{
    return t->legs == 1 && t->x->request->login.kind == LOGIN_NTLM &&
           !str_eq(t->x->request->method, "GET");
}

/* A request that changes something goes on the wire again only where the server itself asked for
 * the next leg of a login, 401, or has seen no body yet; and no more often than the login takes:
 * libcurl would answer challenges for ever. libcurl has a reason of its own: the second leg is on a
 * connection that is in use already, and when such a one dies before the first octet of an answer,
 * libcurl begins anew by itself (Curl_retry_request). A server that enrolled before the connection
 * died would enrol twice. */
static bool may_go_again(const struct transfer *t)
{
    static const unsigned legs[] = {
        [LOGIN_NONE] = 1, [LOGIN_BASIC] = 1, [LOGIN_NTLM] = 2, [LOGIN_NEGOTIATE] = 3};
    const struct ca_request *r = t->x->request;
    const bool once = step_changes_state(r->call->step) || r->call->step == STEP_TOKEN;
    if (!once) {
        return t->legs < HTTP_LEGS;
    }
    return t->legs < legs[r->login.kind] && t->head_ended && (t->status == 401 || only_greeted(t));
}

/* What the answer to the last leg left behind goes, and the server may think again. */
static void begin_again(struct transfer *t)
{
    (void)curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, 0L);
    buf_reset(&t->x->reply->body);
    t->header_bytes = 0;
    t->head_ended = t->interim = false;
    t->status = 0;
}

/* The connection and its TLS stand, the request is about to be written: before the first call
 * nothing has left. Called for every leg. */
int http_on_begin(void *transfer, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
    struct transfer *t = transfer;
    (void)own_ip;
    (void)peer_port;
    (void)own_port;
    if (t->loopback_only && !is_this_machine(peer_ip)) {
        t->stranger = true; /* "localhost" may resolve to anything */
        return CURL_PREREQFUNC_ABORT;
    }
    if (t->begun && !may_go_again(t)) {
        t->again = true;
        return CURL_PREREQFUNC_ABORT;
    }
    if (t->begun) {
        begin_again(t);
    }
    t->legs++;
    t->begun = true;
    return CURL_PREREQFUNC_OK;
}

/* --- the end --- */
static int64_t at_most(uint64_t seconds)
{
    return seconds < INT32_MAX ? (int64_t)seconds : INT32_MAX;
}

static int64_t seconds_of(const char *digits)
{
    uint64_t n = 0;
    const char *number = digits + strspn(digits, "0");
    return !*number || str_u64(number, &n) ? at_most(n) : INT32_MAX;
}

/* RFC 9110, 10.2.3: seconds or a date; the date is the server's, so its own clock measures it.
 * Digits are never a date to us: curl_getdate() takes eight of them for one. */
static int64_t retry_after(const struct transfer *t, int64_t date)
{
    const char *text = t->retry_after;
    if (!text[0]) {
        return -1;
    }
    if (strspn(text, "0123456789") == strlen(text)) {
        return seconds_of(text);
    }
    const int64_t at = (int64_t)curl_getdate(text, NULL);
    const int64_t from = date == TIME_NONE ? time_now() : date;
    return at < 0 ? -1 : at > from ? at_most((uint64_t)(at - from)) : 0;
}

static const char *media_type(struct arena *a, const char *header)
{
    char *text = header ? str_lower(a, header) : NULL;
    if (text) {
        text[strcspn(text, "; \t")] = '\0';
    }
    return text && text[0] ? text : NULL;
}

static const char *explain(const struct transfer *t, const char *text)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(2048);
    buf_puts(&b, text);
    if (t->error[0] && !t->too_large && !t->stranger && !t->again) {
        buf_puts(&b, " (");
        str_vis(&b, t->error, strlen(t->error), 300);
        buf_puts(&b, ")");
    }
    return arena_strdup(t->x->request->arena, buf_text(&b));
}

/* libcurl 7.88 hands out no number of a TLS failure, but its text holds that of libcrypto:
 * "OpenSSL/3.0.19: error:0A00042E:SSL routines::...". 0A is the library, the rest the reason. */
static unsigned tls_reason(const char *error)
{
    static const char mark[] = "error:0A";
    const char *at = strstr(error, mark);
    uint8_t b[3];
    if (!at || strlen(at) < strlen(mark) + 6 || !hex_decode(at + strlen(mark), 6, b)) {
        return 0;
    }
    return (unsigned)b[0] << 16 | (unsigned)b[1] << 8 | b[2];
}

/* Those the kind of CA wants, of the final response, repeated ones one after another. */
static void keep_headers(const struct transfer *t, struct ca_reply *r, struct arena *a)
{
    const char *const *names = t->peer->ca->type->reply_headers;
    struct curl_header *h = NULL;
    struct ca_header *kept = NULL;
    for (; names && *names; names++) {
        for (size_t i = 0; curl_easy_header(t->easy, *names, i, CURLH_HEADER, -1, &h) == CURLHE_OK;
             i++) {
            kept = kept ? kept : arena_array(a, HTTP_HEADERS_KEPT, sizeof *kept);
            if (r->nheaders < HTTP_HEADERS_KEPT) {
                kept[r->nheaders++] = (struct ca_header){*names, arena_strdup(a, h->value)};
            }
        }
    }
    r->headers = kept;
}

void http_reply_finish(struct transfer *t, CURLcode code)
{
    struct ca_reply *r = t->x->reply;
    struct arena *a = t->x->request->arena;
    long sent = 0, status = 0, connect_status = 0;
    char *type = NULL, *location = NULL;
    (void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
    (void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
    (void)curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &location);
    /* A login that went on for too long: the last 401 is the answer. */
    const bool refused = t->again && t->head_ended && t->status == 401;
    status = t->legs > 1 ? t->status : status; /* not that of an earlier leg */
    const struct attempt attempt = {.curl = refused ? CURLE_OK : (int)code,
                                    .left = t->begun && sent > 0 && !only_greeted(t),
                                    .again = t->again,
                                    .too_large = t->too_large,
                                    .stranger = t->stranger,
                                    .cut = !t->head_ended,
                                    .connect_status = (int)connect_status,
                                    .tls_reason = tls_reason(t->error)};
    const struct attempt_verdict v = attempt_judge(&attempt);
    const long long date = t->date[0] ? (long long)curl_getdate(t->date, NULL) : -1;
    r->transport = v.transport;
    r->lasting = v.lasting;
    r->transport_message = v.text ? explain(t, v.text) : NULL;
    r->http_status = (int)status;
    r->date = date >= 0 ? (int64_t)date : TIME_NONE;
    r->retry_after_seconds = retry_after(t, r->date);
    r->content_type = media_type(a, type);
    r->location = location ? arena_strdup(a, location) : NULL;
    keep_headers(t, r, a);
}
