/* SPDX-License-Identifier: Apache-2.0
 *
 * tar.gz: same entries give the same bytes, GNU tar reads them, and nothing hostile gets through
 * the reader. Hostile archives are built here octet by octet (ustar headers, stored deflate), so
 * that each test changes exactly one thing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/archive.h"
#include "formats/base/crc32.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static char path[128];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/cb-archive-XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/a.tar.gz", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir);
}

static struct span span_of(const char *s)
{
    return (struct span){(const uint8_t *)s, strlen(s)};
}

/* --- building by hand --- */

static void put_octal(char *field, size_t width, size_t value)
{
    field[width - 1] = '\0';
    for (size_t i = width - 1; i-- > 0; value /= 8) {
        field[i] = (char)('0' + value % 8);
    }
}

struct raw_entry {
    const char *name;
    char type;
    const char *link;
    const char *data;
    size_t claimed; /* 0 = the data's length */
};

static void tar_entry(struct buf *tar, const struct raw_entry *e)
{
    char h[512] = {0};
    size_t n = e->data ? strlen(e->data) : 0;
    memcpy(h, e->name, strlen(e->name) < 100 ? strlen(e->name) : 100);
    put_octal(h + 100, 8, 0644);
    put_octal(h + 108, 8, 0);
    put_octal(h + 116, 8, 0);
    put_octal(h + 124, 12, e->claimed ? e->claimed : n);
    put_octal(h + 136, 12, 1);
    memset(h + 148, ' ', 8);
    h[156] = e->type;
    if (e->link) {
        memcpy(h + 157, e->link, strlen(e->link));
    }
    memcpy(h + 257, "ustar\00000", 8);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof h; i++) {
        sum += (uint8_t)h[i];
    }
    put_octal(h + 148, 7, sum);
    buf_add(tar, h, sizeof h);
    buf_add(tar, e->data ? e->data : "", n);
    while (tar->n % 512) {
        buf_putc(tar, '\0');
    }
}

static void put_le32(struct buf *out, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        buf_putc(out, (char)(v >> (8 * i)));
    }
}

static void gzip_stored(struct buf *out, struct span data, uint32_t spoil_crc)
{
    struct crc32 crc;
    crc32_begin(&crc);
    crc32_add(&crc, data);
    buf_add(out, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10);
    for (size_t at = 0; at < data.n;) {
        size_t n = data.n - at < 60000 ? data.n - at : 60000;
        buf_putc(out, at + n == data.n);
        buf_putc(out, (char)(n & 0xFF));
        buf_putc(out, (char)(n >> 8));
        buf_putc(out, (char)(~n & 0xFF));
        buf_putc(out, (char)((~n >> 8) & 0xFF));
        buf_add(out, data.p + at, n);
        at += n;
    }
    put_le32(out, crc.value ^ spoil_crc);
    put_le32(out, (uint32_t)data.n);
}

static void store(const struct buf *b)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, b->p, b->n), (ssize_t)b->n);
    close(fd);
}

static bool count_entry(void *ctx, const char *name, struct span data, struct err *err)
{
    (void)name;
    (void)err;
    size_t *total = ctx;
    *total += data.n + 1;
    return true;
}

/* Reads `path`; the message, or "" when it was accepted. */
static const char *verdict(void)
{
    static struct err err;
    size_t total = 0;
    err = (struct err)ERR_INIT;
    if (archive_read_file(path, count_entry, &total, &err)) {
        return "";
    }
    assert_int_equal(err.code, ERR_FINDINGS);
    return err.msg;
}

static const char *verdict_of(const struct raw_entry *v, size_t n)
{
    CLEANUP(buf_release) struct buf tar = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf gz = BUF_INIT(1 << 20);
    for (size_t i = 0; i < n; i++) {
        tar_entry(&tar, &v[i]);
    }
    for (int i = 0; i < 1024; i++) {
        buf_putc(&tar, '\0');
    }
    gzip_stored(&gz, buf_span(&tar), 0);
    store(&gz);
    return verdict();
}

/* --- tests --- */

static void names(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a", "a/b", "CHG1-audit/data/items/www/request.csr", "-x", "a..b", ".hidden", "a/b.c_d-e"};
    static const char *const bad[] = {"",       "/a",   "a/",       "a//b",  "../a",
                                      "a/../b", "a/..", ".",        "a/./b", "a b",
                                      "a\nb",   "a\\b", "\xc3\xa4", "a:b",   "a*"};
    for (size_t i = 0; i < NITEMS(good); i++) {
        assert_true(archive_name_ok(good[i]));
    }
    for (size_t i = 0; i < NITEMS(bad); i++) {
        assert_false(archive_name_ok(bad[i]));
    }
    char long_name[LIMIT_ARCHIVE_NAME + 2];
    memset(long_name, 'x', sizeof long_name);
    long_name[LIMIT_ARCHIVE_NAME] = '\0';
    assert_true(archive_name_ok(long_name));
    long_name[LIMIT_ARCHIVE_NAME] = 'x';
    long_name[LIMIT_ARCHIVE_NAME + 1] = '\0';
    assert_false(archive_name_ok(long_name));
}

