/* SPDX-License-Identifier: Apache-2.0
 *
 * `open-passwords FILE.cms --key F`: the passwords of a delivery, for one of its recipients. They
 * go to standard output, or with -o to a file that only its owner can read.
 */
#include "cmd/cmd.h"
#include "cmd/password.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/cms_envelope.h"

static bool read_key(const struct options *o, struct key *key, struct err *err)
{
    CLEANUP(secret_release) struct secret password = SECRET_INIT;
    CLEANUP(buf_wipe) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    const struct secret *p = NULL;
    if (!o->key) {
        return err_set(err, ERR_USAGE,
                       "open-passwords needs --key, the private key of a recipient");
    }
    if (!cmd_password(o, &password, err) || !fs_read(o->key, &text, err)) {
        return false;
    }
    p = secret_is_set(&password) ? &password : NULL;
    return key_read(buf_span(&text), p, key, err) || err_wrap(err, "%s", o->key);
}

/* Of a file with a chain the first one. The key must be its key: else nothing would open, and the
 * envelope would be blamed. */
static bool read_certificate(const struct options *o, const struct key *key, struct buf *der,
                             struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    struct cert *certs;
    size_t n = 0;
    if (!o->certificate) {
        return true;
    }
    if (!fs_read(o->certificate, &text, err) ||
        !certs_read(&a, o->certificate, buf_span(&text), &certs, &n, err)) {
        return false;
    }
    if (n == 0 || !key_matches_spki(key, certs[0].key.sha256)) {
        return err_set(err, ERR_INPUT, "%s is not the certificate of the key %s", o->certificate,
                       o->key);
    }
    buf_add(der, certs[0].der.p, certs[0].der.n);
    return true;
}

int cmd_open_passwords(const struct options *o, struct term *t)
{
    CLEANUP(key_release) struct key key = KEY_INIT;
    CLEANUP(buf_release) struct buf input = BUF_INIT(2u * CMS_PLAIN_MAX);
    CLEANUP(buf_release) struct buf certificate = BUF_INIT(LIMIT_CERT_BYTES);
    CLEANUP(buf_wipe) struct buf csv = BUF_INIT(CMS_PLAIN_MAX);
    struct err err = ERR_INIT;
    const char *file = o->operands.v[0];
    if (!read_key(o, &key, &err) || !read_certificate(o, &key, &certificate, &err) ||
        !fs_read(file, &input, &err)) {
        return cmd_fail(t, &err);
    }
    const struct span der = {certificate.n ? (const uint8_t *)certificate.p : NULL, certificate.n};
    if (!cms_open(buf_span(&input), &key, der, &csv, &err)) {
        (void)err_wrap(&err, "%s", file);
        return cmd_fail(t, &err);
    }
    if (!o->out) {
        term_out(t, buf_span(&csv));
        return EXIT_DONE;
    }
    return fs_write_atomic(o->out, buf_span(&csv), 0600, &err) ? EXIT_DONE : cmd_fail(t, &err);
}
