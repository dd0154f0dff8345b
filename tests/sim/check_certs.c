/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates, keys, key stores and the folders for servers of the items: opened, compared with
 * each other, with what was asked, and with the order that the CA has under that number.
 */
#include "tests/sim/check.h"

#include "formats/base/limits.h"
#include "formats/base/secret.h"
#include "formats/base/time.h"
#include "formats/keystore.h"

#include <stdio.h>
#include <string.h>

struct stored {
    struct check *c;
    const struct batch *b;
    const struct item *it;
    struct cert cert;
    char spki[SHA256_HEX], sha256[SHA256_HEX];
    struct where at;
};

/* --- the certificate --- */
static bool has_name(const json_t *san, const struct general_name *g)
{
    char text[512];
    if ((size_t)snprintf(text, sizeof text, "%s:%s", gn_type_names[g->type], g->text) >=
        sizeof text) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(san); i++) {
        if (str_ieq(json_string_value(json_array_get(san, i)), text)) {
            return true;
        }
    }
    return false;
}

/* More than was ordered is for policy to judge; it must be told. */
static bool extra_is_told(const struct stored *s)
{
    const json_t *row = check_reported(s->b, s->it->id);
    const json_t *findings = row ? json_get(row, "findings") : NULL;
    for (size_t i = 0; i < json_array_size(findings); i++) {
        if (str_eq(json_get_str(json_array_get(findings, i), "rule"), "issued.names.extra")) {
            return true;
        }
    }
    return !s->b->ended;
}

static void names(const struct stored *s)
{
    const json_t *san = s->it->san;
    size_t found = 0;
    for (size_t i = 0; i < s->cert.san.n; i++) {
        found += has_name(san, &s->cert.san.v[i]);
    }
    if (found != json_array_size(san)) {
        violated(s->c, s->at, "it lacks a name that was ordered");
    } else if (found != s->cert.san.n && !extra_is_told(s)) {
        violated(s->c, s->at, "it has names that were not ordered, and the report says nothing");
    }
}

static bool issued_by_the_ca(const struct stored *s)
{
    struct err err = ERR_INIT;
    for (size_t i = 0; i < s->c->nanchors; i++) {
        const struct cert *ca = &s->c->anchors[i];
        if (cert_issued_by(&s->cert, ca) && cert_verify(&s->cert, ca, &err)) {
            return true;
        }
    }
    return false;
}

/* The order that the journal has under its number was for this key. */
static void order_of_key(const struct stored *s)
{
    const struct lines *all = &s->c->ledger;
    for (size_t i = 0; i < all->n; i++) {
        const char *spki = check_str(&all->v[i], "spki_sha256");
        if (spki && str_eq(check_str(&all->v[i], "kind"), "order") && s->it->numbers.n == 1 &&
            check_is_order(&all->v[i], s->it->numbers.v[0]) && !str_eq(spki, s->spki)) {
            violated(s->c,
                     (struct where){all->file, all->v[i].number, s->it->id, s->it->numbers.v[0]},
                     "the order was for another key than the certificate has");
        }
    }
}

static void certificate(const struct stored *s)
{
    const int64_t now = time_now();
    if (!str_eq(s->it->spki, s->spki)) {
        violated(s->c, s->at, "it has the key %.16s, the item's is %.16s", s->spki,
                 s->it->spki ? s->it->spki : "unknown");
    }
    if (s->it->sha256 && !str_eq(s->it->sha256, s->sha256)) {
        violated(s->c, s->at, "it is not the one that the journal has");
    }
    if (!issued_by_the_ca(s)) {
        violated(s->c, s->at, "it was not issued by the CA");
    }
    if (s->cert.not_before > now || s->cert.not_after < now) {
        violated(s->c, s->at, "it is not valid now");
    }
    names(s);
    order_of_key(s);
}

/* --- outputs: keys, key stores, and what servers load beside them --- */
/* One directory an item, a '/' of the path is a '+' there; equal bytes lie under the first path
 * that has them. */
const char *check_output(struct check *c, const struct batch *b, const struct item *it,
                         const json_t *row)
{
    const json_t *first = row;
    for (size_t i = json_array_size(it->outputs); i-- > 0;) {
        const json_t *other = json_array_get(it->outputs, i);
        bool same = str_eq(json_get_str(other, "sha256"), json_get_str(row, "sha256"));
        first = same ? other : first;
    }
    char *name = arena_strdup(&c->arena, json_get_str(first, "path"));
    for (char *p = name; *p; p++) {
        *p = *p == '/' ? '+' : *p;
    }
    return arena_printf(&c->arena, "%s/items/%s/out/%s", b->dir, it->id, name);
}

static bool password_of(struct check *c, const struct batch *b, const char *id, const char *output,
                        struct secret *out)
{
    CLEANUP(buf_wipe) struct buf text = BUF_INIT(16u << 20);
    const char *start = arena_printf(&c->arena, "%s,%s,", id, output);
    if (!check_file(c, arena_printf(&c->arena, "%s/passwords.csv", b->dir), &text)) {
        return false;
    }
    for (const char *p = buf_text(&text); *p;) {
        size_t n = strcspn(p, "\n");
        if (strncmp(p, start, strlen(start)) == 0) {
            size_t at = n;
            while (at && p[at - 1] != ',') {
                at--;
            }
            secret_set(out, p + at, n - at);
            return true;
        }
        p += n + (p[n] ? 1 : 0);
    }
    return false;
}

