/* SPDX-License-Identifier: Apache-2.0
 *
 * `doctor` and a CA that has everything wrong that a CA can have: nobody listens, the key is not
 * accepted, the clocks differ, products are missing or mean something else. Whatever is said, no
 * line holds the secret.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/doctor.h"
#include "batch/reach.h"
#include "formats/base/fs.h"
#include "formats/base/time.h"
#include "formats/crl.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CANARY "canary-7f3a9c51"

/* --- a CA that does what the script says --- */
static struct {
    enum outcome outcomes[STEP__MAX]; /* of a reply; NOT_SENT and UNKNOWN: no reply arrives */
    unsigned times[STEP__MAX];        /* how often, then it accepts; 0 = always */
    const char *message;
    int64_t skew; /* theirs minus ours; TIME_NONE: not told */
    struct ca_sold sold[4];
    size_t nsold;
    unsigned asked[STEP__MAX];
} script;

struct web_config {
    const char *api_url, *default_product;
    struct secret_ref access_key;
};

static enum outcome next_outcome(enum ca_step step)
{
    const enum outcome o = script.outcomes[step];
    if (script.times[step] && --script.times[step] == 0) {
        script.outcomes[step] = OUTCOME_ACCEPTED;
    }
    return o;
}

static bool web_open(struct ca *ca, struct err *err)
{
    const struct web_config *own = ca->config->own;
    CLEANUP(secret_release) struct secret key = SECRET_INIT;
    return secret_load(&own->access_key, ca->config_dir, &key, err);
}

static void web_close(struct ca *ca UNUSED)
{
}

static bool web_request(struct ca *ca UNUSED, const struct ca_call *call, struct ca_request *out,
                        struct err *err UNUSED)
{
    out->call = call;
    return true;
}

static enum outcome told;

static bool web_serve(struct ca *ca UNUSED, struct ca_exchange *v, size_t n UNUSED,
                      unsigned workers UNUSED, struct err *err UNUSED)
{
    struct ca_reply *r = v[0].reply;
    const enum ca_step step = v[0].request->call->step;
    script.asked[step]++;
    told = next_outcome(step);
    const bool none = told == OUTCOME_NOT_SENT || told == OUTCOME_UNKNOWN;
    r->transport = none ? told : OUTCOME_ACCEPTED;
    r->transport_message = none ? "TLS: the certificate of the server is not trusted" : NULL;
    r->http_status = none ? 0 : 200;
    r->date = script.skew == TIME_NONE ? TIME_NONE : time_now() + script.skew;
    return true;
}

static void web_answer(struct ca *ca UNUSED, const struct ca_call *call,
                       const struct ca_reply *reply UNUSED, struct ca_result *out)
{
    out->outcome = told;
    out->message = script.message;
    out->again_seconds = 0;
    if (call->step == STEP_PRODUCTS && told == OUTCOME_ACCEPTED) {
        out->sold = script.sold;
        out->nsold = script.nsold;
    }
}

static const struct ca_ops web_ops = {.open = web_open,
                                      .close = web_close,
                                      .request = web_request,
                                      .answer = web_answer,
                                      .serve = web_serve};
static const struct field web_fields[] = {
    {.name = "api_url", .kind = FIELD_STRING, .offset = offsetof(struct web_config, api_url)},
    {.name = "default_product",
     .kind = FIELD_STRING,
     .offset = offsetof(struct web_config, default_product)},
    {.name = "access_key", .kind = FIELD_SECRET, .offset = offsetof(struct web_config, access_key)},
};
static const struct schema web_schema = {
    "web", "a CA for tests", web_fields, NITEMS(web_fields), sizeof(struct web_config), NO_OFFSET};
static const struct product_info web_products[] = {
    {.ca_type = "web",
     .code = "844",
     .name = "ov-ucc",
     .level = "ov",
     .multi = true,
     .keys = "rsa-2048 ec-p256"},
};
static struct ca_type web;
const struct ca_type *const ca_types[] = {&web, NULL};
const struct product_info *ca_all_products(size_t *n)
{
    *n = NITEMS(web_products);
    return web_products;
}

/* --- the fixture --- */
static struct {
    char dir[64];
    int fd, cwd, listener;
    unsigned port;
    struct config config;
    struct doctor doctor;
    bool run;
} x;

