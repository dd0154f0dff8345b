/* SPDX-License-Identifier: Apache-2.0
 *
 * emCA V4.0.17 under /emCAServices/rest/: the checks in the documented order. emKey and shape of
 * the outer object, decryption, user and password, address, application id, signature by the
 * registered certificate; then the call. Every answer has HTTP status 200.
 */
#include "tests/sim/sim_emca.h"

#include "formats/aes.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_fault.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <string.h>

static const char prefix[] = "/emCAServices/rest/";
static const char crl_path[] = "/emca/issuing.crl";
/* What the CA knows of its client: files in the directory of --emca. */
static struct emca_site {
    bool read;
    char *password, *em_key;
    struct secret aes_key;
    int aes_mode;
    struct span signer; /* DER of the certificate that is registered for the user */
} site;                 /* under the lock of the simulator */

/* --- what is known of the client --- */
static char *line_of(struct sim *s, const char *name)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_wipe) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    const char *path = path_join(&s->arena, s->options.emca, name);
    if (!fs_read(path, &text, &err)) {
        return NULL;
    }
    return arena_strndup(&s->arena, buf_text(&text), strcspn(buf_text(&text), "\r\n"));
}

static bool read_signer(struct sim *s)
{
    struct err err = ERR_INIT;
    struct cert *v;
    size_t n = 0;
    struct buf *text = arena_alloc(&s->arena, sizeof *text);
    *text = (struct buf)BUF_INIT(LIMIT_INPUT_BYTES);
    if (!fs_read(path_join(&s->arena, s->options.emca, "emca-signer.pem"), text, &err) ||
        !certs_read(&s->arena, "signer", buf_span(text), &v, &n, &err) || !n) {
        return false;
    }
    site.signer = (struct span){arena_memdup(&s->arena, v[0].der.p, v[0].der.n), v[0].der.n};
    buf_release(text);
    return true;
}

static bool know_client(struct sim *s)
{
    static const char *const modes[] = {"ecb", "cbc-zero-iv", "cbc-prefixed-iv"};
    struct err err = ERR_INIT;
    struct secret given = SECRET_INIT;
    if (site.read || !s->options.emca) {
        return site.read;
    }
    char *aes = line_of(s, "emca-aes.secret");
    site.password = line_of(s, "emca-password.secret");
    site.em_key = line_of(s, "emca-emkey.secret");
    for (size_t i = 0; i < NITEMS(modes); i++) {
        site.aes_mode = str_eq(s->options.emca_aes, modes[i]) ? (int)i : site.aes_mode;
    }
    if (!aes || !site.password || !site.em_key || !read_signer(s)) {
        return false;
    }
    secret_set(&given, aes, strlen(aes));
    site.read = aes_key_read(&given, &site.aes_key, &err);
    secret_release(&given);
    return site.read;
}

bool emca_known(struct sim *s, const char **user, const char **password)
{
    const bool known = know_client(s);
    *user = "batch-api";
    *password = site.password;
    return known;
}

/* --- answers --- */
static void answer(struct request *q, struct reply *r, const char *status, json_t *result,
                   const char *request_id)
{
    const char *subscriber = q->json ? shape_str(q->json, "subscriberId") : NULL;
    reply_json(r, 200,
               json_pack("{s:s,s:o,s:s?,s:s?}", "status", status, "result", result, "subscriberId",
                         subscriber, "requestId", request_id));
}

void emca_fail(struct request *q, struct reply *r, const char *text)
{
    answer(q, r, "failure", json_string(text), NULL);
    r->outcome = arena_strdup(&q->arena, text);
}

void emca_succeed(struct request *q, struct reply *r, json_t *result, const char *request_id)
{
    answer(q, r, q->sequence % 2 ? "success" : "Success", result, request_id); /* both are seen */
    r->outcome = "ok";
}

static void refuse_call(struct request *q, struct reply *r, const char *code UNUSED,
                        const char *message)
{
    emca_fail(q, r, message);
}

static void throttle(struct request *q, struct reply *r)
{
    (void)q;
    reply_text(r, 429, "text/plain", "Too Many Requests\n");
    reply_header(r, "Retry-After", "1");
}

/* --- the envelope --- */
static const struct shape outer_shapes[] = {
    {"requestData", SHAPE_STRING, SHAPE_REQUIRED | SHAPE_FILLED, NULL},
    {"userName", SHAPE_STRING, SHAPE_REQUIRED | SHAPE_FILLED, NULL}};

static json_t *outer_of(struct request *q, struct reply *r)
{
    struct err err = ERR_INIT;
    json_t *outer = json_parse("body", buf_text(&q->body), q->body.n, &err);
    if (!outer || !q->content_type || !str_starts(q->content_type, "application/json") ||
        !shape_check(outer, outer_shapes, NITEMS(outer_shapes), &err)) {
        emca_fail(q, r, "Invalid request");
        json_decref(outer);
        return NULL;
    }
    return outer;
}

/* The inner object, in q->json. */
static bool opened(struct request *q, struct reply *r, const json_t *outer)
{
    struct err err = ERR_INIT;
    const char *data = shape_str(outer, "requestData");
    CLEANUP(buf_release) struct buf hidden = BUF_INIT(MAX_BODY);
    CLEANUP(buf_wipe) struct buf inner = BUF_INIT(MAX_BODY);
    if (base64_decode(&hidden, data, strlen(data)) &&
        aes_decrypt((enum aes_mode)site.aes_mode, &site.aes_key, buf_span(&hidden), &inner, &err)) {
        q->json = json_parse("requestData", buf_text(&inner), inner.n, &err);
    }
    if (!q->json || !json_is_object(q->json)) {
        emca_fail(q, r, "Unable to decrypt the request data");
        return false;
    }
    return true;
}

