/* SPDX-License-Identifier: Apache-2.0
 *
 * http_floor URL CA_FILE ORDERS CALLS IN_FLIGHT [CERTIFICATE KEY]: what libcurl alone needs for
 * the requests of so many orders: one POST each on a connection of its own, the other calls on kept
 * ones, so many at a time. What is answered does not matter. Prints the number of requests.
 */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY = 2500, MOST = 256 };

static size_t drop(char *p, size_t size, size_t n, void *ctx)
{
    (void)p;
    (void)ctx;
    return size * n;
}

static CURL *prepare(char **argv, const char *body, struct curl_slist *headers)
{
    CURL *c = curl_easy_init();
    if (c) {
        curl_easy_setopt(c, CURLOPT_URL, argv[1]);
        curl_easy_setopt(c, CURLOPT_CAINFO, argv[2]);
        curl_easy_setopt(c, CURLOPT_SSLCERT, argv[6]); /* NULL: none */
        curl_easy_setopt(c, CURLOPT_SSLKEY, argv[6] ? argv[7] : NULL);
        curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop);
        curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    }
    return c;
}

static bool start(CURLM *multi, CURL *c, bool fresh)
{
    curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
    curl_easy_setopt(c, CURLOPT_FORBID_REUSE, fresh ? 1L : 0L);
    return curl_multi_add_handle(multi, c) == CURLM_OK;
}

/* Takes what is finished, starts others; how many failed. */
static long turn(CURLM *multi, long orders, long all, long *started, long *done)
{
    int left;
    long failed = 0;
    for (CURLMsg *m; (m = curl_multi_info_read(multi, &left)) != NULL;) {
        CURL *c = m->easy_handle;
        failed += m->data.result != CURLE_OK;
        ++*done;
        curl_multi_remove_handle(multi, c);
        if (*started < all) {
            failed += !start(multi, c, *started < orders);
            ++*started;
        }
    }
    return failed;
}

int main(int argc, char **argv)
{
    static char body[BODY + 1];
    static CURL *handles[MOST];
    if ((argc != 6 && argc != 8) || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return 2;
    }
    const long orders = atol(argv[3]);
    const long all = atol(argv[4]);
    const long most = atol(argv[5]) < MOST ? atol(argv[5]) : MOST;
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    CURLM *multi = curl_multi_init();
    long started = 0;
    long done = 0;
    long failed = 0;
    int running;
    memset(body, 'x', BODY);
    for (long i = 0; i < most; i++) {
        handles[i] = prepare(argv, body, headers);
        if (started < all) {
            failed += !handles[i] || !start(multi, handles[i], started < orders);
            started++;
        }
    }
    while (done < all && !failed) {
        curl_multi_perform(multi, &running);
        failed += turn(multi, orders, all, &started, &done);
        curl_multi_poll(multi, NULL, 0, running ? 100 : 0, NULL);
    }
    for (long i = 0; i < most; i++) {
        curl_multi_remove_handle(multi, handles[i]);
        curl_easy_cleanup(handles[i]);
    }
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    printf("%ld\n", done);
    return failed ? 1 : 0;
}