static void put(const char *name, const char *text)
{
    struct err err = ERR_INIT;
    struct span bytes = {(const uint8_t *)text, strlen(text)};
    assert_true(fs_write_atomic_at(x.fd, name, bytes, 0600, &err));
}

static int listen_somewhere(unsigned *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

static int begin(void **ctx UNUSED)
{
    memset(&x, 0, sizeof x);
    memset(&script, 0, sizeof script);
    script.sold[0] = (struct ca_sold){.code = "844", .name = "OV SSL Certificate UCC"};
    script.nsold = 1;
    web = (struct ca_type){.type = "web",
                           .title = "web CA",
                           .caps = CA_ORDER | CA_REVOKE | CA_PRODUCTS,
                           .config = &web_schema,
                           .products = web_products,
                           .nproducts = NITEMS(web_products),
                           .no_products = "set group_number",
                           .ops = &web_ops};
    (void)snprintf(x.dir, sizeof x.dir, "/tmp/t_doctor.XXXXXX");
    x.cwd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!mkdtemp(x.dir) || chdir(x.dir) != 0) {
        return -1;
    }
    x.fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    x.listener = listen_somewhere(&x.port);
    put("key", CANARY "\n");
    return 0;
}

static int end(void **ctx UNUSED)
{
    if (x.run) {
        doctor_release(&x.doctor);
    }
    config_release(&x.config);
    if (x.listener >= 0) {
        (void)close(x.listener);
    }
    int back = fchdir(x.cwd);
    int parent = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fs_remove_tree_at(parent, path_base(x.dir));
    (void)close(parent);
    (void)close(x.fd);
    (void)close(x.cwd);
    return back;
}

static void examine(struct doctor_options o, const char *keys)
{
    char text[512];
    struct err err = ERR_INIT;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    (void)snprintf(text, sizeof text,
                   "certbatch_config: 1\ncas:\n  hub: {type: web, api_url: "
                   "\"http://127.0.0.1:%u/api/\", access_key: {file: key}%s}\n",
                   x.port, keys);
    put("certbatch.yaml", text);
    assert_true(config_read(&x.config, "certbatch.yaml", &findings, &err));
    o.config = &x.config;
    o.ca = &x.config.cas[0];
    o.as_of = TIME_NONE;
    o.workers = 1;
    x.doctor = (struct doctor){.options = o};
    doctor_run(&x.doctor);
    x.run = true;
}

static const struct doctor_result *step(enum doctor_step s)
{
    return &x.doctor.results[s];
}

/* The line of a step that holds the text, or NULL. */
static const struct doctor_line *line(const struct doctor_result *r, const char *text)
{
    for (size_t i = 0; i < r->n; i++) {
        if (strstr(r->v[i].seen, text)) {
            return &r->v[i];
        }
    }
    return NULL;
}

static void assert_steps(const enum doctor_status want[DOCTOR__MAX])
{
    for (size_t s = 0; s < DOCTOR__MAX; s++) {
        if (step(s)->status != want[s]) {
            fail_msg("step %s is %s: %s", doctor_rows[s].id, doctor_status_name(step(s)->status),
                     step(s)->n ? step(s)->v[0].seen : "");
        }
    }
}

#define STEPS(...) assert_steps((const enum doctor_status[DOCTOR__MAX]){__VA_ARGS__})
#define SKIP       DOCTOR_SKIPPED
#define OK         DOCTOR_OK
#define WARN       DOCTOR_WARNING
#define FAIL       DOCTOR_FAILED

/* --- tests --- */
static void all_good(void **ctx UNUSED)
{
    examine((struct doctor_options){0}, ", default_product: ov-ucc");
    STEPS(OK, OK, OK, OK, OK, OK, SKIP, OK);
    assert_int_equal(doctor_verdict(&x.doctor), ERR_NONE);
    assert_non_null(line(step(DOCTOR_CONFIGURATION), "1 secret could be read"));
    assert_non_null(line(step(DOCTOR_WAY), "TCP: port"));
    assert_non_null(line(step(DOCTOR_WAY), "status 200"));
    assert_non_null(line(step(DOCTOR_PRODUCTS), "product 844 = ov-ucc is sold"));
    assert_non_null(line(step(DOCTOR_CSR), "keys it takes: rsa-2048 ec-p256"));
}

