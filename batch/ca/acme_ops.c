/* SPDX-License-Identifier: Apache-2.0
 *
 * See acme.h: opening an account, the table of calls, and what a refusal means.
 */
#include "batch/ca/acme.h"

#include "batch/config.h"
#include "formats/base/fs.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_FILE_MAX = 64 * 1024, MAC_LEAST = 16 };

/* --- life --- */
static bool open_account_key(struct ca *ca, struct acme *own, struct err *err)
{
    CLEANUP(secret_release) struct secret pem = SECRET_INIT;
    const struct secret_ref *ref = &own->config->account_key;
    if (ref->kind == SECRET_NONE) {
        return err_set(err, ERR_INPUT, "account_key is not set: the key of the ACME account");
    }
    if (!secret_load(ref, ca->config_dir, &pem, err)) {
        return err_wrap(err,
                        "account_key (you make it once and keep it: openssl genpkey -algorithm "
                        "EC -pkeyopt ec_paramgen_curve:P-256 -out FILE)");
    }
    if (!key_read((struct span){(const uint8_t *)secret_bytes(&pem), pem.n}, NULL, &own->account,
                  err) ||
        !jwk_write(&own->account, &own->jwk, err) ||
        !jwk_thumbprint(&own->account, own->thumbprint, err)) {
        return err_wrap(err, "account_key");
    }
    return true;
}

/* CAs print the key in either alphabet, with or without padding. */
static bool open_binding(struct ca *ca, struct acme *own, struct err *err)
{
    CLEANUP(secret_release) struct secret text = SECRET_INIT;
    CLEANUP(buf_wipe) struct buf plain = BUF_INIT(4096);
    CLEANUP(buf_wipe) struct buf key = BUF_INIT(4096);
    if (!own->config->eab_kid) {
        return true;
    }
    if (!secret_load(&own->config->eab_hmac_key, ca->config_dir, &text, err)) {
        return err_wrap(err, "eab.hmac_key");
    }
    const char *s = secret_bytes(&text);
    for (size_t i = 0; i < text.n; i++) {
        if (s[i] != '=' && s[i] != ' ' && s[i] != '\n' && s[i] != '\r') {
            buf_putc(&plain, s[i] == '+' ? '-' : s[i] == '/' ? '_' : s[i]);
        }
    }
    if (!base64url_decode(&key, buf_text(&plain), plain.n) || key.n < MAC_LEAST) {
        return err_set(err, ERR_INPUT, "eab.hmac_key is not base64url of at least %d octets",
                       MAC_LEAST);
    }
    secret_set(&own->mac, key.p, key.n);
    return true;
}

static bool open_certificate_keys(struct ca *ca, struct acme *own, struct err *err)
{
    const struct strings *files = &own->config->certificate_keys;
    own->keys = xcalloc(files->n + 1, sizeof *own->keys);
    for (size_t i = 0; i < files->n; i++) {
        CLEANUP(buf_wipe) struct buf pem = BUF_INIT(KEY_FILE_MAX);
        const char *name = files->v[i];
        const char *path =
            name[0] == '/'
                ? name
                : arena_printf(&own->arena, "%s/%s", ca->config_dir ? ca->config_dir : ".", name);
        own->keys[i] = (struct key)KEY_INIT;
        own->nkeys = i + 1;
        if (!fs_read(path, &pem, err) || !key_read(buf_span(&pem), NULL, &own->keys[i], err)) {
            return err_wrap(err, "certificate_keys");
        }
        if (!jws_alg(&own->keys[i])) {
            return err_set(err, ERR_INPUT,
                           "certificate_keys: %s is of a kind that ACME does not take", name);
        }
    }
    return true;
}

static bool open_acme(struct ca *ca, struct err *err)
{
    struct acme *own = xcalloc(1, sizeof *own);
    *own = (struct acme){.config = ca->config->own, .account = KEY_INIT, .jwk = BUF_INIT(8192)};
    ca->state = own;
    return open_account_key(ca, own, err) && open_binding(ca, own, err) &&
           open_certificate_keys(ca, own, err);
}

static void close_acme(struct ca *ca)
{
    struct acme *own = ca->state;
    if (!own) {
        return;
    }
    for (size_t i = 0; i < own->nkeys; i++) {
        key_release(&own->keys[i]);
    }
    free(own->keys);
    key_release(&own->account);
    secret_release(&own->mac);
    buf_release(&own->jwk);
    strlist_release(&own->profiles);
    strlist_release(&own->replaced);
    arena_release(&own->arena);
    free(own);
    ca->state = NULL;
}

/* --- the table --- */
/* A GET is never signed; everything that is POSTed is (RFC 8555, 6.2 and 6.3). */
#define GET(path, take, flags)                                                                     \
    {                                                                                              \
        "GET", path, NULL, take, OUTCOME_UNKNOWN, flags, NULL                                      \
    }
