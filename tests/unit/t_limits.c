/* SPDX-License-Identifier: Apache-2.0
 *
 * Limits on both sides: those that no other unit test holds at n and n + 1, and a check that
 * every limit of formats/base/limits.h has a test somewhere or a reason here why it has none.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/journal.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "policy/policy.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char root[256];

static int enter(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(root, sizeof root, "%s/t_limits.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    return mkdtemp(root) ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    fs_remove_tree_at(AT_FDCWD, root);
    return 0;
}

/* --- journal record --- */

static bool ignore(void *ctx, const struct journal_record *r, struct err *err)
{
    (void)ctx;
    (void)r;
    (void)err;
    return true;
}

/* A journal of one record with `payload` octets of text; its size, or 0 when it was refused. */
static size_t journal_of(const char *name, size_t payload)
{
    struct err err = ERR_INIT;
    CLEANUP(closep) int base = fs_open_dir(root, &err);
    CLEANUP(closep) int dir = fs_make_dir_at(base, name, &err);
    CLEANUP(freep) char *text = xmalloc(payload + 1);
    struct journal *j = journal_open(dir, ignore, NULL, &err);
    assert_non_null(j);
    memset(text, 'x', payload);
    text[payload] = '\0';
    struct jw *f = journal_begin(j, "note", "item");
    jw_str(f, "text", text);
    journal_end(j);
    size_t size = journal_sync(j, &err) ? journal_size(j) : 0;
    assert_int_equal(size == 0, journal_broken(j));
    journal_close(j);
    return size;
}

static void journal_record_limit(void **state)
{
    (void)state;
    size_t overhead = journal_of("j1", 100) - 100;
    size_t most = LIMIT_JOURNAL_RECORD - overhead;
    assert_int_equal(journal_of("j2", most), LIMIT_JOURNAL_RECORD);
    assert_int_equal(journal_of("j3", most + 1), 0);
}

/* --- policies that extend each other --- */

static bool chain_of(unsigned files)
{
    struct err err = ERR_INIT;
    struct findings findings = FINDINGS_INIT;
    struct policy *p = NULL;
    for (unsigned i = 0; i < files; i++) {
        char path[300];
        char text[200];
        (void)snprintf(path, sizeof path, "%s/p%u.policy.yaml", root, i);
        int n = snprintf(text, sizeof text, "certbatch_policy: 1\nname: p%u\n", i);
        if (i + 1 < files) {
            n += snprintf(text + n, sizeof text - (size_t)n, "extends: [./p%u.policy.yaml]\n",
                          i + 1);
        }
        struct span s = {(const uint8_t *)text, (size_t)n};
        assert_true(fs_write_atomic(path, s, 0600, &err));
    }
    const struct policy_source source = {.name = "./p0.policy.yaml", .base = root};
    bool ok = policy_open(&p, &source, 1, NULL, 0, &findings, &err);
    for (size_t i = 0; i < findings.n; i++) {
        assert_non_null(strstr(findings.v[i].message, "deep"));
    }
    findings_release(&findings);
    policy_free(p);
    return ok;
}

static void extends_limit(void **state)
{
    (void)state;
    assert_true(chain_of(LIMIT_EXTENDS_DEPTH + 1)); /* the named file and 8 below it */
    assert_false(chain_of(LIMIT_EXTENDS_DEPTH + 2));
}

/* --- paths --- */

static void path_limit(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    char path[LIMIT_PATH + 1];
    size_t n = strlen(root);
    memcpy(path, root, n);
    for (size_t i = n; i < LIMIT_PATH; i++) {
        path[i] = (i - n) % 2 ? '.' : '/';
    }
    path[LIMIT_PATH] = '\0';
    assert_false(fs_make_dirs(path, &err)); /* LIMIT_PATH characters and their NUL */
    assert_int_equal(err.code, ERR_ENV);
    path[LIMIT_PATH - 1] = '\0';
    if (!fs_make_dirs(path, &err)) {
        fail_msg("%s", err.msg);
    }
}

/* --- every limit has a test --- */

