/* SPDX-License-Identifier: Apache-2.0
 *
 * simcheck: the table of invariants and one line for each; see check.h. Exit 0: all were kept.
 */
#include "tests/sim/check.h"

#include "formats/base/secret.h"

#include <stdarg.h>
#include <stdio.h>

enum { SHOWN = 8 }; /* violations of one invariant that are printed */

void violated(struct check *c, struct where at, const char *fmt, ...)
{
    char text[512], line[32] = "";
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (++c->violations > SHOWN) {
        return;
    }
    if (at.line) {
        (void)snprintf(line, sizeof line, ":%zu", at.line);
    }
    (void)printf("violated %s: %s%s%s%s%s%s: %s\n", c->invariant, at.file ? at.file : c->dir, line,
                 at.item ? ", item " : "", at.item ? at.item : "", at.order ? ", order " : "",
                 at.order ? at.order : "", text);
}

static const struct {
    const char *id, *title;
    void (*check)(struct check *c);
} invariants[] = {
    {"I1", "no double order", check_double},    {"I2", "no lost order, no lost key", check_lost},
    {"I3", "no wrong pairing", check_pairing},  {"I4", "no torn output", check_torn},
    {"I5", "no secret leak", check_secrets},    {"I6", "termination", check_end},
    {"I7", "idempotent resume", check_again},   {"I8", "honest report", check_report},
    {"I9", "lint before order", check_cleared}, {"I10", "tamper-evident record", check_chain},
};

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct check c = {.dir = argc == 2 ? argv[1] : NULL};
    size_t all = 0;
    if (!c.dir) {
        (void)fprintf(stderr, "usage: simcheck DIR\n");
        return 2;
    }
    (void)secret_heap_init();
    if (!check_read(&c, &err)) {
        (void)fprintf(stderr, "simcheck: %s\n", err.msg);
        check_release(&c);
        return 2;
    }
    for (size_t i = 0; i < NITEMS(invariants); i++) {
        c.invariant = invariants[i].id;
        c.violations = c.looked_at = 0;
        invariants[i].check(&c);
        if (c.violations) {
            (void)printf("violated %s %s: %zu times\n", c.invariant, invariants[i].title,
                         c.violations);
        } else {
            (void)printf("ok %s %s: %zu looked at\n", c.invariant, invariants[i].title,
                         c.looked_at);
        }
        all += c.violations;
    }
    check_release(&c);
    return all ? 1 : 0;
}
