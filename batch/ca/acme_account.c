/* SPDX-License-Identifier: Apache-2.0
 *
 * See acme.h: what comes before orders. The directory is read, a nonce is fetched when no answer
 * has brought one, and the account of our key is looked up; only when the CA has none is one made,
 * with the terms agreed to and the external account binding. A binding may be good for one use, so
 * it is not sent for an account that is there.
 */
#include "batch/ca/acme.h"

#include <string.h>

/* --- what is missing --- */
unsigned acme_missing(const struct acme *own)
{
    return !own->new_nonce    ? TOKEN_DIRECTORY
           : !own->nnonces    ? TOKEN_NONCE
           : own->account_url ? 0
           : own->no_account  ? TOKEN_REGISTER
                              : TOKEN_ACCOUNT;
}

bool acme_authorized(const struct ca *ca, int64_t now UNUSED)
{
    return !acme_missing(ca->state);
}

/* RFC 8555, 6.5.1: base64url; one that is not is ignored. */
void acme_keep_nonce(struct acme *own, const char *nonce)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const size_t n = nonce ? strlen(nonce) : 0;
    if (!n || n >= ACME_NONCE_MAX || strspn(nonce, alphabet) != n) {
        return;
    }
    if (own->nnonces == ACME_NONCES) { /* the oldest is the least likely to be known still */
        memmove(own->nonces[0], own->nonces[1], sizeof own->nonces - sizeof own->nonces[0]);
        own->nnonces--;
    }
    memcpy(own->nonces[own->nnonces++], nonce, n + 1);
}

/* What was promised over TLS is not fetched without it. */
const char *acme_address(const struct acme *own, struct arena *a, const char *url)
{
    const bool plain = str_starts(own->config->directory_url, "http://");
    const size_t n = url ? strlen(url) : 0;
    for (size_t i = 0; i < n; i++) {
        if (url[i] <= ' ' || url[i] >= 0x7F) {
            return NULL;
        }
    }
    const bool good = n && n <= ACME_URL_MAX &&
                      (str_starts(url, "https://") || (plain && str_starts(url, "http://")));
    return good ? arena_strndup(a, url, n) : NULL;
}

/* --- signed requests --- */
bool acme_sign(const struct rest_asked *q, const struct key *key, struct span payload,
               struct buf *out)
{
    struct jw j;
    struct acme *own = q->own;
    const struct key *by = key ? key : &own->account;
    CLEANUP(buf_release) struct buf header = BUF_INIT(16384);
    CLEANUP(buf_release) struct buf jwk = BUF_INIT(8192);
    if (!own->nnonces) {
        return err_set(q->err, ERR_INTERNAL, "the CA was to be asked before there was a nonce");
    }
    if (key && !jwk_write(key, &jwk, q->err)) {
        return false;
    }
    jw_begin(&j, &header, JW_COMPACT);
    jw_object(&j, NULL);
    jw_str(&j, "alg", jws_alg(by));
    if (key) {
        jw_raw(&j, "jwk", buf_text(&jwk));
    } else {
        jw_str(&j, "kid", own->account_url);
    }
    jw_str(&j, "nonce", own->nonces[--own->nnonces]);
    jw_str(&j, "url", q->out->url);
    jw_end(&j);
    return jw_finish(&j, q->err) && jws_sign(by, buf_text(&header), payload, out, q->err);
}

bool acme_ask_again(const struct rest_asked *q, struct buf *b)
{
    return acme_sign(q, NULL, (struct span){NULL, 0}, b);
}

/* --- addresses --- */
static bool put(const struct rest_asked *q, struct buf *url, const char *address, const char *what)
{
    if (!address) {
        return err_set(q->err, ERR_CA, "the directory of the CA has no %s", what);
    }
    buf_puts(url, address);
    return true;
}

bool acme_directory_path(const struct rest_asked *q, struct buf *url)
{
    const struct acme *own = q->own;
    return put(q, url, own->config->directory_url, "address");
}

bool acme_nonce_path(const struct rest_asked *q, struct buf *url)
{
    const struct acme *own = q->own;
    return put(q, url, own->new_nonce, "newNonce");
}

bool acme_account_path(const struct rest_asked *q, struct buf *url)
{
    const struct acme *own = q->own;
    return put(q, url, own->new_account, "newAccount");
}

bool acme_own_account_path(const struct rest_asked *q, struct buf *url)
{
    const struct acme *own = q->own;
    return put(q, url, own->account_url, "account");
}

/* --- the directory --- */
static const char *address_of(const struct rest_heard *h, const char *name)
{
    struct acme *own = h->own;
    return acme_address(own, &own->arena, json_get_str(h->body, name));
}

static void read_meta(struct acme *own, const json_t *meta)
{
    const char *name;
    json_t *v;
    const json_t *profiles = json_get(meta, "profiles");
    const char *terms = json_get_str(meta, "termsOfService");
    own->external_account = json_get_bool(meta, "externalAccountRequired", false);
    own->terms = terms ? arena_strdup(&own->arena, terms) : NULL;
    json_object_foreach((json_t *)(uintptr_t)profiles, name, v)
    {
        VEC_PUSH(&own->profiles, arena_strdup(&own->arena, name));
    }
}

