/* SPDX-License-Identifier: Apache-2.0
 *
 * The chain of the journals, computed again: each line holds the SHA-256 of the line before and,
 * as its last member, of itself up to there. A torn last line is allowed after a kill only.
 */
#include "tests/sim/check.h"

#include <string.h>

#define SUM ",\"sum\":\""

static const char *broken(const struct line *l, size_t place, const char *before)
{
    static const size_t tail = sizeof SUM - 1 + SHA256_HEX - 1 + 2;
    char sum[SHA256_HEX];
    if (!l->json || l->n < tail) {
        return "it is no record";
    }
    const char *at = l->text + l->n - tail;
    sha256_hex(l->text, (size_t)(at - l->text), sum);
    if (memcmp(at, SUM, sizeof SUM - 1) != 0 || memcmp(at + sizeof SUM - 1, sum, sizeof sum - 1)) {
        return "its sum does not fit";
    }
    if (json_get_int(l->json, "seq", 0) != (int64_t)place + 1) {
        return "its number is not the next one";
    }
    return str_eq(check_str(l, "prev"), before) ? NULL : "it does not continue the line before";
}

static void one_journal(struct check *c, const struct batch *b)
{
    char before[SHA256_HEX];
    memset(before, '0', sizeof before - 1);
    before[sizeof before - 1] = '\0';
    for (size_t i = 0; i < b->journal.n; i++) {
        const struct line *l = &b->journal.v[i];
        const char *why = broken(l, i, before);
        bool torn = i + 1 == b->journal.n && !b->ended;
        c->looked_at++;
        if (why && !torn) {
            violated(c, (struct where){b->journal.file, l->number, NULL, NULL}, "%s", why);
            return;
        }
        sha256_hex(l->text, l->n, before);
    }
    const struct line *last = b->journal.n ? &b->journal.v[b->journal.n - 1] : NULL;
    if (b->ended && (!last || last->text[last->n] != '\n')) {
        violated(c, (struct where){b->journal.file, last ? last->number : 0, NULL, NULL},
                 "it ends inside a line");
    }
    if (b->ended && b->exit < 100 && last && last->json &&
        !str_eq(check_str(last, "ev"), "bundle")) {
        violated(c, (struct where){b->journal.file, last->number, NULL, NULL},
                 "a run that came to its end leaves a record of its bundles last");
    }
}

void check_chain(struct check *c)
{
    for (size_t b = 0; b < c->n; b++) {
        one_journal(c, &c->v[b]);
    }
}