/* Limits whose two sides a unit test cannot show, and where they are looked at instead. */
static const struct {
    const char *limit, *why;
} elsewhere[] = {
    {"LIMIT_ARCHIVE_ENTRIES", "a million entries: same check as LIMIT_ARCHIVE_ENTRY, t_archive"},
    {"LIMIT_ARCHIVE_TOTAL", "8 GiB: same check as LIMIT_ARCHIVE_ENTRY, t_archive"},
    {"LIMIT_ARCHIVE_RATIO", "t_archive unpacks a bomb"},
    {"LIMIT_ARCHIVE_RATIO_FREE", "t_archive unpacks a bomb"},
    {"LIMIT_REGEX_MATCH", "steps inside PCRE2; t_regex runs a pattern away"},
    {"LIMIT_REGEX_DEPTH", "steps inside PCRE2; t_regex runs a pattern away"},
    {"LIMIT_REGEX_HEAP_KIB", "memory inside PCRE2; t_regex runs a pattern away"},
    {"LIMIT_JOURNAL_RESERVE", "allocated, never refused; shown on a full disk"},
    {"LIMIT_MESSAGE", "ceiling of message buffers; buf itself is tested at its ceiling, t_base"},
    {"LIMIT_EXTENSIONS", "a row of the table that t_csr tests with names and attributes"},
    {"LIMIT_CHAIN", "a loop bound: a longer chain is cut, not refused"},
    {"LIMIT_JKS_BLOB", "bounded by LIMIT_CERT_BYTES, t_cert"},
    {"LIMIT_XLSX_PART", "hostile workbooks of tests/interop/import.sh"},
    {"LIMIT_XLSX_PARTS", "hostile workbooks of tests/interop/import.sh"},
    {"LIMIT_TABLE_CELLS",
     "four million cells: the fuzz targets and the bombs of t_xlsx_in, t_csv_in"},
    {"LIMIT_ORDER_ID", "of replies of a CA; the executor's tests"},
};

static bool has_reason(const char *limit)
{
    for (size_t i = 0; i < NITEMS(elsewhere); i++) {
        if (str_eq(elsewhere[i].limit, limit)) {
            return true;
        }
    }
    return false;
}

/* All unit tests but this one, in one text. */
static void read_tests(struct buf *all)
{
    struct err err = ERR_INIT;
    DIR *dir = opendir("tests/unit");
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        char path[400];
        if ((str_ends(e->d_name, ".c") || str_ends(e->d_name, ".h")) &&
            !str_eq(e->d_name, "t_limits.c")) {
            (void)snprintf(path, sizeof path, "tests/unit/%s", e->d_name);
            assert_true(fs_read(path, all, &err));
        }
    }
    (void)closedir(dir);
}

static bool mentions(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = text; (p = strstr(p, word)) != NULL; p += n) {
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", p[n])) {
            return true;
        }
    }
    return false;
}

static void every_limit_has_a_test(void **state)
{
    (void)state;
    static const char here[] = "LIMIT_JOURNAL_RECORD LIMIT_EXTENDS_DEPTH LIMIT_PATH ";
    CLEANUP(buf_release) struct buf limits = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(buf_release) struct buf tests = BUF_INIT(LIMIT_INPUT_BYTES);
    struct err err = ERR_INIT;
    static const char define[] = "#define LIMIT_";
    size_t found = 0;
    assert_true(fs_read("formats/base/limits.h", &limits, &err));
    read_tests(&tests);
    for (const char *p = limits.p; (p = strstr(p, define)) != NULL; found++) {
        char name[64];
        p += sizeof "#define " - 1;
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(p, " "), p);
        if (!mentions(tests.p, name) && !mentions(here, name) && !has_reason(name)) {
            fail_msg("%s has no test", name);
        }
    }
    assert_true(found > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(journal_record_limit),
        cmocka_unit_test(extends_limit),
        cmocka_unit_test(path_limit),
        cmocka_unit_test(every_limit_has_a_test),
    };
    return !!cmocka_run_group_tests(tests, enter, leave);
}
