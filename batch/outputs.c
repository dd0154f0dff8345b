/* SPDX-License-Identifier: Apache-2.0
 *
 * See outputs.h. One row a kind of output.
 */
#include "batch/outputs.h"

#include "batch/passwords.h"
#include "formats/base/limits.h"
#include "formats/cert.h"

#include <stdio.h>
#include <string.h>

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

static bool make_pfx(struct making *m, struct err *err)
{
    const struct pfx_profile *profile =
        m->o->profile < 0 ? pfx_profile_find("modern") : &pfx_profiles[m->o->profile];
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
        if (kinds[o->v[i].kind].needs_key) {
            return true;
        }
    }
    return false;
}

/* key.pem, <id>.p12, <id>.jks; a second one of the same kind gets a number. */
static void file_name(const struct outputs_request *r, size_t index, char *out, size_t n)
{
    int kind = r->outputs->v[index].kind;
    const char *base = kinds[kind].name ? kinds[kind].name : r->id;
    const char *suffix = kinds[kind].suffix ? kinds[kind].suffix : ".pem";
    unsigned nth = 1;
    for (size_t i = 0; i < index; i++) {
        nth += r->outputs->v[i].kind == kind;
    }
    if (nth > 1) {
        (void)snprintf(out, n, "%s-%u%s", base, nth, suffix);
    } else {
        (void)snprintf(out, n, "%s%s", base, suffix);
    }
}

/* The root is what a verifier must have from elsewhere: it goes along only when asked for. A
 * chain that is nothing but the root stays, or the store would hold a lone certificate. */
static size_t chain_length(const struct outputs_request *r, const struct output *o,
                           struct arena *scratch)
{
    struct cert last;
    struct err ignored = ERR_INIT;
    if (o->include_root || r->nchain < 2 ||
        !cert_parse(scratch, r->chain[r->nchain - 1], &last, &ignored)) {
        return r->nchain;
    }
    return cert_self_issued(&last) ? r->nchain - 1 : r->nchain;
}

static const char *alias_of(const struct outputs_request *r, const struct output *o)
{
    const char *own = o->kind == OUTPUT_PFX ? o->friendly_name : o->alias;
    const char *other = o->kind == OUTPUT_PFX ? o->alias : o->friendly_name;
    return own ? own : other ? other : r->id;
}

static bool make_one(const struct outputs_request *r, size_t index, output_sink *sink, void *ctx,
                     struct err *err)
{
    const struct output *o = &r->outputs->v[index];
    CLEANUP(arena_release) struct arena scratch = ARENA_INIT;
    CLEANUP(buf_wipe) struct buf bytes = BUF_INIT(STORE_MAX);
    char name[LIMIT_ITEM_ID + 32];
    const struct secret *given = passwords_given(r->given, &o->password);
    const struct secret *key_given = passwords_given(r->given, &o->key_password);
    if (o->password.kind != SECRET_NONE && !given) {
        return err_set(err, ERR_INPUT, "the password it refers to was not read");
    }
    struct making m = {.r = r, .o = o, .out = &bytes};
    m.password = given ? given : r->generated;
    m.key_password = key_given ? key_given : m.password;
    m.entry = (struct keystore_entry){.alias = alias_of(r, o),
                                      .key = r->key,
                                      .leaf = r->leaf,
                                      .chain = r->chain,
                                      .nchain = chain_length(r, o, &scratch),
                                      .password = m.password,
                                      .key_password = m.key_password,
                                      .created = r->created};
    file_name(r, index, name, sizeof name);
    if (!kinds[o->kind].make(&m, err) || buf_failed(&bytes)) {
        return err_wrap(err, "%s", name);
    }
    struct output_file f = {name, m.entry.alias, buf_span(&bytes), !given};
    return sink(ctx, &f, err);
}

bool outputs_make(const struct outputs_request *r, output_sink *sink, void *ctx, struct err *err)
{
    for (size_t i = 0; i < r->outputs->n; i++) {
        bool needs = kinds[r->outputs->v[i].kind].needs_key;
        if (!r->key && needs) {
            return err_set(err, ERR_INPUT, "a key store without the private key");
        }
        if (r->key && !make_one(r, i, sink, ctx, err)) {
            return false;
        }
    }
    return true;
}