void acme_take_directory(const struct rest_heard *h)
{
    struct acme *own = h->own;
    own->new_account = address_of(h, "newAccount");
    own->new_order = address_of(h, "newOrder");
    own->revoke_cert = address_of(h, "revokeCert");
    own->renewal_info = address_of(h, "renewalInfo");
    own->new_nonce = address_of(h, "newNonce");
    if (!own->new_nonce || !own->new_account || !own->new_order) {
        own->new_nonce = NULL;
        rest_say(h, OUTCOME_AUTH,
                 "directory_url is not the address of an ACME directory: it has no "
                 "newNonce, newAccount and newOrder");
        return;
    }
    read_meta(own, json_get(h->body, "meta"));
    h->out->phase = acme_missing(own);
}

void acme_take_nonce(const struct rest_heard *h)
{
    const struct acme *own = h->own;
    if (!own->nnonces) {
        rest_say(h, OUTCOME_UNKNOWN, "the CA gave no nonce (Replay-Nonce) where it hands them out");
        return;
    }
    h->out->phase = acme_missing(own);
}

/* --- the account --- */
bool acme_look_up(const struct rest_asked *q, struct buf *b)
{
    static const char only[] = "{\"onlyReturnExisting\":true}";
    const struct acme *own = q->own;
    return acme_sign(q, &own->account, (struct span){(const uint8_t *)only, sizeof only - 1}, b);
}

/* RFC 8555, 7.3.4: the JWK of the account, signed with the key that the CA handed out. */
static bool put_binding(const struct rest_asked *q, struct jw *j)
{
    struct jw h;
    const struct acme *own = q->own;
    CLEANUP(buf_release) struct buf header = BUF_INIT(8192);
    CLEANUP(buf_release) struct buf jws = BUF_INIT(32768);
    if (!own->config->eab_kid) {
        return true;
    }
    jw_begin(&h, &header, JW_COMPACT);
    jw_object(&h, NULL);
    jw_str(&h, "alg", "HS256");
    jw_str(&h, "kid", own->config->eab_kid);
    jw_str(&h, "url", own->new_account);
    jw_end(&h);
    if (!jw_finish(&h, q->err) ||
        !jws_mac(&own->mac, buf_text(&header), buf_span(&own->jwk), &jws, q->err)) {
        return false;
    }
    jw_raw(j, "externalAccountBinding", buf_text(&jws));
    return true;
}

static bool may_register(const struct rest_asked *q)
{
    const struct acme *own = q->own;
    if (own->terms && !own->config->accept_tos) {
        (void)err_set(q->err, ERR_INPUT,
                      "the CA has no account for account_key, and makes one only for who agrees to "
                      "its terms: %.300s",
                      own->terms);
        err_hint(q->err, "read them, then say accept_tos: true");
        return false;
    }
    if (own->external_account && !own->config->eab_kid) {
        (void)err_set(q->err, ERR_INPUT,
                      "the CA has no account for account_key, and makes one only "
                      "with an external account binding");
        err_hint(q->err,
                 "get a key id and an HMAC key from the CA and say eab: {kid: ..., hmac_key: "
                 "{file: ...}}");
        return false;
    }
    return true;
}

bool acme_register(const struct rest_asked *q, struct buf *b)
{
    struct jw j;
    const struct acme *own = q->own;
    CLEANUP(buf_release) struct buf payload = BUF_INIT(65536);
    if (!may_register(q)) {
        return false;
    }
    jw_begin(&j, &payload, JW_COMPACT);
    jw_object(&j, NULL);
    if (own->terms) {
        jw_bool(&j, "termsOfServiceAgreed", true);
    }
    if (own->config->contact.n) {
        jw_array(&j, "contact");
        for (size_t i = 0; i < own->config->contact.n; i++) {
            jw_str(&j, NULL, own->config->contact.v[i]);
        }
        jw_end(&j);
    }
    if (!put_binding(q, &j)) {
        return false;
    }
    jw_end(&j);
    return jw_finish(&j, q->err) && acme_sign(q, &own->account, buf_span(&payload), b);
}

void acme_take_account(const struct rest_heard *h)
{
    struct acme *own = h->own;
    const char *status = json_get_str(h->body, "status");
    own->account_url = acme_address(own, &own->arena, ca_reply_header(h->reply, "location"));
    if (!own->account_url) {
        rest_say(h, OUTCOME_UNKNOWN, "the CA does not say where the account is (Location)");
    } else if (status && !str_eq(status, "valid")) {
        own->account_url = NULL;
        rest_say(h, OUTCOME_AUTH,
                 arena_printf(h->out->arena,
                              "the account of account_key is %.40s: it orders "
                              "nothing any more, another key is needed",
                              status));
    } else {
        h->out->phase = acme_missing(own);
    }
}

void acme_take_probe(const struct rest_heard *h)
{
    const char *status = json_get_str(h->body, "status");
    const struct acme *own = h->own;
    if (!str_eq(status, "valid")) {
        rest_say(h, OUTCOME_AUTH, "the account is not valid");
    } else {
        h->out->message = own->renewal_info
                              ? "the CA offers renewal information (ARI, RFC 9773)"
                              : "the CA offers no renewal information (ARI, RFC 9773)";
    }
}
