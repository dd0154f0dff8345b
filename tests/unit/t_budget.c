/* SPDX-License-Identifier: Apache-2.0
 *
 * The pace of orders: a burst, then the rate; what one run spent counts for the next one and for
 * another at the same time; a file that cannot be believed costs nothing but its memory.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/budget.h"
#include "batch/config.h"
#include "formats/base/fs.h"
#include "formats/base/time.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG(account, limits)                                                                    \
    "certbatch_config: 1\ncas:\n  ci:\n    type: certinext\n"                                      \
    "    api_url: https://ca.example.com/\n    account_number: \"" account "\"\n"                  \
    "    auth: {access_key: {env: KEY}}\n    limits: {" limits "}\n"

static struct {
    char dir[64], file[160];
    struct config configs[4];
    struct findings findings;
    struct err err;
    size_t n;
} t;

static int setup(void **ctx UNUSED)
{
    memset(&t, 0, sizeof t);
    (void)snprintf(t.dir, sizeof t.dir, "/tmp/t_budget.XXXXXX");
    return mkdtemp(t.dir) && setenv("XDG_STATE_HOME", t.dir, 1) == 0 ? 0 : -1;
}

static int teardown(void **ctx UNUSED)
{
    for (size_t i = 0; i < t.n; i++) {
        config_release(&t.configs[i]);
    }
    findings_release(&t.findings);
    int parent = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fs_remove_tree_at(parent, path_base(t.dir));
    return close(parent);
}

static struct budget budget(const char *text)
{
    struct budget b;
    struct config *c = &t.configs[t.n++];
    const struct span bytes = {(const uint8_t *)text, strlen(text)};
    (void)!config_read_text(c, "certbatch.yaml", bytes, &t.findings, &t.err); /* findings or not */
    assert_int_equal(c->ncas, 1);
    budget_open(&b, &c->cas[0]);
    return b;
}

/* Orders that may go at this moment, at most `most`. */
static int take(struct budget *b, int64_t now, int most)
{
    int n = 0;
    budget_begin(b);
    for (; n < most && budget_next(b) <= now; n++) {
        budget_take(b, now);
    }
    budget_end(b);
    return n;
}

static const char *only_file(void)
{
    char path[100];
    int n = 0;
    (void)snprintf(path, sizeof path, "%s/certbatch", t.dir);
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] != '.') {
            n++;
            (void)snprintf(t.file, sizeof t.file, "%.100s/%.50s", path, e->d_name);
        }
    }
    (void)closedir(d);
    assert_int_equal(n, 1);
    return t.file;
}

static void put(const char *path, const char *text)
{
    struct err err = ERR_INIT;
    const struct span bytes = {(const uint8_t *)text, strlen(text)};
    const int dir = open(t.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fs_write_atomic_at(dir, path + strlen(t.dir) + 1, bytes, 0600, &err));
    (void)close(dir);
}

static void a_burst_then_the_rate(void **ctx UNUSED)
{
    struct budget b = budget(CONFIG("1", "orders_per_second: 2, burst: 3"));
    const int64_t now = time_monotonic_ms();
    assert_int_equal(take(&b, now, 100), 3);
    assert_int_equal(take(&b, now + 499, 100), 0);
    assert_int_equal(take(&b, now + 500, 100), 1);
    assert_int_equal(take(&b, now + 1500, 100), 2);
    assert_int_equal(take(&b, now + 60000, 100), 3); /* idle time saves up no more than a burst */
    budget_close(&b);
}

/* What an account is locked for: more than 16 orders in 10 s. Any 10 s of a long run are looked at,
 * the first ones too. */
static void the_default_keeps_an_account_open(void **ctx UNUSED)
{
    enum { TICK = 50, RUN = 120 * 1000 / TICK, FRAME = 10 * 1000 / TICK };
    static int sent[RUN];
    struct budget b = budget(CONFIG("1", ""));
    const int64_t now = time_monotonic_ms();
    for (int i = 0, in_frame = 0; i < RUN; i++) {
        sent[i] = take(&b, now + (int64_t)i * TICK, 100);
        in_frame += sent[i] - (i >= FRAME ? sent[i - FRAME] : 0);
        assert_in_range(in_frame, 0, 16);
    }
    budget_close(&b);
}

static void without_a_rate_nothing_waits(void **ctx UNUSED)
{
    struct budget b = budget("certbatch_config: 1\ncas:\n  lab: {type: local, directory: ./ca}\n");
    assert_int_equal(take(&b, time_monotonic_ms(), 10000), 10000);
    assert_int_equal(b.fd, -1);
    budget_close(&b);
}