static void nobody_listens(void **ctx UNUSED)
{
    (void)close(x.listener);
    x.listener = -1;
    examine((struct doctor_options){0}, "");
    STEPS(OK, FAIL, SKIP, SKIP, OK, OK, SKIP, FAIL);
    assert_int_equal(doctor_verdict(&x.doctor), ERR_CA);
    assert_int_equal(script.asked[STEP_PROBE], 0); /* a question would only wait */
    const struct doctor_line *l = line(step(DOCTOR_WAY), "TCP: port");
    assert_int_equal(l->status, DOCTOR_FAILED);
    assert_non_null(l->todo);
}

static void no_trust(void **ctx UNUSED)
{
    script.outcomes[STEP_PROBE] = OUTCOME_NOT_SENT;
    script.times[STEP_PROBE] = 1;
    examine((struct doctor_options){0}, "");
    assert_non_null(line(step(DOCTOR_WAY), "is not trusted"));
    assert_int_equal(step(DOCTOR_WAY)->status, DOCTOR_FAILED);
    assert_int_equal(step(DOCTOR_CREDENTIALS)->status, DOCTOR_SKIPPED);
    assert_int_equal(x.doctor.second[DOCTOR_WAY].status, DOCTOR_OK);
    assert_int_equal(x.doctor.second[DOCTOR_PRODUCTS].status, DOCTOR_OK);
    assert_int_equal(step(DOCTOR_RETEST)->status, DOCTOR_WARNING);
    assert_int_equal(doctor_verdict(&x.doctor), ERR_NONE);
}

static bool has_canary(const struct doctor_result *r)
{
    for (size_t i = 0; i < r->n; i++) {
        if (strstr(r->v[i].seen, CANARY) || (r->v[i].todo && strstr(r->v[i].todo, CANARY))) {
            return true;
        }
    }
    return false;
}

static void a_key_that_is_not_accepted(void **ctx UNUSED)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    script.outcomes[STEP_PROBE] = OUTCOME_AUTH;
    script.message = "who is " CANARY "?\x1b[31m and again " CANARY;
    examine((struct doctor_options){0}, "");
    STEPS(OK, OK, FAIL, SKIP, OK, OK, SKIP, FAIL);
    assert_int_equal(doctor_verdict(&x.doctor), ERR_CA);
    assert_int_equal(script.asked[STEP_PROBE], 2); /* once more in the last step */
    assert_int_equal(script.asked[STEP_PRODUCTS], 0);
    const struct doctor_line *l = line(step(DOCTOR_CREDENTIALS), "who is [secret]?");
    assert_non_null(l);
    assert_null(strchr(l->seen, '\x1b'));
    for (size_t s = 0; s < DOCTOR__MAX; s++) {
        assert_false(has_canary(step(s)) || has_canary(&x.doctor.second[s]));
    }
    doctor_escalation(&x.doctor, "certbatch 0\n", &text);
    assert_null(strstr(buf_text(&text), CANARY));
    assert_non_null(strstr(buf_text(&text), "who is [secret]?"));
}

static void comes_and_goes(void **ctx UNUSED)
{
    script.outcomes[STEP_PROBE] = OUTCOME_AUTH;
    script.times[STEP_PROBE] = 1;
    examine((struct doctor_options){0}, "");
    STEPS(OK, OK, FAIL, SKIP, OK, OK, SKIP, WARN);
    assert_int_equal(x.doctor.second[DOCTOR_CREDENTIALS].status, DOCTOR_OK);
    assert_int_equal(x.doctor.second[DOCTOR_PRODUCTS].status, DOCTOR_OK);
    assert_int_equal(doctor_verdict(&x.doctor), ERR_NONE);
}

static void clocks(void **ctx)
{
    static const struct {
        int64_t skew;
        enum doctor_status status;
        const char *text;
    } rows[] = {{0, DOCTOR_OK, "clock"},
                {-40, DOCTOR_OK, "ahead of"},
                {-100, DOCTOR_WARNING, "ahead of"},
                {200, DOCTOR_WARNING, "behind"},
                {-400, DOCTOR_FAILED, "ahead of"},
                {400, DOCTOR_FAILED, "behind"},
                {TIME_NONE, DOCTOR_OK, "does not tell its time"}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        script.skew = rows[i].skew;
        examine((struct doctor_options){0}, "");
        assert_int_equal(step(DOCTOR_CREDENTIALS)->status, rows[i].status);
        assert_non_null(line(step(DOCTOR_CREDENTIALS), rows[i].text));
        assert_int_equal(doctor_verdict(&x.doctor),
                         rows[i].status == DOCTOR_FAILED ? ERR_CA : ERR_NONE);
        assert_int_equal(end(ctx), 0);
        assert_int_equal(begin(ctx), 0);
    }
}

