/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening an emCA: what of the configuration a dialect needs, and the files and secrets it names.
 */
#include "batch/ca/emca_map.h"

#include "batch/config.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

static bool lacks(const struct ca *ca, const char *key, const char *hint, struct err *err)
{
    const struct emca *e = ca->state;
    (void)err_set(err, ERR_INPUT, "%s is missing: the dialect %s cannot do without", key,
                  e->dialect->word);
    err_hint(err, hint);
    return false;
}

/* A setting that is text, with what to do when it is not there. */
struct need {
    const char *key, *value, *hint;
};

static bool needs_texts(const struct ca *ca, const struct need *v, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!v[i].value || !*v[i].value) {
            return lacks(ca, v[i].key, v[i].hint, err);
        }
    }
    return true;
}

static bool needs_secret(const struct ca *ca, const char *key, const char *hint,
                         const struct secret_ref *ref, struct secret *out, struct err *err)
{
    if (ref->kind == SECRET_NONE) {
        return lacks(ca, key, hint, err);
    }
    return secret_load(ref, ca->config_dir, out, err) || err_wrap(err, "%s", key);
}

/* The one entry with a key and its certificate. */
static const struct keystore_item *pick(const struct keystore *store, struct err *err)
{
    const struct keystore_item *found = NULL;
    for (size_t i = 0; i < store->n; i++) {
        if (store->v[i].has_key && found) {
            (void)err_set(err, ERR_INPUT,
                          "it has more than one key: which one emCA knows cannot "
                          "be told");
            return NULL;
        }
        found = store->v[i].has_key ? &store->v[i] : found;
    }
    if (!found || found->key_problem || !found->ncerts) {
        (void)err_set(err, ERR_INPUT, "%s",
                      !found               ? "it has no private key"
                      : found->key_problem ? found->key_problem
                                           : "it has no certificate for its key");
        return NULL;
    }
    return found;
}

/* The certificate is the PFX's own word; whether it belongs to the key is checked, whether it is
 * one for signing is not: emCA compares it with what it registered, and nothing else. */
static bool open_signer(const struct ca *ca, struct emca *e, struct err *err)
{
    const struct emca_config *c = ca->config->own;
    CLEANUP(secret_release) struct secret password = SECRET_INIT;
    CLEANUP(buf_wipe) struct buf bytes = BUF_INIT(LIMIT_INPUT_BYTES);
    struct cert cert;
    const char *path = path_join(&e->arena, ca->config_dir, c->upload_file);
    if (!fs_read(path, &bytes, err) ||
        (c->upload_password.kind != SECRET_NONE &&
         !secret_load(&c->upload_password, ca->config_dir, &password, err)) ||
        !keystore_read(buf_span(&bytes), &password, NULL, &e->store, err)) {
        return false;
    }
    e->signer = pick(&e->store, err);
    if (!e->signer || !cert_parse(&e->arena, e->signer->certs[0], &cert, err)) {
        return false;
    }
    return key_matches_spki(&e->signer->key, cert.key.sha256) ||
           err_set(err, ERR_INPUT, "%s: the private key does not belong to its certificate", path);
}

bool emca_open_rest(struct ca *ca, struct emca *e, struct err *err)
{
    const struct emca_config *c = ca->config->own;
    CLEANUP(secret_release) struct secret given = SECRET_INIT;
    const struct need texts[] = {
        {"username", c->username, "the user of the API, as emCA has it"},
        {"upload_file", c->upload_file,
         "the PFX that the emCA team handed out: upload_file: {file: ..., password: {file: ...}}"},
    };
    if (!needs_texts(ca, texts, NITEMS(texts), err) ||
        !needs_secret(ca, "password", "the password of the user: {file: ...} or {env: ...}",
                      &c->password, &e->password, err) ||
        !needs_secret(ca, "em_key", "the value of the emKey header, from the emCA team", &c->em_key,
                      &e->em_key, err) ||
        !needs_secret(ca, "aes_key", "the AES-256 key from the emCA team", &c->aes_key, &given,
                      err)) {
        return false;
    }
    return (aes_key_read(&given, &e->aes_key, err) || err_wrap(err, "aes_key")) &&
           (open_signer(ca, e, err) || err_wrap(err, "upload_file")) &&
           (!c->issuing_ca_file ||
            setting_certs(ca, c->issuing_ca_file, &e->arena, &e->issuers, &e->nissuers, err) ||
            err_wrap(err, "issuing_ca_file"));
}

/* --- rest-jwt --- */
static const char map_hint[] = "see samples/emca: fill the template in from the API collection of "
                               "your emCA, or choose dialect: est or rest-4.0.17";

static bool open_map(struct ca *ca, struct emca *e, struct err *err)
{
    const struct emca_config *c = ca->config->own;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_YAML_BYTES);
    struct emca_map *m = arena_alloc(&e->arena, sizeof *m);
    if (!fs_read(path_join(&e->arena, ca->config_dir, c->endpoint_map), &text, err) ||
        !emca_map_read(&e->arena, c->endpoint_map, buf_span(&text), m, err)) {
        return false;
    }
    if (!m->verified && !c->accept_unverified_map) {
        (void)err_set(err, ERR_INPUT, "%s: nobody has tried this map against emCA",
                      c->endpoint_map);
        err_hint(err, "try it against a test instance, then write verified: true into it; "
                      "accept_unverified_map: true in the configuration uses it as it is");
        return false;
    }
    /* Without replay by application id a lost answer cannot be found out: the operator decides. */
    ca->lacks |= m->replays_application_id ? 0 : CA_KEYED;
    e->map = m;
    return true;
}

bool emca_open_jwt(struct ca *ca, struct emca *e, struct err *err)
{
    const struct emca_config *c = ca->config->own;
    const struct need texts[] = {
        {"username", c->username, "the user of the application (appCode), as emCA has it"},
        {"client_id", c->client_id, "the ClientID that emCA issued for the application"},
        {"endpoint_map", c->endpoint_map, map_hint},
    };
    return needs_texts(ca, texts, NITEMS(texts), err) &&
           needs_secret(ca, "password", "the password of the user: {file: ...} or {env: ...}",
                        &c->password, &e->password, err) &&
           (open_map(ca, e, err) || err_wrap(err, "endpoint_map"));
}
