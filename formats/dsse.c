/* SPDX-License-Identifier: Apache-2.0
 *
 * See dsse.h.
 */
#include "formats/dsse.h"

#include "formats/base/json.h"
#include "formats/base/json_in.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

enum { SIGNATURES_MAX = 16 };

void dsse_pae(const char *type, struct span payload, struct buf *out)
{
    buf_printf(out, "DSSEv1 %zu %s %zu ", strlen(type), type, payload.n);
    buf_add(out, payload.p, payload.n);
}

bool dsse_make(const struct signer *s, const char *type, struct span payload, struct buf *envelope,
               struct err *err)
{
    struct jw j;
    CLEANUP(buf_release) struct buf pae = BUF_INIT(LIMIT_ARCHIVE_ENTRY);
    CLEANUP(buf_release) struct buf body = BUF_INIT(LIMIT_ARCHIVE_ENTRY);
    CLEANUP(buf_release) struct buf signature = BUF_INIT(LIMIT_SECRET);
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_SECRET * 2);
    dsse_pae(type, payload, &pae);
    if (buf_failed(&pae)) {
        return err_set(err, ERR_INPUT, "a statement of %zu bytes is too large", payload.n);
    }
    if (!signer_sign(s, buf_span(&pae), &signature, err)) {
        return false;
    }
    base64_encode(&body, payload.p, payload.n, 0);
    base64_encode(&text, signature.p, signature.n, 0);
    jw_begin(&j, envelope, JW_PRETTY);
    jw_object(&j, NULL);
    jw_str(&j, "payloadType", type);
    jw_strn(&j, "payload", buf_text(&body), body.n);
    jw_array(&j, "signatures");
    jw_object(&j, NULL);
    jw_str(&j, "keyid", signer_key_id(s));
    jw_str(&j, "sig", buf_text(&text));
    jw_end(&j);
    jw_end(&j);
    jw_end(&j);
    return jw_finish(&j, err);
}

static bool decode(struct arena *a, const json_t *object, const char *key, struct span *out)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_ARCHIVE_ENTRY);
    const char *text = json_get_str(object, key);
    if (!text || !base64_decode(&b, text, strlen(text)) || buf_failed(&b)) {
        return false;
    }
    *out = (struct span){arena_memdup(a, buf_text(&b), b.n), b.n};
    return true;
}

bool dsse_read(struct arena *a, const char *name, struct span envelope, struct dsse *out,
               struct err *err)
{
    CLEANUP(json_tree_release)
    json_t *t = json_parse(name, (const char *)envelope.p, envelope.n, err);
    const char *type = json_get_str(t, "payloadType");
    const json_t *list = json_get(t, "signatures");
    *out = (struct dsse){0};
    if (!t) {
        return false;
    }
    if (!type || !decode(a, t, "payload", &out->payload) || json_array_size(list) == 0 ||
        json_array_size(list) > SIGNATURES_MAX) {
        return err_set(err, ERR_INPUT, "%s is not a DSSE envelope", name);
    }
    out->type = arena_strdup(a, type);
    out->v = arena_array(a, json_array_size(list), sizeof *out->v);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *key_id = json_get_str(one, "keyid");
        if (!decode(a, one, "sig", &out->v[i].value)) {
            return err_set(err, ERR_INPUT, "%s holds a signature that is none", name);
        }
        out->v[i].key_id = arena_strdup(a, key_id ? key_id : "");
        out->n++;
    }
    return true;
}

bool dsse_signed_by(const struct dsse *d, const struct cert *certificate, struct err *err)
{
    CLEANUP(buf_release) struct buf pae = BUF_INIT(LIMIT_ARCHIVE_ENTRY);
    struct err last = ERR_INIT;
    dsse_pae(d->type, d->payload, &pae);
    for (size_t i = 0; i < d->n; i++) {
        err_clear(&last);
        if (signer_check(certificate, buf_span(&pae), d->v[i].value, &last)) {
            return true;
        }
    }
    *err = last;
    return false;
}