static void products_that_are_not_sold(void **ctx UNUSED)
{
    script.sold[0].code = "845";
    examine((struct doctor_options){0}, ", default_product: ov-ucc, products: {ours: {code: X9}}");
    STEPS(OK, OK, OK, FAIL, OK, OK, SKIP, FAIL);
    assert_int_equal(doctor_verdict(&x.doctor), ERR_FINDINGS);
    assert_int_equal(line(step(DOCTOR_PRODUCTS), "product 844 is ordered")->status, DOCTOR_FAILED);
    assert_int_equal(line(step(DOCTOR_PRODUCTS), "product X9 is ordered")->status, DOCTOR_FAILED);
}

static void products_that_mean_something_else(void **ctx UNUSED)
{
    script.sold[0].name = "DV SSL Certificate UCC 1 Year";
    examine((struct doctor_options){0}, ", default_product: ov-ucc");
    const struct doctor_line *l = line(step(DOCTOR_PRODUCTS), "which says DV");
    assert_non_null(l);
    assert_int_equal(l->status, DOCTOR_FAILED);
    assert_int_equal(doctor_verdict(&x.doctor), ERR_FINDINGS);
}

static void an_empty_catalogue(void **ctx UNUSED)
{
    script.nsold = 0;
    web.no_products = "set " CANARY;
    examine((struct doctor_options){0}, "");
    const struct doctor_line *l = line(step(DOCTOR_PRODUCTS), "no product at all");
    assert_string_equal(l->todo, "set [secret]"); /* no text of ours, but of whoever wrote it */
    assert_int_equal(doctor_verdict(&x.doctor), ERR_FINDINGS);
}

static void a_catalogue_that_is_refused(void **ctx UNUSED)
{
    script.outcomes[STEP_PRODUCTS] = OUTCOME_REFUSED;
    examine((struct doctor_options){0}, "");
    assert_int_equal(step(DOCTOR_PRODUCTS)->status, DOCTOR_FAILED);
    assert_int_equal(doctor_verdict(&x.doctor), ERR_FINDINGS);
}

static void a_secret_that_cannot_be_read(void **ctx UNUSED)
{
    assert_int_equal(unlinkat(x.fd, "key", 0), 0);
    examine((struct doctor_options){0}, "");
    STEPS(FAIL, OK, FAIL, SKIP, OK, OK, SKIP, FAIL);
    assert_non_null(line(step(DOCTOR_CONFIGURATION), "access_key"));
    assert_int_equal(doctor_verdict(&x.doctor), ERR_INPUT);
}

static void no_ops_yet(void **ctx UNUSED)
{
    web.ops = NULL;
    examine((struct doctor_options){0}, "");
    STEPS(OK, OK, FAIL, SKIP, OK, WARN, SKIP, FAIL);
    assert_non_null(line(step(DOCTOR_CREDENTIALS), "this version"));
    assert_non_null(line(step(DOCTOR_WAY), "answers"));
}

static void switched_off(void **ctx UNUSED)
{
    examine((struct doctor_options){0}, ", enabled: false");
    assert_int_equal(step(DOCTOR_CONFIGURATION)->status, DOCTOR_FAILED);
    assert_int_equal(step(DOCTOR_CREDENTIALS)->status, DOCTOR_OK);
    assert_int_equal(doctor_verdict(&x.doctor), ERR_FINDINGS);
}