#define READ(path, take, flags)                                                                    \
    {                                                                                              \
        "POST", path, NULL, take, OUTCOME_UNKNOWN, flags, acme_ask_again                           \
    }
#define POST(path, put, take, refused, flags)                                                      \
    {                                                                                              \
        "POST", path, NULL, take, refused, flags, put                                              \
    }

static const struct rest_row rows[STEP__MAX][REST_PHASES] = {
    [STEP_TOKEN] = {[TOKEN_DIRECTORY] = GET(acme_directory_path, acme_take_directory, 0),
                    [TOKEN_NONCE] = GET(acme_nonce_path, acme_take_nonce, REST_TEXT | REST_EMPTY),
                    [TOKEN_ACCOUNT] =
                        POST(acme_account_path, acme_look_up, acme_take_account, OUTCOME_AUTH, 0),
                    [TOKEN_REGISTER] =
                        POST(acme_account_path, acme_register, acme_take_account, OUTCOME_AUTH, 0)},
    [STEP_ORDER] = {POST(acme_new_order_path, acme_put_order, acme_take_new_order, OUTCOME_REFUSED,
                         0)},
    [STEP_POLL] = {[POLL_ORDER] = READ(acme_order_path, acme_take_order, 0),
                   [POLL_AUTHORIZATION] = READ(acme_page_path, acme_take_authorization, 0),
                   [POLL_FINALIZE] =
                       POST(acme_page_path, acme_put_csr, acme_take_order, OUTCOME_UNKNOWN, 0),
                   [POLL_LOOK] = READ(acme_order_path, acme_take_order, 0),
                   [POLL_CERTIFICATE] = READ(acme_page_path, acme_take_certificate, REST_TEXT),
                   [POLL_ALTERNATE] = READ(acme_page_path, acme_take_certificate, REST_TEXT),
                   [POLL_DEFAULT] = READ(acme_page_path, acme_take_certificate, REST_TEXT)},
    [STEP_CHALLENGE] = {POST(acme_proof_path, acme_ask_again, acme_take_challenge, OUTCOME_REFUSED,
                             0)},
    [STEP_VALIDATE] = {POST(acme_proof_path, acme_put_ready, acme_take_ready, OUTCOME_REFUSED, 0)},
    [STEP_RENEWAL] = {GET(acme_renewal_path, acme_take_renewal, 0)},
    [STEP_REVOKE] = {POST(acme_revoke_path, acme_put_revocation, acme_take_revocation,
                          OUTCOME_REFUSED, REST_TEXT | REST_EMPTY)},
    [STEP_PRODUCTS] = {GET(acme_directory_path, acme_take_profiles, 0)},
    [STEP_INVENTORY] = {READ(acme_own_account_path, acme_take_orders_url, 0),
                        READ(acme_page_path, acme_take_orders, 0),
                        READ(acme_page_path, acme_take_listed, 0),
                        READ(acme_page_path, acme_take_listed_certificate,
                             REST_TEXT | REST_BY_ORDER)},
    [STEP_PROBE] = {READ(acme_own_account_path, acme_take_probe, 0)},
};

/* --- refusals --- */
/* RFC 8555, 6.7, and what came later. OUTCOME__MAX: what the row of the table says. */
static const struct {
    const char *type;
    enum outcome outcome;
    bool finalize; /* at finalize too the certificate will not come */
    const char *advice;
} problems[] = {
    {"badNonce", OUTCOME_AUTH, false, NULL},
    {"rateLimited", OUTCOME_THROTTLED, false, NULL},
    {"serverInternal", OUTCOME_UNKNOWN, false, NULL},
    {"accountDoesNotExist", OUTCOME_AUTH, false, NULL},
    {"badPublicKey", OUTCOME_AUTH, false, "the CA does not take the kind of account_key"},
    {"badSignatureAlgorithm", OUTCOME_AUTH, false, "the CA does not take the kind of account_key"},
    {"externalAccountRequired", OUTCOME_AUTH, false, "set eab: {kid: ..., hmac_key: {file: ...}}"},
    {"userActionRequired", OUTCOME_AUTH, false, "somebody must agree to new terms of the CA"},
    {"badCSR", OUTCOME__MAX, true, NULL},
    {"caa", OUTCOME__MAX, true, NULL},
    {"rejectedIdentifier", OUTCOME__MAX, true, NULL},
    {"unsupportedIdentifier", OUTCOME__MAX, true, NULL},
    {"invalidProfile", OUTCOME__MAX, true, "see `certbatch products`"},
    {"orderNotReady", OUTCOME__MAX, false, NULL},
};

static bool is_account(const char *text)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *s = str_lower(&a, text ? text : "");
    return strstr(s, "account") && (strstr(s, "deactivated") || strstr(s, "not valid") ||
                                    strstr(s, "revoked") || strstr(s, "not found"));
}

