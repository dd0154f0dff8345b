/* SPDX-License-Identifier: Apache-2.0
 *
 * See seal.h.
 */
#include "batch/seal.h"

#include "batch/tsa.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/cms.h"
#include "formats/dsse.h"
#include "formats/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct seal {
    struct config config;
    struct signer *signer; /* NULL: not configured */
    struct tsa *tsa;       /* NULL: not configured */
    struct err unusable;   /* why neither can be used although configured; or ERR_NONE */
};

/* --- opening --- */

static bool add_file(const struct config *c, const char *name, struct buf *out, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf file = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!fs_read(path_join(&a, c->dir, name), &file, err)) {
        return false;
    }
    buf_add(out, file.p, file.n);
    buf_putc(out, '\n');
    return true;
}

static bool open_key(const struct config *c, struct key *key, struct err *err)
{
    const struct signing *s = c->signing;
    CLEANUP(secret_release) struct secret text = SECRET_INIT;
    CLEANUP(secret_release) struct secret password = SECRET_INIT;
    if (s->key_password.kind != SECRET_NONE &&
        !secret_load(&s->key_password, c->dir, &password, err)) {
        return err_wrap(err, "signing.key_password");
    }
    const struct secret *given = secret_is_set(&password) ? &password : NULL;
    if (s->key_uri) {
        return pkcs11_key(s->key_uri, given, key, err) || err_wrap(err, "signing.key_uri");
    }
    if (!secret_load(&s->key, c->dir, &text, err)) {
        return err_wrap(err, "signing.key");
    }
    struct span pem = {(const uint8_t *)secret_bytes(&text), text.n};
    return key_read(pem, given, key, err) || err_wrap(err, "signing.key");
}

static bool open_signer(struct seal *s, struct err *err)
{
    const struct config *config = &s->config;
    const struct signing *c = config->signing;
    CLEANUP(key_release) struct key key = KEY_INIT;
    CLEANUP(buf_release) struct buf certificates = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!add_file(config, c->certificate, &certificates, err)) {
        return err_wrap(err, "signing.certificate");
    }
    if (c->chain && !add_file(config, c->chain, &certificates, err)) {
        return err_wrap(err, "signing.chain");
    }
    return open_key(config, &key, err) && (signer_open(c->certificate, buf_span(&certificates),
                                                       key.pkey, time_now(), &s->signer, err) ||
                                           err_wrap(err, "signing"));
}

bool seal_open(const char *config_path, const volatile sig_atomic_t *stop, struct seal **out,
               struct err *err)
{
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    *out = NULL;
    if (!config_path) {
        return true;
    }
    struct seal *s = xcalloc(1, sizeof *s);
    const struct config *c = &s->config;
    if (!config_read(&s->config, config_path, &findings, err)) {
        seal_free(s);
        return false;
    }
    if (!c->signing && !c->timestamp) {
        seal_free(s);
        return true;
    }
    *out = s;
    if ((c->signing && !open_signer(s, err)) ||
        (c->timestamp && !tsa_open(c->timestamp, c->dir, stop, &s->tsa, err))) {
        s->unusable = *err;
        return false;
    }
    return true;
}

/* Nothing kept, and nothing to make it with. */
static enum seal_made none(const struct seal *s, bool configured, struct err *err)
{
    if (s && s->unusable.code && configured) {
        *err = s->unusable;
        return SEAL_FAILED;
    }
    return SEAL_NONE;
}

void seal_free(struct seal *s)
{
    if (s) {
        signer_free(s->signer);
        tsa_close(s->tsa);
        config_release(&s->config);
        free(s);
    }
}

void seal_files_release(struct seal_files *f)
{
    buf_release(&f->signature);
    buf_release(&f->timestamp);
}

void seal_digests(const struct seal_files *f, struct buf *out)
{
    const struct {
        const char *name;
        const struct buf *data;
    } files[] = {{SEAL_SIGNATURE, &f->signature}, {SEAL_TIMESTAMP, &f->timestamp}};
    for (size_t i = 0; i < NITEMS(files); i++) {
        char hex[SHA256_HEX];
        if (files[i].data->n) {
            sha256_hex(files[i].data->p, files[i].data->n, hex);
            buf_printf(out, "%s  %s\n", hex, files[i].name);
        }
    }
}

/* --- what the state keeps --- */

struct kept_name {
    char text[SHA256_HEX + 16];
};

static struct kept_name name_of(struct span about, const char *suffix)
{
    char hex[SHA256_HEX];
    struct kept_name n;
    sha256_hex(about.p, about.n, hex);
    (void)snprintf(n.text, sizeof n.text, "%s%s", hex, suffix);
    return n;
}

/* Absent is an empty buffer. */
static bool load(int state, struct span about, const char *suffix, struct buf *out, struct err *err)
{
    struct kept_name name = name_of(about, suffix);
    buf_reset(out);
    if (!fs_exists_at(state, SEAL_DIR)) {
        return true;
    }
    CLEANUP(closep) int dir = fs_open_dir_at(state, SEAL_DIR, err);
    return dir >= 0 && (!fs_exists_at(dir, name.text) || fs_read_at(dir, name.text, out, err));
}

