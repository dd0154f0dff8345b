/* SPDX-License-Identifier: Apache-2.0
 *
 * The outcome table, row by row and over every code libcurl has.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/http_attempt.h"
#include "formats/base/str.h"

#include <curl/curl.h>
#include <string.h>

/* What a person reads, and whether trying again is of use, when nothing left and when something
 * did. NULL: libcurl's own words. */
static const struct {
    int curl;
    bool lasting; /* when nothing left; never after that */
    const char *before, *after;
} table[] = {
    {CURLE_UNSUPPORTED_PROTOCOL, true, "only https://", "not HTTP"},
    {CURLE_FAILED_INIT, false, NULL, NULL},
    {CURLE_URL_MALFORMAT, true, "malformed", "malformed"},
    {CURLE_COULDNT_RESOLVE_PROXY, false, "proxy cannot be resolved", "proxy cannot be resolved"},
    {CURLE_COULDNT_RESOLVE_HOST, false, "host name cannot", "host name cannot"},
    {CURLE_COULDNT_CONNECT, false, "refused or cannot", "refused or cannot"},
    {CURLE_WEIRD_SERVER_REPLY, false, "not HTTP", "not HTTP"},
    {CURLE_HTTP2, false, "not HTTP/1.1", "not HTTP/1.1"},
    {CURLE_PARTIAL_FILE, false, "announced end", "announced end"},
    {CURLE_WRITE_ERROR, false, "could not be taken", "could not be taken"},
    {CURLE_READ_ERROR, false, NULL, NULL},
    {CURLE_OUT_OF_MEMORY, false, NULL, "larger than the limit"},
    {CURLE_OPERATION_TIMEDOUT, false, "in time", "in time"},
    {CURLE_HTTP_POST_ERROR, false, NULL, NULL},
    {CURLE_SSL_CONNECT_ERROR, false, "TLS handshake failed", "TLS handshake failed"},
    {CURLE_ABORTED_BY_CALLBACK, false, "was stopped", "was stopped"},
    {CURLE_TOO_MANY_REDIRECTS, false, NULL, NULL},
    {CURLE_GOT_NOTHING, false, "without a reply", "without a reply"},
    {CURLE_SEND_ERROR, false, "while the request was sent", "while the request was sent"},
    {CURLE_RECV_ERROR, false, "before the end of the reply", "before the end of the reply"},
    {CURLE_SSL_CERTPROBLEM, true, "client certificate or its key", "client certificate"},
    {CURLE_SSL_CIPHER, true, "cipher", "cipher"},
    {CURLE_PEER_FAILED_VERIFICATION, true, "is not trusted", "is not trusted"},
    {CURLE_BAD_CONTENT_ENCODING, false, "compressed", "compressed"},
    {CURLE_SSL_CACERT_BADFILE, true, "trust store", "trust store"},
    {CURLE_SSL_ISSUER_ERROR, true, "wrong issuer", "wrong issuer"},
    {CURLE_HTTP2_STREAM, false, NULL, NULL},
    {CURLE_PROXY, false, "proxy refused", "proxy refused"},
    {CURLE_SSL_CLIENTCERT, true, "wants a client certificate", "wants a client certificate"},
    {CURLE_UNRECOVERABLE_POLL, false, NULL, NULL},
};

static struct attempt_verdict judge(int curl, bool left)
{
    return attempt_judge(&(struct attempt){.curl = curl, .left = left});
}

static void expect(int curl, bool left, enum outcome outcome, bool lasting, const char *words)
{
    const struct attempt_verdict v = judge(curl, left);
    const char *want = words ? words : curl_easy_strerror((CURLcode)curl);
    if (v.transport != outcome || v.lasting != lasting || !v.text || !strstr(v.text, want)) {
        fail_msg("%d%s: %s%s \"%s\", expected %s%s \"%s\"", curl, left ? " left" : "",
                 outcome_name(v.transport), v.lasting ? " lasting" : "", v.text ? v.text : "",
                 outcome_name(outcome), lasting ? " lasting" : "", want);
    }
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < NITEMS(table); i++) {
        expect(table[i].curl, false, OUTCOME_NOT_SENT, table[i].lasting, table[i].before);
        expect(table[i].curl, true, OUTCOME_UNKNOWN, false, table[i].after);
    }
}

/* Not one error, known here or not, crosses the line. */
static void test_every_code(void **state)
{
    (void)state;
    for (int curl = 1; curl < CURL_LAST; curl++) {
        bool lasting = false;
        for (size_t i = 0; i < NITEMS(table); i++) {
            lasting |= table[i].curl == curl && table[i].lasting;
        }
        const struct attempt_verdict before = judge(curl, false), after = judge(curl, true);
        assert_int_equal(before.transport, OUTCOME_NOT_SENT);
        assert_int_equal(before.lasting, lasting);
        assert_int_equal(after.transport, OUTCOME_UNKNOWN);
        assert_false(after.lasting);
        assert_true(before.text && before.text[0] && after.text && after.text[0]);
    }
}