/* `unauthorized` is said of an account as of a name or a certificate. */
static enum outcome unlisted(const struct rest_heard *h, const struct rest_row *row,
                             const char *type)
{
    const bool account = str_eq(type, "unauthorized") && is_account(h->out->message);
    if (account || h->call->step == STEP_TOKEN) {
        return OUTCOME_AUTH;
    }
    const int status = h->reply->http_status;
    if (status == 429 || (!type && (status == 401 || status == 403))) {
        return h->out->outcome; /* as HTTP has it */
    }
    /* not in ACME's words: nobody knows what became of it */
    return type ? row->refused : OUTCOME_UNKNOWN;
}

/* True: the refusal is an answer of its own. */
static bool is_answer(const struct rest_heard *h, const char *type)
{
    struct acme *own = h->own;
    struct ca_result *out = h->out;
    if (str_eq(type, "alreadyRevoked") && h->call->step == STEP_REVOKE) {
        out->outcome = OUTCOME_ACCEPTED;
        return out->revoked = true;
    }
    if (str_eq(type, "accountDoesNotExist") && own->asked == TOKEN_ACCOUNT &&
        h->call->step == STEP_TOKEN) {
        own->no_account = true;
        out->outcome = OUTCOME_ACCEPTED;
        out->phase = acme_missing(own);
        return true;
    }
    const bool replaces = h->call->step == STEP_ORDER && h->call->order->prior_certificate.n;
    const char *id = replaces ? acme_cert_id(&own->arena, h->call->order->prior_certificate) : NULL;
    if (str_eq(type, "alreadyReplaced") && id && !strlist_has(&own->replaced, id)) {
        VEC_PUSH(&own->replaced, id); /* RFC 9773, 5: once more, without the field */
        out->outcome = OUTCOME_AUTH;
        return out->stale = true;
    }
    return false;
}

static void explain(const struct rest_heard *h, const struct rest_row *row)
{
    struct ca_result *out = h->out;
    const char *type = acme_problem_type(h->body);
    const char *text = acme_problem_text(out->arena, h->body);
    const bool finalize = h->call->step == STEP_POLL && h->call->phase == POLL_FINALIZE;
    size_t i = 0;
    out->message = text ? text : out->message;
    out->code = type ? arena_strdup(out->arena, type) : NULL;
    if (is_answer(h, type)) {
        return;
    }
    while (i < NITEMS(problems) && !str_eq(problems[i].type, type)) {
        i++;
    }
    if (i == NITEMS(problems)) {
        out->outcome = unlisted(h, row, type);
        return;
    }
    out->outcome = problems[i].outcome != OUTCOME__MAX ? problems[i].outcome
                   : finalize && problems[i].finalize  ? OUTCOME_REFUSED
                                                       : row->refused;
    out->stale = str_eq(type, "badNonce");
    if (problems[i].advice) {
        out->message = arena_printf(out->arena, "%s; %s", out->message, problems[i].advice);
    }
    if (out->outcome == OUTCOME_THROTTLED) {
        out->again_seconds = h->reply->retry_after_seconds;
    }
}

static const struct rest_api api = {.title = "the ACME server",
                                    .rows = rows,
                                    .explain = explain,
                                    .accept = "*/*",
                                    .content_type = "application/jose+json"};

/* --- --- */
/* Phase 0 of TOKEN is whatever is missing. */
static struct ca_call resolved(const struct ca_call *call, unsigned token)
{
    struct ca_call c = *call;
    c.phase = call->step == STEP_TOKEN && !call->phase ? token : call->phase;
    return c;
}

static bool request_acme(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                         struct err *err)
{
    struct acme *own = ca->state;
    const struct ca_call at = resolved(call, acme_missing(own));
    if (call->step == STEP_TOKEN) {
        own->asked = at.phase;
    }
    const bool ok = rest_request(&api, ca, "", &at, out, err);
    out->call = call;
    return ok;
}

static void answer_acme(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                        struct ca_result *out)
{
    struct acme *own = ca->state;
    const struct ca_call at = resolved(call, own->asked);
    acme_keep_nonce(own, ca_reply_header(reply, "replay-nonce"));
    rest_answer(&api, ca, &at, reply, out);
    /* renewal information is for everybody: its refusal says nothing about our account */
    if (out->outcome == OUTCOME_AUTH && !out->stale && call->step != STEP_RENEWAL) {
        own->account_url = NULL; /* looked up again: what is wrong with it shows then */
        own->no_account = false;
    }
}

const struct ca_ops acme_ops = {
    .open = open_acme,
    .close = close_acme,
    .request = request_acme,
    .answer = answer_acme,
    .authorized = acme_authorized,
};