static bool store(int state, struct span about, const char *suffix, const struct buf *data,
                  struct err *err)
{
    struct kept_name name = name_of(about, suffix);
    CLEANUP(closep) int dir = fs_make_dir_at(state, SEAL_DIR, err);
    return dir >= 0 && fs_write_atomic_at(dir, name.text, buf_span(data), 0600, err);
}

static bool same_signer(const struct seal *s, const struct cert *c)
{
    return !s || !s->signer || span_eq(signer_certificate(s->signer), c->der);
}

/* --- the statement --- */

static bool envelope_is_good(const struct seal *s, struct span statement, const struct buf *file)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct dsse d;
    struct err ignored = ERR_INIT;
    return file->n && dsse_read(&a, SEAL_PROVENANCE, buf_span(file), &d, &ignored) && d.n == 1 &&
           span_eq(d.payload, statement) && str_eq(d.type, DSSE_IN_TOTO) &&
           (!s || !s->signer || str_eq(d.v[0].key_id, signer_key_id(s->signer)));
}

enum seal_made seal_statement(struct seal *s, int state, struct span statement,
                              struct buf *envelope, struct err *err)
{
    if (!load(state, statement, ".dsse.json", envelope, err)) {
        return SEAL_FAILED;
    }
    if (envelope_is_good(s, statement, envelope)) {
        return SEAL_MADE;
    }
    buf_reset(envelope);
    if (!s || !s->signer || s->unusable.code) {
        return none(s, s && s->config.signing, err);
    }
    return dsse_make(s->signer, DSSE_IN_TOTO, statement, envelope, err) &&
                   store(state, statement, ".dsse.json", envelope, err)
               ? SEAL_MADE
               : SEAL_FAILED;
}

/* --- the tag manifest --- */

static bool signature_is_good(const struct seal *s, struct span text, const struct buf *file,
                              bool stamped)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const struct cms_how nobody = {.now = time_now()};
    struct cms_result r;
    return file->n && cms_verify(&a, text, buf_span(file), &nobody, &r) && r.n == 1 &&
           r.v[0].stamped == stamped && same_signer(s, &r.v[0].certificate);
}

static bool timestamp_is_good(struct span text, const struct buf *file)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct tsp_stamp stamp;
    return file->n && tsp_verify(&a, buf_span(file), text, NULL, time_now(), &stamp);
}

/* The signature, stamped when `stamp`. What was made is read back: a token may err. */
static bool make_signature(struct seal *s, struct span text, bool stamp, struct buf *out,
                           struct err *err)
{
    CLEANUP(buf_release) struct buf plain = BUF_INIT(1u << 20);
    CLEANUP(buf_release) struct buf value = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf reply = BUF_INIT(1u << 20);
    CLEANUP(buf_release) struct buf token = BUF_INIT(1u << 20);
    if (!cms_sign(s->signer, text, time_now(), &plain, err)) {
        return false;
    }
    if (!stamp) {
        buf_add(out, plain.p, plain.n);
    } else if (!cms_signature_value(buf_span(&plain), &value, err) ||
               !tsa_stamp(s->tsa, buf_span(&value), &reply, err) ||
               !tsp_token(buf_span(&reply), &token, err) ||
               !cms_add_timestamp(buf_span(&plain), buf_span(&token), out, err)) {
        return false;
    }
    return signature_is_good(s, text, out, stamp) ||
           err_set(err, ERR_ENV, "the signature that was made does not verify");
}

static bool load_files(const struct seal *s, int state, struct span text, bool sign, bool stamp,
                       struct seal_files *out, bool *whole, struct err *err)
{
    if ((sign && !load(state, text, ".p7s", &out->signature, err)) ||
        (stamp && !load(state, text, ".tsr", &out->timestamp, err))) {
        return false;
    }
    *whole = (!sign || signature_is_good(s, text, &out->signature, stamp)) &&
             (!stamp || timestamp_is_good(text, &out->timestamp));
    if (!*whole) {
        buf_reset(&out->signature);
        buf_reset(&out->timestamp);
    }
    return true;
}

static enum seal_made make_files(struct seal *s, int state, struct span text, bool sign, bool stamp,
                                 struct seal_files *out, struct err *err)
{
    bool ok = (!sign || make_signature(s, text, stamp, &out->signature, err)) &&
              (!stamp || tsa_stamp(s->tsa, text, &out->timestamp, err));
    if (!ok) {
        buf_reset(&out->signature);
        buf_reset(&out->timestamp);
        if (stamp && err->code == ERR_CA && !s->config.timestamp->required) {
            return SEAL_UNSTAMPED;
        }
        return SEAL_FAILED;
    }
    return (!sign || store(state, text, ".p7s", &out->signature, err)) &&
                   (!stamp || store(state, text, ".tsr", &out->timestamp, err))
               ? SEAL_MADE
               : SEAL_FAILED;
}

enum seal_made seal_tag_manifest(struct seal *s, int state, struct span text, bool sign, bool stamp,
                                 struct seal_files *out, struct err *err)
{
    bool whole;
    if (!load_files(s, state, text, sign, stamp, out, &whole, err)) {
        return SEAL_FAILED;
    }
    if (whole) {
        return SEAL_MADE;
    }
    if (!s || s->unusable.code || (sign && !s->signer) || (stamp && !s->tsa)) {
        /* one that is signed may have gone without a stamp: that is asked next */
        return none(s, !(sign && stamp), err);
    }
    return make_files(s, state, text, sign, stamp, out, err);
}