/* Each says what is wrong with the bytes, or NULL. */
static const char *open_store(const struct stored *s, struct span bytes,
                              const struct secret *password)
{
    struct keystore store = KEYSTORE_INIT;
    struct err err = ERR_INIT;
    const char *wrong = NULL;
    if (!keystore_read(bytes, password, NULL, &store, &err)) {
        wrong = "it does not open with its password";
    } else if (!store.n || !store.v[0].has_key || !store.verified) {
        wrong = "it holds no key, or nothing proves that it is whole";
    } else if (!key_matches_spki(&store.v[0].key, s->cert.key.sha256)) {
        wrong = "it holds another key";
    }
    keystore_release(&store);
    return wrong;
}

static const char *open_key(const struct stored *s, struct span bytes,
                            const struct secret *password)
{
    struct key key = KEY_INIT;
    struct err err = ERR_INIT;
    const char *wrong = !key_read(bytes, password, &key, &err)
                            ? "it does not open with its password"
                        : !key_matches_spki(&key, s->cert.key.sha256) ? "it is another key"
                                                                      : NULL;
    key_release(&key);
    return wrong;
}

/* What a server sends: the certificate, then each issuer of the one before, no root. */
static const char *read_chain(const struct stored *s, struct span bytes,
                              const struct secret *password UNUSED)
{
    struct err err = ERR_INIT;
    struct cert *v;
    size_t n;
    const struct span copy = {arena_memdup(&s->c->arena, bytes.p, bytes.n), bytes.n};
    if (!certs_read(&s->c->arena, "chain", copy, &v, &n, &err) || !n) {
        return "it holds no certificates";
    }
    if (memcmp(v[0].sha256, s->cert.sha256, SHA256_SIZE) != 0) {
        return "it is the chain of another certificate";
    }
    for (size_t i = 1; i < n; i++) {
        if (!cert_issued_by(&v[i - 1], &v[i]) || !cert_verify(&v[i - 1], &v[i], &err)) {
            return "its certificates are not a chain";
        }
    }
    return n > 1 && cert_issued_by(&v[n - 1], &v[n - 1]) ? "it ends in a root" : NULL;
}

/* The settings of a server begin with whose they are, and name its host. */
static const char *read_snippet(const struct stored *s, struct span bytes,
                                const struct secret *password UNUSED)
{
    const char *text = arena_strndup(&s->c->arena, (const char *)bytes.p, bytes.n);
    const char *head = arena_printf(&s->c->arena, "# %s: ", s->it->id);
    const char *from = str_starts(text, "<!--\n") ? text + 5 : text;
    const struct general_name *host = s->cert.san.n ? &s->cert.san.v[0] : NULL;
    return str_starts(from, head) && (!host || strstr(text, host->text)) ? NULL
                                                                         : "it is of another item";
}

/* By the end of the name, the first that fits. */
static const struct kind {
    const char *tail;
    bool locked; /* it has a password */
    const char *(*wrong)(const struct stored *s, struct span bytes, const struct secret *password);
} kinds[] = {
    {"fullchain.pem", false, read_chain},
    {".snippet", false, read_snippet},
    {".pem", true, open_key},
    {".p12", true, open_store},
    {".jks", true, open_store},
};

static const struct kind *kind_of(const char *name)
{
    for (size_t i = 0; i < NITEMS(kinds); i++) {
        if (str_ends(name, kinds[i].tail)) {
            return &kinds[i];
        }
    }
    return NULL;
}

static void output(const struct stored *s, const json_t *row)
{
    const char *name = json_get_str(row, "path");
    CLEANUP(buf_wipe) struct buf bytes = BUF_INIT(16u << 20);
    struct secret password = {0};
    const char *path = check_output(s->c, s->b, s->it, row);
    const struct kind *kind = kind_of(name);
    struct where at = {path, 0, s->it->id, NULL};
    const char *wrong = NULL;
    s->c->looked_at++;
    if (!kind) {
        wrong = "no output has such a name";
    } else if (!check_file(s->c, path, &bytes)) {
        wrong = "it is not there";
    } else if (kind->locked && !password_of(s->c, s->b, s->it->id, name, &password)) {
        wrong = "its password is lost";
    } else {
        wrong = kind->wrong(s, buf_span(&bytes), &password);
    }
    secret_release(&password);
    if (wrong) {
        violated(s->c, at, "%s", wrong);
    }
}

static void one_item(struct check *c, const struct batch *b, const struct item *it)
{
    struct err err = ERR_INIT;
    struct cert *v = NULL;
    size_t n = 0;
    CLEANUP(buf_release) struct buf pem = BUF_INIT(1 << 20);
    const char *path = arena_printf(&c->arena, "%s/items/%s/certificate.pem", b->dir, it->id);
    struct stored s = {.c = c, .b = b, .it = it, .at = {path, 0, it->id, NULL}};
    if (!check_file(c, path, &pem)) {
        if (it->sha256) {
            violated(c, s.at, "the journal has it, the disk has not");
        }
        return;
    }
    c->looked_at++;
    struct span copy = {arena_memdup(&c->arena, pem.p, pem.n), pem.n};
    if (!certs_read(&c->arena, path, copy, &v, &n, &err) || n != 1) {
        violated(c, s.at, "it is not one certificate");
        return;
    }
    s.cert = v[0];
    hex_encode(s.cert.key.sha256, SHA256_SIZE, s.spki);
    hex_encode(s.cert.sha256, SHA256_SIZE, s.sha256);
    certificate(&s);
    for (size_t i = 0; i < json_array_size(it->outputs); i++) {
        output(&s, json_array_get(it->outputs, i));
    }
}

void check_pairing(struct check *c)
{
    for (size_t b = 0; b < c->n; b++) {
        for (size_t i = 0; i < c->v[b].n; i++) {
            if (!c->v[b].v[i].revocation) {
                one_item(c, &c->v[b], &c->v[b].v[i]);
            }
        }
    }
}