static void a_request(void **ctx UNUSED)
{
    struct err err = ERR_INIT;
    struct key key = KEY_INIT;
    const struct dn_value dn = {"CN", "www.example.com"};
    const struct san_value san = {GN_DNS, "www.example.com"};
    const struct x509_names names = {&dn, 1, &san, 1};
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    assert_true(key_generate(KEY_EC_P384, &key, &err));
    assert_true(csr_build(&key, &names, &der, &err));
    assert_true(fs_write_atomic_at(x.fd, "r.csr", buf_span(&der), 0600, &err));
    key_release(&key);
    examine((struct doctor_options){.csr = "r.csr"}, ", default_product: ov-ucc");
    assert_non_null(line(step(DOCTOR_CSR), "CN=www.example.com, ec-p384"));
    const struct doctor_line *l = line(step(DOCTOR_CSR), "does not take keys of kind ec-p384");
    assert_non_null(l);
    assert_non_null(strstr(l->todo, "rsa-2048 ec-p256"));
    assert_int_equal(doctor_verdict(&x.doctor), ERR_FINDINGS);
    doctor_escalation(&x.doctor, "certbatch 0\n", &text);
    static const char *const wanted[] = {"CA                 hub\n",
                                         "http://127.0.0.1:",
                                         "844 (OV SSL Certificate UCC)",
                                         "CN=www.example.com\n",
                                         "ec-p384\n",
                                         "dns:www.example.com\n",
                                         "SPKI SHA-256",
                                         "does not take keys",
                                         "certbatch 0\n"};
    for (size_t i = 0; i < NITEMS(wanted); i++) {
        if (!strstr(buf_text(&text), wanted[i])) {
            fail_msg("no %s in %s", wanted[i], buf_text(&text));
        }
    }
}

static void a_request_that_is_missing(void **ctx UNUSED)
{
    examine((struct doctor_options){.csr = "none.csr"}, "");
    assert_non_null(strstr(line(step(DOCTOR_CSR), "none.csr")->todo, "readable"));
    assert_int_equal(doctor_verdict(&x.doctor), ERR_INPUT);
}

/* --- reach --- */
static void targets(void **ctx UNUSED)
{
    static const struct {
        const char *url, *host, *port;
    } rows[] = {{"https://api.example.com/x", "api.example.com", "443"},
                {"http://127.0.0.1/", "127.0.0.1", "80"},
                {"https://api.example.com:8443/a:1", "api.example.com", "8443"},
                {"https://[::1]:99/", "::1", "99"},
                {"https://[::1]/", "::1", "443"},
                {"https://h/a:123", "h", "443"}};
    struct ca_config config = {0};
    struct reach r;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        assert_true(reach_target(&r, &config, rows[i].url));
        assert_string_equal(r.host, rows[i].host);
        assert_string_equal(r.port, rows[i].port);
        assert_false(r.proxy);
        assert_int_equal(r.tls, !str_starts(rows[i].url, "http:"));
    }
    assert_false(reach_target(&r, &config, "./ca"));
    config.common.proxy.host = "proxy.example";
    config.common.proxy.port = 3128;
    assert_true(reach_target(&r, &config, rows[0].url));
    assert_true(r.proxy);
    assert_false(r.tls); /* the proxy is asked first, in plain HTTP */
    assert_string_equal(r.host, "proxy.example");
    assert_string_equal(r.port, "3128");
}

static void stages(void **ctx UNUSED)
{
    struct ca_config config = {0};
    struct reach r;
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", x.port);
    assert_true(reach_target(&r, &config, url));
    assert_true(reach_try(&r, 5000));
    assert_int_equal(r.stage, REACH_CONNECTED);
    assert_string_equal(r.address, "127.0.0.1");
    assert_false(r.tls); /* http:// */
    struct reach_tls tls;
    assert_false(reach_tls(&r, 50, &x.doctor.arena, &tls)); /* it accepts, and says nothing */
    assert_false(tls.complete || tls.has_certificate);
    assert_string_equal(tls.why, "no answer to the handshake in time");
    (void)close(x.listener);
    x.listener = -1;
    assert_true(reach_target(&r, &config, url));
    assert_false(reach_try(&r, 5000));
    assert_int_equal(r.stage, REACH_NO_ANSWER);
    assert_true(r.why[0]);
    /* a label of more than 63 characters: no resolver is asked */
    assert_true(
        reach_target(&r, &config,
                     "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                     "aaaaaa.invalid/"));
    assert_false(reach_try(&r, 5000));
    assert_int_equal(r.stage, REACH_UNKNOWN_HOST);
    assert_true(r.why[0]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(all_good),
        T(nobody_listens),
        T(no_trust),
        T(a_key_that_is_not_accepted),
        T(comes_and_goes),
        T(clocks),
        T(products_that_are_not_sold),
        T(products_that_mean_something_else),
        T(an_empty_catalogue),
        T(a_catalogue_that_is_refused),
        T(a_secret_that_cannot_be_read),
        T(no_ops_yet),
        T(switched_off),
        T(a_request),
        T(a_request_that_is_missing),
        T(targets),
        T(stages),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
