/* SPDX-License-Identifier: Apache-2.0
 *
 * See http_attempt.h. A row per error that has a cause a person can act on; any other error is
 * described by libcurl itself. `lasting` rows are faults of configuration and trust: five tries
 * would only hide them.
 */
#include "batch/http_attempt.h"

#include <curl/curl.h>

static const struct {
    CURLcode curl;
    bool lasting;
    const char *text;
} rows[] = {
    {CURLE_UNSUPPORTED_PROTOCOL, true, "only https:// is spoken, and http:// to this machine"},
    {CURLE_URL_MALFORMAT, true, "the URL is malformed"},
    {CURLE_COULDNT_RESOLVE_PROXY, false, "the name of the proxy cannot be resolved"},
    {CURLE_COULDNT_RESOLVE_HOST, false, "the host name cannot be resolved"},
    {CURLE_COULDNT_CONNECT, false, "the connection is refused or cannot be made"},
    {CURLE_WEIRD_SERVER_REPLY, false, "the reply is not HTTP"},
    {CURLE_HTTP2, false, "the reply is not HTTP/1.1"},
    {CURLE_PARTIAL_FILE, false, "the reply ended before its announced end"},
    {CURLE_WRITE_ERROR, false, "the reply could not be taken"},
    {CURLE_OPERATION_TIMEDOUT, false, "no whole reply in time"},
    {CURLE_SSL_CONNECT_ERROR, false, "the TLS handshake failed"},
    {CURLE_GOT_NOTHING, false, "the connection closed without a reply"},
    {CURLE_SEND_ERROR, false, "the connection broke while the request was sent"},
    {CURLE_RECV_ERROR, false, "the connection broke before the end of the reply"},
    {CURLE_ABORTED_BY_CALLBACK, false, "the run was stopped before the reply was there"},
    {CURLE_SSL_CERTPROBLEM, true, "the client certificate or its key cannot be used"},
    {CURLE_SSL_CIPHER, true, "no common TLS cipher"},
    {CURLE_PEER_FAILED_VERIFICATION, true, "the server's certificate is not trusted"},
    {CURLE_BAD_CONTENT_ENCODING, false, "the reply is compressed although that was not offered"},
    {CURLE_SSL_CACERT_BADFILE, true, "the trust store cannot be read"},
    {CURLE_SSL_ISSUER_ERROR, true, "the server's certificate has the wrong issuer"},
    {CURLE_PROXY, false, "the proxy refused the connection"},
    {CURLE_SSL_CLIENTCERT, true, "the server wants a client certificate"},
};

/* What means something else once the request has left. */
static const struct {
    CURLcode curl;
    const char *text;
} after[] = {
    {CURLE_UNSUPPORTED_PROTOCOL, "the reply is not HTTP"},                 /* taken for HTTP/0.9 */
    {CURLE_OUT_OF_MEMORY, "a line of the reply is larger than the limit"}, /* 100 KB of libcurl */
};

/* Deliberate refusals: another try would end the same way. From 1000 on an alert of the other side,
 * by its number in RFC 8446, 6; below, what libcrypto itself found. */
static const struct {
    unsigned reason;
    const char *text;
} reasons[] = {
    {258, "the server speaks no TLS 1.2 or later"},
    {1070, "the server speaks no TLS 1.2 or later"},
    {267, "what answers there does not speak TLS"},
    {1040, "the server refused: no TLS setting in common, or no client certificate"},
    {1071, "the server refused: no TLS setting in common, or no client certificate"},
    {1042, "the server does not take our client certificate"},
    {1043, "the server does not take our client certificate"},
    {1044, "the server does not take our client certificate"},
    {1045, "the server does not take our client certificate"},
    {1046, "the server does not take our client certificate"},
    {1048, "the server does not take our client certificate"},
    {1049, "the server does not take our client certificate"},
    {1112, "the server does not know that host name"},
    {1116, "the server wants a client certificate"},
};

/* What a proxy says to CONNECT (RFC 9110, 9.3.6); the last row is any other refusal. */
static const struct {
    int status;
    bool lasting;
    const char *text;
} refusals[] = {
    {407, true, "the proxy does not take our credentials"},
    {403, true, "the proxy refuses the way to that host"},
    {405, true, "the proxy refuses the way to that host"},
    {0, false, "the proxy could not open the way to that host"},
};

static void describe_proxy(int status, struct attempt_verdict *v)
{
    size_t i = 0;
    while (refusals[i].status && refusals[i].status != status) {
        i++;
    }
    v->text = refusals[i].text;
    v->lasting = refusals[i].lasting;
}

static void describe(const struct attempt *a, struct attempt_verdict *v)
{
    v->text = curl_easy_strerror((CURLcode)a->curl);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        if ((int)rows[i].curl == a->curl) {
            v->text = rows[i].text;
            v->lasting = rows[i].lasting && !a->left;
        }
    }
    for (size_t i = 0; a->tls_reason && i < NITEMS(reasons); i++) {
        if (reasons[i].reason == a->tls_reason) {
            v->text = reasons[i].text;
            v->lasting = !a->left;
        }
    }
    if (!a->left && a->connect_status >= 300) {
        describe_proxy(a->connect_status, v);
    }
    for (size_t i = 0; a->left && i < NITEMS(after); i++) {
        v->text = (int)after[i].curl == a->curl ? after[i].text : v->text;
    }
}

struct attempt_verdict attempt_judge(const struct attempt *a)
{
    const bool whole = a->curl == CURLE_OK && !a->cut;
    struct attempt_verdict v = {.transport = whole     ? OUTCOME_ACCEPTED
                                             : a->left ? OUTCOME_UNKNOWN
                                                       : OUTCOME_NOT_SENT};
    if (whole) {
        return v;
    }
    describe(a, &v);
    if (a->curl == CURLE_OK) {
        v.text = "the reply ended before the end of its headers";
    } else if (a->stranger) {
        v.text = "http:// led away from this machine: nothing was sent";
        v.lasting = !a->left;
    } else if (a->again) {
        v.text = "the connection closed without a reply, and nothing was sent a second time";
    } else if (a->too_large) {
        v.text = "the reply is larger than the limit: it was broken off";
    }
    return v;
}