static void write_sample(bool streamed, uint8_t digest[SHA256_SIZE], uint8_t file[SHA256_SIZE])
{
    struct err err = ERR_INIT;
    char from[160];
    (void)snprintf(from, sizeof from, "%s/from", dir);
    int src = open(from, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(src, "xxhello", 7), 7);
    assert_int_equal(lseek(src, 2, SEEK_SET), 2);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct archive_out *a = archive_create(fd, 1795000000, &err);
    assert_non_null(a);
    if (streamed) {
        assert_true(archive_add_fd(a, "top/hello", src, 5, 0644, &err));
    } else {
        assert_true(archive_add(a, "top/hello", span_of("hello"), 0644, &err));
    }
    assert_true(archive_add(a, "top/empty", (struct span){NULL, 0}, 0600, &err));
    archive_digest(a, digest);
    assert_true(archive_finish(&a, &err));
    assert_null(a);
    assert_true(archive_check(fd, digest, file, &err));
    close(fd);
    close(src);
    unlink(from);
}

static void same_entries_same_bytes(void **state)
{
    (void)state;
    uint8_t d1[SHA256_SIZE], d2[SHA256_SIZE], f1[SHA256_SIZE], f2[SHA256_SIZE];
    write_sample(false, d1, f1);
    int fd = open(path, O_RDONLY);
    char bytes[4096];
    ssize_t n = read(fd, bytes, sizeof bytes);
    close(fd);
    assert_true(n > 20);
    uint8_t own[SHA256_SIZE];
    sha256(bytes, (size_t)n, own);
    assert_memory_equal(own, f1, SHA256_SIZE);
    assert_memory_equal(bytes + 4, "\0\0\0\0", 4); /* RFC 1952 MTIME: no clock */
    write_sample(true, d2, f2);
    assert_memory_equal(d1, d2, SHA256_SIZE);
    assert_memory_equal(f1, f2, SHA256_SIZE);
}

static void gnu_tar_reads_it(void **state)
{
    (void)state;
    uint8_t d[SHA256_SIZE], f[SHA256_SIZE];
    write_sample(false, d, f);
    char command[512];
    (void)snprintf(
        command, sizeof command,
        "test \"$(TZ=UTC tar --numeric-owner -tvzf %s | tr -s ' ')\" = \"$(printf -- '%s')\"", path,
        "-rw-r--r-- 0/0 5 2026-11-18 11:06 top/hello\\n"
        "-rw------- 0/0 0 2026-11-18 11:06 top/empty\\n");
    assert_int_equal(system(command), 0);
}

static void check_finds_another_content(void **state)
{
    (void)state;
    uint8_t d[SHA256_SIZE], f[SHA256_SIZE];
    struct err err = ERR_INIT;
    write_sample(false, d, f);
    d[0] ^= 1;
    int fd = open(path, O_RDONLY);
    assert_false(archive_check(fd, d, NULL, &err));
    assert_int_equal(err.code, ERR_ENV);
    close(fd);
}

static void writer_refuses_bad_names_and_short_sources(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct archive_out *a = archive_create(fd, 0, &err);
    assert_non_null(a);
    assert_false(archive_add(a, "../evil", span_of("x"), 0644, &err));
    assert_int_equal(err.code, ERR_INTERNAL);
    assert_int_equal(lseek(fd, 0, SEEK_END), 0);
    int empty = open("/dev/null", O_RDONLY);
    assert_false(archive_add_fd(a, "x", empty, 5, 0644, &err));
    assert_non_null(strstr(err.msg, "shorter"));
    close(empty);
    archive_abandon(&a);
    assert_null(a);
    close(fd);
}

