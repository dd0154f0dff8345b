/* SPDX-License-Identifier: Apache-2.0
 *
 * See outputs.h. One row a kind of output.
 */
#include "batch/outputs.h"

#include "batch/passwords.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/cert.h"
#include "formats/pkcs7.h"

#include <stdio.h>
#include <stdlib.h>

/* A generated password has 128 bits: stretching adds time, not strength. One that people chose
 * gets the cost that a guesser has to pay for each try. */
enum { PEM_ITERATIONS_GENERATED = 2048, PEM_ITERATIONS_GIVEN = 100000, STORE_MAX = 1 << 20 };

struct making {
    const struct outputs_request *r;
    const struct output *o;
    const struct secret *password, *key_password;
    struct keystore_entry entry;
    struct buf *out;
};

/* All outputs of an item; what was made is kept for those that would be the same. */
struct maker {
    const struct outputs_request *r;
    output_sink *sink;
    void *ctx;
    struct cert leaf;
    size_t nchain;    /* without the root */
    struct buf *made; /* one an output; empty where another one's bytes serve */
    struct arena arena;
};

static bool make_pem(struct making *m, struct err *err)
{
    struct key again = KEY_INIT;
    bool given = m->o->password.kind != SECRET_NONE;
    bool ok =
        key_pem_encrypted(m->r->key, m->password,
                          given ? PEM_ITERATIONS_GIVEN : PEM_ITERATIONS_GENERATED, m->out, err) &&
        key_read(buf_span(m->out), m->password, &again, err) &&
        (key_matches_spki(&again, m->r->key->spki_sha256) ||
         err_set(err, ERR_INTERNAL, "the key read back is another one"));
    key_release(&again);
    return ok;
}

static const struct pfx_profile *profile_of(const struct output *o)
{
    return o->profile < 0 ? pfx_profile_find("modern") : &pfx_profiles[o->profile];
}

static bool make_pfx(struct making *m, struct err *err)
{
    const struct pfx_profile *profile = profile_of(m->o);
    if (!profile) {
        return err_set(err, ERR_INTERNAL, "no PFX profile to use");
    }
    /* what the writer derives, the check of the bytes it wrote need not derive again */
    CLEANUP(kdf_cache_release) struct kdf_cache kdf = KDF_CACHE_INIT;
    m->entry.kdf = &kdf;
    bool ok = pfx_write(&m->entry, profile, (unsigned)m->o->iterations, m->out, err) &&
              keystore_check(buf_span(m->out), &m->entry, err);
    m->entry.kdf = NULL;
    return ok;
}

static bool make_jks(struct making *m, struct err *err)
{
    return jks_write(&m->entry, 1, m->password, m->out, err) &&
           keystore_check(buf_span(m->out), &m->entry, err);
}

static const struct {
    const char *suffix; /* after the item id; NULL: a fixed name */
    const char *name;
    bool needs_key; /* without a key there is nothing to make, or it is an error */
    bool (*make)(struct making *m, struct err *err);
} kinds[] = {
    [OUTPUT_PEM] = {NULL, "key", false, make_pem},
    [OUTPUT_PFX] = {".p12", NULL, true, make_pfx},
    [OUTPUT_JKS] = {".jks", NULL, true, make_jks},
};
_Static_assert(NITEMS(kinds) == OUTPUT__MAX, "one row a kind of output");

bool outputs_need_key(const struct outputs *o)
{
    for (size_t i = 0; i < o->n; i++) {
        if (!o->v[i].preset && kinds[o->v[i].kind].needs_key) {
            return true;
        }
    }
    return false;
}

/* --- names --- */

void output_stored_name(const char *path, char *out, size_t n)
{
    (void)snprintf(out, n, "%s", path);
    for (char *c = out; *c; c++) {
        *c = *c == '/' ? '+' : *c;
    }
}

/* key.pem, <id>.p12, <id>.jks */
static const char *base_name(struct maker *m, const struct output *o)
{
    const char *base = kinds[o->kind].name ? kinds[o->kind].name : m->r->id;
    return arena_printf(&m->arena, "%s%s", base,
                        kinds[o->kind].suffix ? kinds[o->kind].suffix : ".pem");
}