static void test_whole_reply(void **state)
{
    (void)state;
    const struct attempt_verdict v = judge(CURLE_OK, true);
    assert_int_equal(v.transport, OUTCOME_ACCEPTED);
    assert_false(v.lasting);
    assert_null(v.text);
}

/* libcurl is content, we are not. */
static void test_cut_headers(void **state)
{
    (void)state;
    const struct attempt_verdict v =
        attempt_judge(&(struct attempt){.curl = CURLE_OK, .left = true, .cut = true});
    assert_int_equal(v.transport, OUTCOME_UNKNOWN);
    assert_false(v.lasting);
    assert_non_null(strstr(v.text, "end of its headers"));
}

static void test_broken_off_by_us(void **state)
{
    (void)state;
    struct attempt_verdict v = attempt_judge(
        &(struct attempt){.curl = CURLE_WRITE_ERROR, .left = true, .too_large = true});
    assert_int_equal(v.transport, OUTCOME_UNKNOWN);
    assert_false(v.lasting);
    assert_non_null(strstr(v.text, "larger than the limit"));
    v = attempt_judge(&(struct attempt){.curl = CURLE_ABORTED_BY_CALLBACK, .stranger = true});
    assert_int_equal(v.transport, OUTCOME_NOT_SENT);
    assert_true(v.lasting);
    assert_non_null(strstr(v.text, "away from this machine"));
}

/* Numbers of libcrypto's reasons; alerts are 1000 and the number of RFC 8446, 6. */
static void test_tls_reasons(void **state)
{
    (void)state;
    static const struct {
        unsigned reason;
        bool lasting;
        const char *words;
    } reasons[] = {
        {0, false, "TLS handshake failed"},
        {258, true, "no TLS 1.2 or later"}, /* unsupported protocol */
        {1070, true, "no TLS 1.2 or later"},
        {267, true, "does not speak TLS"}, /* wrong version number */
        {1040, true, "in common"},
        {1071, true, "in common"},
        {1042, true, "our client certificate"},
        {1043, true, "our client certificate"},
        {1044, true, "our client certificate"},
        {1045, true, "our client certificate"},
        {1046, true, "our client certificate"},
        {1048, true, "our client certificate"},
        {1049, true, "our client certificate"},
        {1116, true, "wants a client certificate"},
        {1112, true, "does not know that host name"},
        {1080, false, "TLS handshake failed"}, /* internal error */
        {294, false, "TLS handshake failed"},  /* unexpected eof while reading */
        {9999, false, "TLS handshake failed"},
    };
    for (size_t i = 0; i < NITEMS(reasons); i++) {
        struct attempt a = {.curl = CURLE_SSL_CONNECT_ERROR, .tls_reason = reasons[i].reason};
        struct attempt_verdict v = attempt_judge(&a);
        assert_int_equal(v.transport, OUTCOME_NOT_SENT);
        if (v.lasting != reasons[i].lasting || !strstr(v.text, reasons[i].words)) {
            fail_msg("%u: %d %s", reasons[i].reason, v.lasting, v.text);
        }
        /* TLS 1.3: a server refuses our certificate when the request is already on its way */
        a = (struct attempt){.curl = CURLE_RECV_ERROR, .left = true, .tls_reason = a.tls_reason};
        v = attempt_judge(&a);
        assert_int_equal(v.transport, OUTCOME_UNKNOWN);
        assert_false(v.lasting);
        assert_true(!reasons[i].lasting || strstr(v.text, reasons[i].words));
    }
}

static void test_proxy_answers(void **state)
{
    (void)state;
    static const struct {
        int status;
        bool lasting;
        const char *words;
    } answers[] = {
        {0, false, "broke before the end"},  {200, false, "broke before the end"},
        {302, false, "could not open"},      {400, false, "could not open"},
        {403, true, "refuses the way"},      {405, true, "refuses the way"},
        {407, true, "take our credentials"}, {429, false, "could not open"},
        {502, false, "could not open"},      {504, false, "could not open"},
    };
    for (size_t i = 0; i < NITEMS(answers); i++) {
        struct attempt a = {.curl = CURLE_RECV_ERROR, .connect_status = answers[i].status};
        const struct attempt_verdict v = attempt_judge(&a);
        assert_int_equal(v.transport, OUTCOME_NOT_SENT);
        if (v.lasting != answers[i].lasting || !strstr(v.text, answers[i].words)) {
            fail_msg("%d: %d %s", answers[i].status, v.lasting, v.text);
        }
        a.left = true;
        assert_int_equal(attempt_judge(&a).transport, OUTCOME_UNKNOWN);
        assert_false(attempt_judge(&a).lasting);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_every_code),
        cmocka_unit_test(test_whole_reply),
        cmocka_unit_test(test_cut_headers),
        cmocka_unit_test(test_broken_off_by_us),
        cmocka_unit_test(test_tls_reasons),
        cmocka_unit_test(test_proxy_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