static bool authentic(struct request *q, struct reply *r, const json_t *outer)
{
    const char *user = json_get_str(q->json, "userName");
    const char *password = json_get_str(q->json, "password");
    if (!user || !password || !str_eq(user, shape_str(outer, "userName")) ||
        !str_eq(user, "batch-api") || !str_eq(password, site.password)) {
        emca_fail(q, r, "Invalid user name or password");
        return false;
    }
    if (!str_eq(q->sim->options.emca_address, "127.0.0.1")) {
        emca_fail(q, r, "IP address is not registered for the user");
        return false;
    }
    return true;
}

/* --- the signature --- */
static X509 *registered(void)
{
    const unsigned char *p = site.signer.p;
    return d2i_X509(NULL, &p, (long)site.signer.n);
}

/* What was signed, when it was signed with the registered key; else NULL. The certificate in the
 * signature counts for nothing. */
static char *signed_content(struct request *q, const char *text)
{
    CLEANUP(buf_release) struct buf der = BUF_INIT(MAX_BODY);
    char *content = NULL;
    if (!base64_decode(&der, text, strlen(text))) {
        return NULL;
    }
    const unsigned char *p = (const unsigned char *)der.p;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.n);
    STACK_OF(X509) *certs = sk_X509_new_null();
    BIO *out = BIO_new(BIO_s_mem());
    X509 *x = registered();
    (void)sk_X509_push(certs, x);
    if (cms && CMS_verify(cms, certs, NULL, NULL, out,
                          CMS_BINARY | CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY) == 1) {
        char *at = NULL;
        const long n = BIO_get_mem_data(out, &at);
        content = n > 0 ? arena_strndup(&q->arena, at, (size_t)n) : NULL;
    }
    sk_X509_free(certs);
    X509_free(x);
    BIO_free(out);
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    return content;
}

/* --- the call --- */
static const struct emca_call *find(const char *path)
{
    for (size_t i = 0; str_starts(path, prefix) && i < emca_calls_count; i++) {
        if (str_eq(emca_calls[i].method, path + sizeof prefix - 1)) {
            return &emca_calls[i];
        }
    }
    return NULL;
}

enum sim_kind emca_rest_kind(const char *method, const char *path)
{
    const struct emca_call *c = str_eq(method, "POST") ? find(path) : NULL;
    return c ? c->kind : str_eq(path, crl_path) ? KIND_REPORT : KIND_OTHER;
}

/* "if the same application id is sent again, the certificate created for it is returned": before
 * the signature is looked at. */
static bool replayed(struct request *q, struct reply *r, const struct emca_call *call)
{
    struct order *o = call->kind == KIND_ORDER
                          ? emca_application(q->sim, shape_str(q->json, "applicationId"))
                          : NULL;
    if (o) {
        call->handle(q, r, call, NULL);
    }
    return o != NULL;
}

static void carry_out(struct request *q, struct reply *r, const struct emca_call *call)
{
    struct err err = ERR_INIT;
    if (!shape_check(q->json, call->shapes, call->nshapes, &err)) {
        emca_fail(q, r, err.msg);
        return;
    }
    if (replayed(q, r, call)) {
        return;
    }
    const char *content = signed_content(q, shape_str(q->json, "signature"));
    if (!content) {
        emca_fail(q, r, "Signature verification failed");
        return;
    }
    call->handle(q, r, call, content);
}

static void serve(struct request *q, struct reply *r, const struct emca_call *call,
                  const json_t *outer)
{
    if (!opened(q, r, outer) || !authentic(q, r, outer) || fault_instead(q, r)) {
        return;
    }
    if (call->kind == KIND_ORDER && !limiter_pass(&q->sim->limiter, time_monotonic_ms())) {
        throttle(q, r);
        return;
    }
    carry_out(q, r, call);
}

static void serve_crl(struct request *q, struct reply *r)
{
    CLEANUP(buf_release) struct buf der = BUF_INIT(MAX_BODY);
    if (fault_instead(q, r)) {
        return;
    }
    reply_text(r, emca_crl(q->sim, &der) ? 200 : 500, "application/pkix-crl", "");
    buf_add(&r->body, der.p, der.n);
    r->outcome = "ok";
}

bool emca_rest(struct request *q, struct reply *r)
{
    const struct emca_call *call = find(q->path);
    const bool crl = str_eq(q->path, crl_path);
    if ((!crl && !str_starts(q->path, prefix)) || !know_client(q->sim)) {
        return false;
    }
    q->refuse = refuse_call;
    q->throttle = throttle;
    if (crl) {
        serve_crl(q, r);
        return true;
    }
    const char *em_key = q->header(q, "emKey");
    if (!call || !str_eq(q->method, "POST")) {
        reply_text(r, call ? 405 : 404, "text/html", "<html>no such service</html>\n");
        return true;
    }
    sha256_hex(em_key ? em_key : "", em_key ? strlen(em_key) : 0, q->auth_digest);
    if (!str_eq(em_key, site.em_key)) {
        emca_fail(q, r, "Invalid emKey");
        return true;
    }
    json_t *outer = outer_of(q, r);
    if (outer) {
        serve(q, r, call, outer);
        json_decref(outer);
    }
    return true;
}