static const char *in_folder(struct maker *m, const struct output *o, const char *name)
{
    return o->preset ? arena_printf(&m->arena, "%s/%s", o->preset->name, name) : name;
}

static const char *alias_of(const struct outputs_request *r, const struct output *o)
{
    const char *own = o->kind == OUTPUT_PFX ? o->friendly_name : o->alias;
    const char *other = o->kind == OUTPUT_PFX ? o->alias : o->friendly_name;
    return own ? own : other ? other : r->id;
}

/* --- keys and stores --- */

/* The root is what a verifier must have from elsewhere: it goes along only when asked for. A
 * chain that is nothing but the root stays, or the store would hold a lone certificate. */
static size_t chain_without_root(struct maker *m)
{
    const struct outputs_request *r = m->r;
    struct cert last;
    struct err ignored = ERR_INIT;
    if (r->nchain < 2 || !cert_parse(&m->arena, r->chain[r->nchain - 1], &last, &ignored)) {
        return r->nchain;
    }
    return cert_self_issued(&last) ? r->nchain - 1 : r->nchain;
}

static size_t chain_length(const struct maker *m, const struct output *o)
{
    return o->include_root ? m->r->nchain : m->nchain;
}

static const struct secret *password_of(const struct maker *m, const struct secret_ref *ref,
                                        const struct secret *otherwise)
{
    const struct secret *given = passwords_given(m->r->given, ref);
    return given ? given : otherwise;
}

static bool same_pfx(const struct output *a, const struct output *b)
{
    const struct pfx_profile *p = profile_of(a);
    const struct pfx_profile *q = profile_of(b);
    return p && q && p->pbes2 == q->pbes2 && str_eq(p->mac, q->mac) &&
           (a->iterations ? a->iterations : p->iterations) ==
               (b->iterations ? b->iterations : q->iterations);
}

/* Would the two be made of the same parts in the same way? */
static bool same_output(const struct maker *m, const struct output *a, const struct output *b)
{
    const struct secret *generated = m->r->generated;
    const bool secrets =
        password_of(m, &a->password, generated) == password_of(m, &b->password, generated) &&
        password_of(m, &a->key_password, NULL) == password_of(m, &b->key_password, NULL);
    if (a->kind != b->kind || !secrets || a->kind == OUTPUT_PEM) {
        return a->kind == b->kind && secrets;
    }
    return str_eq(alias_of(m->r, a), alias_of(m->r, b)) && a->include_root == b->include_root &&
           (a->kind != OUTPUT_PFX || same_pfx(a, b));
}

static bool make_one(struct maker *m, size_t index, struct err *err)
{
    const struct outputs_request *r = m->r;
    const struct output *o = &r->outputs->v[index];
    if (o->password.kind != SECRET_NONE && !passwords_given(r->given, &o->password)) {
        return err_set(err, ERR_INPUT, "the password it refers to was not read");
    }
    struct making making = {.r = r, .o = o, .out = &m->made[index]};
    making.password = password_of(m, &o->password, r->generated);
    making.key_password = password_of(m, &o->key_password, making.password);
    making.entry = (struct keystore_entry){.alias = alias_of(r, o),
                                           .key = r->key,
                                           .leaf = r->leaf,
                                           .chain = r->chain,
                                           .nchain = chain_length(m, o),
                                           .password = making.password,
                                           .key_password = making.key_password,
                                           .created = r->created};
    if (!kinds[o->kind].make(&making, err)) {
        return false;
    }
    return !buf_failed(making.out) || err_set(err, ERR_INPUT, "the file is too large");
}

static bool keyed_output(struct maker *m, size_t index, struct err *err)
{
    const struct output *v = m->r->outputs->v;
    const struct output *o = &v[index];
    const char *name = in_folder(m, o, base_name(m, o));
    size_t from = 0;
    while (from < index && !same_output(m, &v[from], o)) {
        from++;
    }
    if (from == index && !make_one(m, index, err)) {
        return err_wrap(err, "%s", name);
    }
    struct output_file f = {.name = name,
                            .alias = alias_of(m->r, o),
                            .bytes = buf_span(&m->made[from]),
                            .generated = !passwords_given(m->r->given, &o->password)};
    return m->sink(m->ctx, &f, err);
}