/* Two runs at once share what there is, and a later run goes on from there. */
static void runs_share_it(void **ctx UNUSED)
{
    const int64_t now = time_monotonic_ms();
    struct budget a = budget(CONFIG("1", "orders_per_second: 2, burst: 4"));
    struct budget b = budget(CONFIG("1", "orders_per_second: 2, burst: 4"));
    assert_int_equal(take(&a, now, 3), 3);
    assert_int_equal(take(&b, now, 100), 1);
    assert_int_equal(take(&a, now, 100), 0);
    budget_close(&a);
    budget_close(&b);
    struct budget c = budget(CONFIG("1", "orders_per_second: 2, burst: 4"));
    assert_int_equal(take(&c, now, 100), 0);
    assert_int_equal(take(&c, now + 500, 100), 1);
    budget_close(&c);
}

static void another_account_has_its_own(void **ctx UNUSED)
{
    const int64_t now = time_monotonic_ms();
    struct budget a = budget(CONFIG("1", "orders_per_second: 2, burst: 4"));
    struct budget b = budget(CONFIG("2", "orders_per_second: 2, burst: 4"));
    assert_int_equal(take(&a, now, 100), 4);
    assert_int_equal(take(&b, now, 100), 4);
    budget_close(&a);
    budget_close(&b);
}

/* A reboot sets the monotonic clock back, a full disk leaves an empty file. */
static void a_file_that_cannot_be_believed(void **ctx UNUSED)
{
    static const char *const texts[] = {
        "", "x", "-5", "99999999999999999999999", "9223372036854775807", "4611686018427387904 "};
    for (size_t i = 0; i < NITEMS(texts); i++) {
        struct budget a = budget(CONFIG("1", "orders_per_second: 2, burst: 4"));
        put(only_file(), texts[i]);
        budget_close(&a);
        struct budget b = budget(CONFIG("1", "orders_per_second: 2, burst: 4"));
        assert_int_equal(take(&b, time_monotonic_ms(), 100), 4);
        budget_close(&b);
        config_release(&t.configs[--t.n]);
        config_release(&t.configs[--t.n]);
    }
}

static void a_link_is_not_followed(void **ctx UNUSED)
{
    struct stat st;
    char victim[100];
    struct budget a = budget(CONFIG("1", "orders_per_second: 2, burst: 4"));
    budget_close(&a);
    (void)snprintf(victim, sizeof victim, "%s/victim", t.dir);
    put(victim, "precious");
    assert_int_equal(unlink(only_file()), 0);
    assert_int_equal(symlink(victim, t.file), 0);
    struct budget b = budget(CONFIG("1", "orders_per_second: 2, burst: 4"));
    assert_int_equal(take(&b, time_monotonic_ms(), 100), 4);
    budget_close(&b);
    assert_int_equal(stat(victim, &st), 0);
    assert_int_equal(st.st_size, 8);
}

static void no_home_is_no_error(void **ctx UNUSED)
{
    static const char *const homes[] = {"relative", "/proc/nowhere", NULL};
    for (size_t i = 0; i < NITEMS(homes); i++) {
        assert_int_equal(homes[i] ? setenv("XDG_STATE_HOME", homes[i], 1)
                                  : unsetenv("XDG_STATE_HOME") + unsetenv("HOME"),
                         0);
        assert_int_equal(setenv("HOME", "", 1), 0);
        struct budget b = budget(CONFIG("1", "orders_per_second: 2, burst: 4"));
        assert_int_equal(b.fd, -1);
        assert_int_equal(take(&b, time_monotonic_ms(), 100), 4);
        budget_close(&b);
    }
}

static void a_ca_that_asks_for_fewer_gets_fewer(void **ctx UNUSED)
{
    struct budget b = budget(CONFIG("1", "orders_per_second: 1"));
    int64_t now = time_monotonic_ms();
    static const int64_t gaps[] = {2000, 4000, 8000, 8000};
    assert_int_equal(take(&b, now, 100), 1);
    for (size_t i = 0; i < NITEMS(gaps); i++) {
        budget_slower(&b);
        now += 10000;
        assert_int_equal(take(&b, now, 100), 1);
        assert_int_equal(budget_next(&b) - now, gaps[i]);
    }
    for (int i = 0; i < 16; i++) {
        budget_passed(&b);
    }
    now += 10000;
    assert_int_equal(take(&b, now, 100), 1);
    assert_int_equal(budget_next(&b) - now, 4000);
    budget_close(&b);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_burst_then_the_rate),
        T(the_default_keeps_an_account_open),
        T(without_a_rate_nothing_waits),
        T(runs_share_it),
        T(another_account_has_its_own),
        T(a_file_that_cannot_be_believed),
        T(a_link_is_not_followed),
        T(no_home_is_no_error),
        T(a_ca_that_asks_for_fewer_gets_fewer),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
