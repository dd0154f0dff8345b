/* SPDX-License-Identifier: Apache-2.0
 *
 * See renewal.h.
 */
#include "batch/renewal.h"

#include "formats/base/time.h"

#include <string.h>

int64_t renewal_time(const char *batch, const char *item, const struct ca_window *w)
{
    struct sha256 s;
    uint8_t hash[SHA256_SIZE];
    uint64_t n = 0;
    const char *const parts[] = {"renewal", batch, item, w->id};
    sha256_begin(&s);
    for (size_t i = 0; i < NITEMS(parts); i++) {
        sha256_add(&s, parts[i], strlen(parts[i]) + 1); /* its end too: "ab" "c" is not "a" "bc" */
    }
    sha256_end(&s, hash);
    for (size_t i = 0; i < sizeof n; i++) {
        n = n << 8 | hash[i];
    }
    return w->start + (int64_t)(n % (uint64_t)(w->end - w->start));
}

void renewal_text(const struct ca_window *w, int64_t chosen, struct buf *out)
{
    char from[TIME_TEXT], to[TIME_TEXT], at[TIME_TEXT];
    time_format(w->start, from);
    time_format(w->end, to);
    time_format(chosen, at);
    buf_printf(out, "the CA wants it renewed between %s and %s; chosen is %s%s%s", from, to, at,
               w->explanation ? "; why: " : "", w->explanation ? w->explanation : "");
}
