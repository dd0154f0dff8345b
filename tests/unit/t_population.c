/* SPDX-License-Identifier: Apache-2.0
 *
 * The population of a batch: its root does not depend on the order of the records, and on
 * everything else: an item more, one less, one exchanged, another digest.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/population.h"
#include "batch/record.h"
#include "formats/base/str.h"

#include <string.h>

#define DIGEST_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
/* (printf '\0certbatch item 1\n%s\n%s\n' api AAA...; likewise web BBB...) by sha256sum, then
 * (printf '\1'; both) by sha256sum */
#define ROOT_OF_TWO "4bdcac26fcd22242177f998d913aa8b2d0a4f10234e686e1a0c2deefb7f20f8d"

struct pair {
    const char *id, *digest;
};

static void root_of(const struct pair *v, size_t n, char root[SHA256_HEX])
{
    struct history h = HISTORY_INIT;
    struct err err = ERR_INIT;
    struct population p;
    for (size_t i = 0; i < n; i++) {
        struct record r = {.ev = "item", .item = v[i].id, .kind = "order", RECORD_NONE};
        r.digest = v[i].digest;
        assert_true(history_apply(&h, &r, 0, &err));
    }
    population_of(&h, &p);
    assert_int_equal(p.n, n);
    population_root(&p, root);
    population_release(&p);
    history_release(&h);
}

static void the_root_is_what_stock_tools_say(void **ctx UNUSED)
{
    const struct pair two[] = {{"web", DIGEST_B}, {"api", DIGEST_A}};
    char root[SHA256_HEX];
    root_of(two, 2, root);
    assert_string_equal(root, ROOT_OF_TWO);
}

static void every_change_gives_another_root(void **ctx UNUSED)
{
    const struct pair good[] = {{"api", DIGEST_A}, {"db", DIGEST_A}, {"web", DIGEST_B}};
    const struct pair moved[] = {{"web", DIGEST_B}, {"db", DIGEST_A}, {"api", DIGEST_A}};
    const struct pair other[][3] = {
        {{"api", DIGEST_A}, {"db", DIGEST_A}, {"web", DIGEST_A}},
        {{"api", DIGEST_B}, {"db", DIGEST_A}, {"web", DIGEST_A}},
        {{"api", DIGEST_A}, {"db2", DIGEST_A}, {"web", DIGEST_B}},
    };
    char want[SHA256_HEX], got[SHA256_HEX];
    root_of(good, 3, want);
    root_of(moved, 3, got);
    assert_string_equal(got, want);
    for (size_t i = 0; i < NITEMS(other); i++) {
        root_of(other[i], 3, got);
        assert_string_not_equal(got, want);
    }
    root_of(good, 2, got);
    assert_string_not_equal(got, want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_root_is_what_stock_tools_say),
        cmocka_unit_test(every_change_gives_another_root),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
