/* SPDX-License-Identifier: Apache-2.0
 *
 * The envelope of V4.0.17 ("Open API specification"): the inner object, which carries user,
 * password and a CMS signature made with the PFX that eMudhra hands out, is encrypted with AES-256,
 * and goes as Base64 in an outer object beside the name of the user.
 *
 * The specification leaves open how the cipher is used, what of a CSR is signed, and how a serial
 * number is written: settings of the configuration, with the likeliest as default.
 */
#include "batch/ca/emca.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/cms.h"

#include <string.h>

static bool put_signature(const struct rest_asked *q, struct span content, struct jw *j)
{
    const struct emca *e = q->own;
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!cms_sign_enclosing(e->signer->key.pkey, e->signer->certs[0], content, q->call->now, &der,
                            q->err)) {
        return err_wrap(q->err, "upload_file");
    }
    base64_encode(&text, der.p, der.n, 0);
    jw_str(j, "signature", buf_text(&text));
    return true;
}

/* The password stands last, in a buffer that has room for all: it is never moved, and so never
 * left behind in memory that was given back. */
static bool put_inner(const struct rest_asked *q, struct span content,
                      bool (*members)(const struct rest_asked *q, struct jw *j), struct buf *inner)
{
    enum { BESIDE = 32 * 1024 };
    struct jw j;
    const struct emca *e = q->own;
    const struct emca_config *c = q->config;
    if (!buf_room(inner, 2 * content.n + BESIDE + 6 * e->password.n)) {
        return err_set(q->err, ERR_INPUT, "the request is too long");
    }
    jw_begin(&j, inner, JW_COMPACT);
    jw_object(&j, NULL);
    jw_str(&j, "userName", c->username);
    if ((members && !members(q, &j)) || !put_signature(q, content, &j)) {
        return false;
    }
    jw_str(&j, "password", secret_bytes(&e->password));
    jw_end(&j);
    return jw_finish(&j, q->err);
}

/* Fresh for each request, from the executor: connectors have no source of random numbers. */
static bool set_iv(const struct rest_asked *q, uint8_t iv[AES_BLOCK])
{
    const char *nonce = q->call->nonce;
    return (nonce && strlen(nonce) == 2 * (size_t)AES_BLOCK &&
            hex_decode(nonce, 2 * (size_t)AES_BLOCK, iv)) ||
           err_set(q->err, ERR_INTERNAL, "a request of emCA has no nonce");
}

bool emca_envelope(const struct rest_asked *q, struct span content,
                   bool (*members)(const struct rest_asked *q, struct jw *j), struct buf *out)
{
    const struct emca *e = q->own;
    const struct emca_config *c = q->config;
    uint8_t iv[AES_BLOCK];
    struct jw j;
    CLEANUP(buf_wipe) struct buf inner = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(buf_release) struct buf hidden = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(buf_release) struct buf text = BUF_INIT(2 * (size_t)LIMIT_INPUT_BYTES);
    if (!set_iv(q, iv) || !put_inner(q, content, members, &inner) ||
        !aes_encrypt((enum aes_mode)c->aes_mode, &e->aes_key, iv, buf_span(&inner), &hidden,
                     q->err)) {
        return false;
    }
    base64_encode(&text, hidden.p, hidden.n, 0);
    jw_begin(&j, out, JW_COMPACT);
    jw_object(&j, NULL);
    jw_str(&j, "requestData", buf_text(&text));
    jw_str(&j, "userName", c->username);
    jw_end(&j);
    return jw_finish(&j, q->err);
}