/* --- what lies beside them in the folder of a server --- */

enum { PUBLIC_MAX = 2 * LIMIT_CERT_BYTES * (LIMIT_CHAIN + 1) };

static bool public_file(struct maker *m, const char *name, const struct buf *text, struct err *err)
{
    struct output_file f = {.name = name, .bytes = buf_span(text)};
    return buf_failed(text) ? err_set(err, ERR_INPUT, "%s is too large", name)
                            : m->sink(m->ctx, &f, err);
}

static bool put_fullchain(struct maker *m, const struct output *o, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(PUBLIC_MAX);
    cert_pem(&text, m->r->leaf);
    for (size_t i = 0; i < chain_length(m, o); i++) {
        cert_pem(&text, m->r->chain[i]);
    }
    return public_file(m, in_folder(m, o, "fullchain.pem"), &text, err);
}

static bool put_p7b(struct maker *m, const struct output *o, const char *name, struct err *err)
{
    CLEANUP(buf_release) struct buf der = BUF_INIT(PUBLIC_MAX);
    struct span *certs = arena_array(&m->arena, m->r->nchain + 1, sizeof *certs);
    certs[0] = m->r->leaf;
    for (size_t i = 0; i < m->r->nchain; i++) {
        certs[i + 1] = m->r->chain[i];
    }
    return pkcs7_write(certs, chain_length(m, o) + 1, &der, err) &&
           public_file(m, in_folder(m, o, name), &der, err);
}

static bool put_snippet(struct maker *m, const struct output *o, const char *file, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(PUBLIC_MAX);
    const struct preset_values values = {m->r->id, file, alias_of(m->r, o), &m->leaf};
    preset_snippet(o->preset, m->r->key != NULL, &values, &text);
    return public_file(m, in_folder(m, o, o->preset->snippet), &text, err);
}

/* PEM servers load the full chain beside the key; key stores have it inside. Without the key there
 * are only certificates. */
static bool beside_output(struct maker *m, const struct output *o, struct err *err)
{
    const char *file = base_name(m, o);
    if (m->r->key) {
        return (o->kind != OUTPUT_PEM || put_fullchain(m, o, err)) && put_snippet(m, o, file, err);
    }
    if (o->preset->bare == BARE_P7B) {
        file = arena_printf(&m->arena, "%s.p7b", m->r->id);
        return put_p7b(m, o, file, err) && put_snippet(m, o, file, err);
    }
    return put_fullchain(m, o, err) && put_snippet(m, o, "fullchain.pem", err);
}

/* --- the coordinator --- */

static bool make_all(struct maker *m, struct err *err)
{
    const struct outputs *outputs = m->r->outputs;
    for (size_t i = 0; i < outputs->n; i++) {
        const struct output *o = &outputs->v[i];
        if (!m->r->key && !o->preset && kinds[o->kind].needs_key) {
            return err_set(err, ERR_INPUT, "a key store without the private key");
        }
        if ((m->r->key && !keyed_output(m, i, err)) || (o->preset && !beside_output(m, o, err))) {
            return false;
        }
    }
    return true;
}

bool outputs_make(const struct outputs_request *r, output_sink *sink, void *ctx, struct err *err)
{
    const size_t n = r->outputs->n;
    struct maker m = {.r = r, .sink = sink, .ctx = ctx, .arena = ARENA_INIT};
    m.made = xcalloc(n + 1, sizeof *m.made);
    for (size_t i = 0; i < n; i++) {
        m.made[i] = (struct buf)BUF_INIT(STORE_MAX);
    }
    m.nchain = chain_without_root(&m);
    const bool ok = cert_parse(&m.arena, r->leaf, &m.leaf, err) && make_all(&m, err);
    for (size_t i = 0; i < n; i++) {
        buf_wipe(&m.made[i]);
    }
    free(m.made);
    arena_release(&m.arena);
    return ok;
}
