/* SPDX-License-Identifier: Apache-2.0
 *
 * Orders and revocations, three ways: what the CA accepted, what passed over the wire, what the
 * journals say was meant.
 */
#include "tests/sim/check.h"

#include <string.h>

static bool is_kind(const struct line *l, const char *kind)
{
    return str_eq(check_str(l, "kind"), kind);
}

static size_t count(const struct lines *all, const char *kind, const char *member,
                    const char *value)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        n += is_kind(&all->v[i], kind) && value && str_eq(check_str(&all->v[i], member), value);
    }
    return n;
}

static size_t count_txn(const struct lines *all, const char *kind, const char *txn)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        n += is_kind(&all->v[i], kind) && str_eq(check_txn(&all->v[i]), txn);
    }
    return n;
}

static struct where at_line(const struct lines *all, const struct line *l, const char *item)
{
    return (struct where){all->file, l->number, item, check_str(l, "order")};
}

static bool is_intent(const struct line *l, const char *txn)
{
    const char *ev = l->json ? check_str(l, "ev") : NULL;
    return ev && (str_eq(ev, "intent") || str_eq(ev, "revoke-intent")) &&
           str_eq(check_str(l, "client_key"), txn);
}

/* At a CA that replays by key a request is sent again with the key it had: each time with an intent
 * of its own. Any other CA gets a fresh key with every intent. */
static size_t intents_of(const struct check *c, const char *txn)
{
    size_t n = 0;
    for (size_t b = 0; b < c->n; b++) {
        for (size_t i = 0; i < c->v[b].journal.n; i++) {
            n += is_intent(&c->v[b].journal.v[i], txn);
        }
    }
    return n;
}

/* --- I1 --- */
static void one_request(struct check *c, const struct line *l)
{
    const char *kind = check_str(l, "kind"), *txn = check_txn(l);
    if ((!str_eq(kind, "order") && !str_eq(kind, "revoke")) || !txn) {
        return;
    }
    c->looked_at++;
    const size_t sent = count_txn(&c->wire, kind, txn);
    if (sent > 1 && sent > intents_of(c, txn)) {
        violated(c, at_line(&c->wire, l, NULL), "the %s %s was sent more than once", kind, txn);
    }
}

/* One request that the CA itself made two orders of is not ours: those share the client's key. */
static void one_line(struct check *c, const struct line *l)
{
    const char *kind = check_str(l, "kind"), *number = check_str(l, "order");
    if (!str_eq(kind, "order") && !str_eq(kind, "revoke")) {
        return;
    }
    c->looked_at++;
    if (count(&c->ledger, kind, "order", number) > 1) {
        violated(c, at_line(&c->ledger, l, NULL), "the %s stands in the ledger more than once",
                 kind);
    }
}

static void orders_of_item(struct check *c, struct batch *b, struct item *it)
{
    struct strlist seen = {0};
    const struct line *last = NULL;
    for (size_t i = 0; i < c->ledger.n; i++) {
        const struct line *l = &c->ledger.v[i];
        struct batch *owner = NULL;
        const char *txn = check_txn(l);
        if (is_kind(l, it->revocation ? "revoke" : "order") && check_owner(c, l, &owner) == it &&
            owner == b && txn && !strlist_has(&seen, txn)) {
            VEC_PUSH(&seen, txn);
            last = l;
        }
    }
    if (seen.n > 1 + it->reorders) {
        violated(c, at_line(&c->ledger, last, it->id),
                 "%zu were accepted for the item, %zu at most were wanted", seen.n,
                 1 + it->reorders);
    }
    strlist_release(&seen);
}

void check_double(struct check *c)
{
    for (size_t i = 0; i < c->wire.n; i++) {
        one_request(c, &c->wire.v[i]);
    }
    for (size_t i = 0; i < c->ledger.n; i++) {
        one_line(c, &c->ledger.v[i]);
    }
    for (size_t b = 0; b < c->n; b++) {
        for (size_t i = 0; i < c->v[b].n; i++) {
            orders_of_item(c, &c->v[b], &c->v[b].v[i]);
        }
    }
}

/* --- I2 --- */
static bool is_known(const struct item *it, const struct line *l)
{
    for (size_t i = 0; i < it->numbers.n; i++) {
        if (check_is_order(l, it->numbers.v[i])) {
            return true;
        }
    }
    return false;
}

/* Another order of the same request, which the journal does know. */
static bool is_twin(struct check *c, const struct line *l, const struct item *it)
{
    for (size_t i = 0; i < c->ledger.n; i++) {
        const struct line *other = &c->ledger.v[i];
        if (other != l && is_kind(other, "order") && str_eq(check_txn(other), check_txn(l)) &&
            is_known(it, other)) {
            return count_txn(&c->wire, "order", check_txn(l)) == 1;
        }
    }
    return false;
}

static void findable(struct check *c, const struct batch *b, const struct item *it,
                     const struct line *l)
{
    static const char *const needed[] = {"spki_sha256", "common_name", "ca", "product"};
    const json_t *row = check_reported(b, it->id);
    for (size_t i = 0; b->ended && i < NITEMS(needed); i++) {
        if (!row || !json_get_str(row, needed[i])) {
            violated(c, at_line(&c->ledger, l, it->id),
                     "the order is in doubt and the report does not tell its %s", needed[i]);
        }
    }
}