/* The header says the size before the content is known: what keeps no word is no archive. */
static void parts_are_as_long_as_was_said(void **state)
{
    (void)state;
    static const struct {
        const char *parts[3];
        const char *why; /* NULL: good */
    } rows[] = {
        {{"he", "", "llo"}, NULL},
        {{"hello", "", ""}, NULL},
        {{"he", "llo", "!"}, "x is longer than was said"},
        {{"hello!", "", ""}, "x is longer than was said"},
        {{"he", "ll", ""}, "x is shorter than was said"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct err err = ERR_INIT;
        uint8_t digest[SHA256_SIZE];
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
        struct archive_out *a = archive_create(fd, 0, &err);
        bool ok = archive_begin(a, "x", 5, 0644, &err);
        for (size_t k = 0; ok && k < 3; k++) {
            ok = archive_part(a, span_of(rows[i].parts[k]), &err);
        }
        ok = ok && archive_end(a, &err);
        assert_int_equal(ok, !rows[i].why);
        if (ok) {
            uint8_t whole[SHA256_SIZE];
            sha256("hello", 5, whole);
            assert_memory_equal(archive_last_sha256(a), whole, sizeof whole);
            archive_digest(a, digest);
            assert_true(archive_finish(&a, &err));
            assert_true(archive_check(fd, digest, NULL, &err));
        } else {
            assert_string_equal(err.msg, rows[i].why);
            assert_int_equal(err.code, ERR_INTERNAL);
            archive_abandon(&a);
        }
        close(fd);
    }
}

static void full_device_is_an_error(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf noise = BUF_INIT(1 << 20);
    int full = open("/dev/full", O_WRONLY);
    if (full < 0) {
        skip();
    }
    store(&noise);
    struct archive_out *a = archive_create(full, 0, &err);
    assert_non_null(a);
    char block[4096];
    bool ok = true;
    for (int i = 0; ok && i < 200; i++) {
        random_bytes(block, sizeof block);
        buf_add(&noise, block, sizeof block);
    }
    ok = archive_add(a, "noise", buf_span(&noise), 0644, &err);
    if (ok) {
        ok = archive_finish(&a, &err);
    } else {
        archive_abandon(&a);
    }
    assert_false(ok);
    assert_int_equal(err.code, ERR_ENV);
    close(full);
}

static void reader_accepts_plain_ones(void **state)
{
    (void)state;
    const struct raw_entry v[] = {{.name = "d/", .type = '5'},
                                  {.name = "d/a", .type = '0', .data = "hello"},
                                  {.name = "d/b", .type = '0'}};
    assert_string_equal(verdict_of(v, NITEMS(v)), "");
}

static void reader_refuses(void **state)
{
    (void)state;
    static const struct {
        struct raw_entry e;
        const char *why;
    } bad[] = {
        {{.name = "../x", .type = '0'}, "forbidden name"},
        {{.name = "/etc/passwd", .type = '0'}, "forbidden name"},
        {{.name = "d/../../x", .type = '0'}, "forbidden name"},
        {{.name = "a\nb", .type = '0'}, "forbidden name"},
        {{.name = "a b", .type = '0'}, "forbidden name"},
        {{.name = "link", .type = '2', .link = "/etc/passwd"}, "neither a plain file"},
        {{.name = "hard", .type = '1', .link = "d/a"}, "neither a plain file"},
        {{.name = "fifo", .type = '6'}, "neither a plain file"},
        {{.name = "dev", .type = '3'}, "neither a plain file"},
        {{.name = "d/a", .type = '0', .data = "again"}, "twice"},
        {{.name = "D/A", .type = '0', .data = "again"}, "twice"},
        {{.name = "huge", .type = '0', .claimed = (size_t)LIMIT_ARCHIVE_ENTRY + 1}, "larger than"},
        {{.name = "short", .type = '0', .data = "x", .claimed = 100000}, "not a whole tar.gz"},
    };
    for (size_t i = 0; i < NITEMS(bad); i++) {
        struct raw_entry v[] = {{.name = "d/a", .type = '0', .data = "hello"}, bad[i].e};
        const char *got = verdict_of(v, NITEMS(v));
        if (!strstr(got, bad[i].why)) {
            fail_msg("%s: wanted \"%s\", got \"%s\"", bad[i].e.name, bad[i].why, got);
        }
        assert_null(strchr(got, '\n'));
    }
}

static void build_valid(struct buf *tar)
{
    const struct raw_entry e = {.name = "d/a", .type = '0', .data = "hello"};
    tar_entry(tar, &e);
    for (int i = 0; i < 1024; i++) {
        buf_putc(tar, '\0');
    }
}

static void reader_checks_the_end(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf tar = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf gz = BUF_INIT(1 << 20);
    build_valid(&tar);
    gzip_stored(&gz, buf_span(&tar), 0);
    store(&gz);
    assert_string_equal(verdict(), "");

    buf_putc(&gz, 'x'); /* behind the gzip */
    store(&gz);
    assert_non_null(strstr(verdict(), "checksum"));

    buf_reset(&gz);
    gzip_stored(&gz, buf_span(&tar), 1);
    store(&gz);
    assert_non_null(strstr(verdict(), "checksum"));

    buf_reset(&gz);
    buf_puts(&tar, "hidden behind the end of the tar");
    gzip_stored(&gz, buf_span(&tar), 0);
    store(&gz);
    assert_non_null(strstr(verdict(), "behind the end"));

    buf_reset(&tar);
    build_valid(&tar);
    for (size_t cut = 1; cut < 40; cut += 3) { /* truncated file */
        buf_reset(&gz);
        gzip_stored(&gz, buf_span(&tar), 0);
        gz.n -= cut;
        store(&gz);
        assert_true(*verdict());
    }
}

/* A changed octet is refused, or it was one that unpacks to the same (a length of an unused
 * Huffman code, the unused bits of the last octet). */
static void changed_bytes_never_change_content(void **state)
{
    (void)state;
    uint8_t d[SHA256_SIZE], f[SHA256_SIZE];
    write_sample(false, d, f);
    char good[4096];
    int fd = open(path, O_RDWR);
    ssize_t n = read(fd, good, sizeof good);
    ssize_t refused = 0;
    assert_true(n > 20);
    for (ssize_t i = 10; i < n; i++) { /* octets 4 to 9 of the gzip header say nothing */
        char c = (char)(good[i] ^ 0x10);
        struct err err = ERR_INIT;
        size_t total = 0;
        assert_int_equal(pwrite(fd, &c, 1, i), 1);
        if (archive_read_fd(fd, "x", count_entry, &total, NULL, &err)) {
            assert_true(archive_check(fd, d, NULL, &err));
        } else {
            refused++;
        }
        assert_int_equal(pwrite(fd, good + i, 1, i), 1);
    }
    assert_true(refused > (n - 10) * 9 / 10);
    close(fd);
}

static void not_an_archive(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    store(&b);
    assert_true(*verdict());
    buf_puts(&b, "just text\n");
    store(&b);
    assert_true(*verdict());
    buf_reset(&b);
    build_valid(&b); /* a tar without gzip */
    store(&b);
    assert_non_null(strstr(verdict(), "not a tar.gz"));
    CLEANUP(buf_release) struct buf once = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf twice = BUF_INIT(1 << 20);
    gzip_stored(&once, buf_span(&b), 0);
    gzip_stored(&twice, buf_span(&once), 0);
    store(&twice);
    assert_non_null(strstr(verdict(), "not a tar.gz"));
    struct err err = ERR_INIT;
    size_t total = 0;
    assert_false(archive_read_file(dir, count_entry, &total, &err));
    assert_false(archive_read_file("/nonexistent/x.tar.gz", count_entry, &total, &err));
    assert_int_equal(err.code, ERR_INPUT);
}

static void bomb(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    size_t n = (size_t)24 << 20;
    char *zeros = calloc(1, n);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct archive_out *a = archive_create(fd, 0, &err);
    assert_true(archive_add(a, "zeros", (struct span){(uint8_t *)zeros, n}, 0644, &err));
    assert_true(archive_finish(&a, &err));
    close(fd);
    free(zeros);
    assert_non_null(strstr(verdict(), "times its size"));
}

static bool stop_at_once(void *ctx, const char *name, struct span data, struct err *err)
{
    (void)data;
    ++*(size_t *)ctx;
    return err_set(err, ERR_USAGE, "seen %s", name);
}

static void callback_stops_the_reading(void **state)
{
    (void)state;
    uint8_t d[SHA256_SIZE], f[SHA256_SIZE];
    write_sample(false, d, f);
    struct err err = ERR_INIT;
    size_t calls = 0;
    assert_false(archive_read_file(path, stop_at_once, &calls, &err));
    assert_int_equal(calls, 1);
    assert_string_equal(err.msg, "seen top/hello");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(same_entries_same_bytes),
        cmocka_unit_test(gnu_tar_reads_it),
        cmocka_unit_test(check_finds_another_content),
        cmocka_unit_test(writer_refuses_bad_names_and_short_sources),
        cmocka_unit_test(parts_are_as_long_as_was_said),
        cmocka_unit_test(full_device_is_an_error),
        cmocka_unit_test(reader_accepts_plain_ones),
        cmocka_unit_test(reader_refuses),
        cmocka_unit_test(reader_checks_the_end),
        cmocka_unit_test(changed_bytes_never_change_content),
        cmocka_unit_test(not_an_archive),
        cmocka_unit_test(bomb),
        cmocka_unit_test(callback_stops_the_reading),
    };
    return !!cmocka_run_group_tests(tests, set_up, tear_down);
}
