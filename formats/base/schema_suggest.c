/* SPDX-License-Identifier: Apache-2.0
 *
 * "did you mean": the known word closest to a mistyped one.
 */
#include "formats/base/schema_scalar.h"
#include "formats/base/str.h"

#include <string.h>

/* '-' and '_' and case are what people mix up first: they cost nothing. */
static char folded(char c)
{
    return c == '-' ? '_' : ascii_lower(c);
}

/* Edits (insert, delete, replace, swap neighbours) between two keys. */
static unsigned distance(const char *a, const char *b)
{
    enum { MAX = 48 };
    unsigned row[3][MAX + 1];
    size_t n = strlen(a);
    size_t m = strlen(b);
    if (n > MAX || m > MAX) {
        return (unsigned)-1;
    }
    for (size_t j = 0; j <= m; j++) {
        row[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= n; i++) {
        unsigned *now = row[i % 3];
        const unsigned *last = row[(i + 2) % 3];
        const unsigned *before = row[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            bool same = folded(a[i - 1]) == folded(b[j - 1]);
            unsigned best = last[j - 1] + !same;
            best = last[j] + 1 < best ? last[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
                folded(a[i - 2]) == folded(b[j - 1]) && before[j - 2] + 1 < best) {
                best = before[j - 2] + 1;
            }
            now[j] = best;
        }
    }
    return row[n % 3][m];
}

struct nearest {
    const char *text;
    unsigned distance;
};

static void consider(struct nearest *best, const char *written, const char *known)
{
    unsigned d = distance(written, known);
    if (d < best->distance) {
        *best = (struct nearest){known, d};
    }
}

static struct nearest nearest_to(const char *written)
{
    unsigned n = (unsigned)strlen(written);
    return (struct nearest){NULL, n == 2 ? 2 : n / 3 + 1}; /* less than that many edits */
}

const char *schema_suggest(const struct schema *schema, const char *key)
{
    struct nearest best = nearest_to(key);
    for (size_t i = 0; i < schema->nfields; i++) {
        consider(&best, key, schema->fields[i].name);
    }
    return best.text;
}

const char *word_suggest(const struct word *words, const char *text)
{
    struct nearest best = nearest_to(text);
    for (const struct word *w = words; w->text; w++) {
        consider(&best, text, w->text);
    }
    return best.text;
}