static void one_accepted(struct check *c, const struct line *l)
{
    struct batch *b = NULL;
    struct item *it = check_owner(c, l, &b);
    const char *number = check_str(l, "order");
    if (number && strlist_has(&c->foreign, number)) {
        return;
    }
    c->looked_at++;
    if (!it) {
        violated(c, at_line(&c->ledger, l, NULL), "no journal knows this order");
    } else if (is_known(it, l) || (number && is_twin(c, l, it))) {
        return;
    } else if (str_eq(it->state, "unknown")) {
        findable(c, b, it, l);
    } else {
        violated(c, at_line(&c->ledger, l, it->id),
                 "the CA accepted it, the journal calls the item %s and has no number", it->state);
    }
}

/* An order left: the key it was for must be there, whatever became of the order. */
static void key_is_there(struct check *c, const struct batch *b, const struct item *it)
{
    struct key key = KEY_INIT;
    struct err err = ERR_INIT;
    uint8_t spki[SHA256_SIZE];
    CLEANUP(buf_wipe) struct buf pem = BUF_INIT(1 << 16);
    const char *path = arena_printf(&c->arena, "%s/keys/%s.pem", b->dir, it->id);
    struct where at = {path, 0, it->id, it->numbers.n ? it->numbers.v[0] : NULL};
    c->looked_at++;
    if (!check_file(c, path, &pem)) {
        violated(c, at, "an order was placed for a key that is not there");
    } else if (!key_read(buf_span(&pem), NULL, &key, &err)) {
        violated(c, at, "the key cannot be read: %s", err.msg);
    } else if (!hex_decode(it->spki, strlen(it->spki), spki) || !key_matches_spki(&key, spki)) {
        violated(c, at, "this is not the key the order was placed for");
    }
    key_release(&key);
}

void check_lost(struct check *c)
{
    for (size_t i = 0; i < c->ledger.n; i++) {
        if (is_kind(&c->ledger.v[i], "order")) {
            one_accepted(c, &c->ledger.v[i]);
        }
    }
    for (size_t b = 0; b < c->n; b++) {
        for (size_t i = 0; i < c->v[b].n; i++) {
            const struct item *it = &c->v[b].v[i];
            if (!it->revocation && it->intents && it->spki && str_eq(it->key, "generated")) {
                key_is_there(c, &c->v[b], it);
            }
        }
    }
}

/* --- I9 --- */
/* The one with the digest of what was sent, else the first. */
static const struct line *intent_of(const struct check *c, const char *txn, const char *digest,
                                    const char **file)
{
    const struct line *first = NULL;
    for (size_t b = 0; b < c->n; b++) {
        for (size_t i = 0; i < c->v[b].journal.n; i++) {
            const struct line *l = &c->v[b].journal.v[i];
            const bool same = is_intent(l, txn) && str_eq(check_str(l, "request_sha256"), digest);
            if (same || (!first && is_intent(l, txn))) {
                *file = c->v[b].journal.file;
                first = l;
            }
            if (same) {
                return l;
            }
        }
    }
    return first;
}

/* Bytes that left are bytes that were judged: the journal has their digest, from before. A request
 * of which only the headers were read has none to compare. */
static void one_sent(struct check *c, const struct line *l)
{
    const char *txn = check_txn(l), *file = NULL;
    const char *digest = check_str(l, "sent_sha256");
    if (!txn || !digest || !*digest) {
        return;
    }
    c->looked_at++;
    const struct line *intent = intent_of(c, txn, digest, &file);
    if (!intent) {
        violated(c, at_line(&c->wire, l, NULL), "the request %s left without an intent", txn);
        return;
    }
    struct where at = {file, intent->number, check_str(intent, "item"), NULL};
    if (digest && *digest && !str_eq(check_str(intent, "request_sha256"), digest)) {
        violated(c, at, "the request that left (wire:%zu) is not the one that was cleared",
                 l->number);
    }
    if (strcmp(check_str(intent, "t"), check_str(l, "time")) > 0) {
        violated(c, at, "the intent is younger than the request (wire:%zu)", l->number);
    }
}

static void errors_of(struct check *c, struct batch *b)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(64u << 20);
    struct err err = ERR_INIT;
    const char *path = arena_printf(&c->arena, "%s/findings.json", b->dir);
    CLEANUP(json_tree_release)
    json_t *tree =
        check_file(c, path, &text) ? json_parse("findings", buf_text(&text), text.n, &err) : NULL;
    const json_t *files = tree ? json_get(tree, "files") : NULL;
    for (size_t f = 0; f < json_array_size(files); f++) {
        const json_t *v = json_get(json_array_get(files, f), "findings");
        const char *of = json_get_str(json_array_get(files, f), "path");
        if (of && str_ends(of, "certificate.pem")) {
            continue; /* known only afterwards */
        }
        for (size_t i = 0; i < json_array_size(v); i++) {
            const json_t *row = json_array_get(v, i);
            const char *id = json_get_str(row, "item"), *rule = json_get_str(row, "rule");
            bool error = str_eq(json_get_str(row, "severity"), "error") &&
                         !json_get_bool(row, "waived", false);
            for (size_t k = 0; error && id && rule && k < b->n; k++) {
                if (str_eq(b->v[k].id, id) && b->v[k].intents) {
                    violated(c, (struct where){path, 0, id, NULL},
                             "a request left although %s is an error", rule);
                }
            }
        }
    }
}

void check_cleared(struct check *c)
{
    for (size_t i = 0; i < c->wire.n; i++) {
        const struct line *l = &c->wire.v[i];
        if (is_kind(l, "order") || is_kind(l, "revoke")) {
            one_sent(c, l);
        }
    }
    for (size_t b = 0; b < c->n; b++) {
        errors_of(c, &c->v[b]);
    }
}
