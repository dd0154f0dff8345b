/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal: what is appended is replayed; a torn tail is cut and nothing else is; every single
 * changed byte, removed, swapped or repeated line is noticed; a replay gives the same history as
 * the run that wrote it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/journal.h"
#include "batch/record.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char path[64];
    int fd;
};

static int setup(void **ctx)
{
    struct place *p = xcalloc(1, sizeof *p);
    (void)snprintf(p->path, sizeof p->path, "/tmp/t_journal.XXXXXX");
    assert_non_null(mkdtemp(p->path));
    p->fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *ctx = p;
    return p->fd < 0;
}

static int teardown(void **ctx)
{
    struct place *p = *ctx;
    (void)unlinkat(p->fd, JOURNAL_NAME, 0);
    (void)close(p->fd);
    (void)rmdir(p->path);
    free(p);
    return 0;
}

struct seen {
    size_t n;
    char last[64];
};

static bool count(void *ctx, const struct journal_record *r, struct err *err UNUSED)
{
    struct seen *s = ctx;
    s->n++;
    (void)snprintf(s->last, sizeof s->last, "%s", r->item ? r->item : "");
    return true;
}

static void append(struct journal *j, const char *ev, const char *item)
{
    (void)journal_begin(j, ev, item);
    journal_end(j);
}

static void write_journal(const struct place *p, size_t n)
{
    struct err err = ERR_INIT;
    struct seen s = {0};
    struct journal *j = journal_open(p->fd, count, &s, &err);
    assert_non_null(j);
    for (size_t i = 0; i < n; i++) {
        char item[32];
        (void)snprintf(item, sizeof item, "i%zu", i);
        append(j, "item", item);
    }
    assert_true(journal_sync(j, &err));
    journal_close(j);
}

static void read_all(const struct place *p, struct buf *b)
{
    struct err err = ERR_INIT;
    buf_reset(b);
    assert_true(fs_read_at(p->fd, JOURNAL_NAME, b, &err));
}

static void write_all(const struct place *p, struct span bytes)
{
    int fd = openat(p->fd, JOURNAL_NAME, O_WRONLY | O_TRUNC | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.p, bytes.n), (ssize_t)bytes.n);
    (void)close(fd);
}

static int truncate_to(const struct place *p, off_t n)
{
    CLEANUP(closep) int fd = openat(p->fd, JOURNAL_NAME, O_WRONLY);
    return ftruncate(fd, n);
}

static void what_is_synced_is_replayed(void **ctx)
{
    struct place *p = *ctx;
    struct err err = ERR_INIT;
    struct seen s = {0};
    struct stat st;
    write_journal(p, 500); /* more than one read of the scanner */
    struct journal *j = journal_open(p->fd, count, &s, &err);
    assert_non_null(j);
    assert_int_equal(s.n, 500);
    assert_string_equal(s.last, "i499");
    assert_false(journal_had_torn_tail(j));
    append(j, "item", "not-synced");
    journal_close(j);
    memset(&s, 0, sizeof s);
    assert_true(journal_read(p->fd, count, &s, NULL, &err));
    assert_int_equal(s.n, 500);
    assert_int_equal(fstatat(p->fd, JOURNAL_NAME, &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

/* Cut at every byte of the last two lines: whole lines stay, the rest goes, once. */
static void a_torn_tail_is_cut(void **ctx)
{
    struct place *p = *ctx;
    CLEANUP(buf_release) struct buf whole = BUF_INIT(1 << 20);
    write_journal(p, 3);
    read_all(p, &whole);
    for (size_t n = 0; n <= whole.n; n++) {
        struct err err = ERR_INIT;
        struct seen s = {0};
        size_t lines = 0, end = 0;
        for (size_t i = 0; i < n; i++) {
            if (whole.p[i] == '\n') {
                lines++;
                end = i + 1;
            }
        }
        write_all(p, (struct span){(const uint8_t *)whole.p, n});
        struct journal *j = journal_open(p->fd, count, &s, &err);
        assert_non_null(j);
        assert_int_equal(s.n, lines);
        assert_int_equal(journal_had_torn_tail(j), n != end);
        append(j, "item", "after");
        assert_true(journal_sync(j, &err));
        journal_close(j);
        memset(&s, 0, sizeof s);
        assert_true(journal_read(p->fd, count, &s, NULL, &err));
        assert_int_equal(s.n, lines + 1);
    }
}

/* Every byte of every line but the last, changed in every bit. */
static void any_changed_byte_is_noticed(void **ctx)
{
    struct place *p = *ctx;
    CLEANUP(buf_release) struct buf whole = BUF_INIT(1 << 20);
    write_journal(p, 3);
    read_all(p, &whole);
    for (size_t i = 0; i < whole.n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct err err = ERR_INIT;
            whole.p[i] = (char)(whole.p[i] ^ (1 << bit));
            assert_false(journal_check(buf_span(&whole), false, NULL, NULL, &err));
            assert_int_equal(err.code, ERR_ENV);
            assert_true(err.line >= 1 && err.line <= 4);
            whole.p[i] = (char)(whole.p[i] ^ (1 << bit));
        }
    }
    struct err err = ERR_INIT;
    assert_true(journal_check(buf_span(&whole), false, NULL, NULL, &err));
}

static size_t split(const struct buf *b, struct span *lines, size_t max)
{
    size_t n = 0, start = 0;
    for (size_t i = 0; i < b->n && n < max; i++) {
        if (b->p[i] == '\n') {
            lines[n++] = (struct span){(const uint8_t *)b->p + start, i + 1 - start};
            start = i + 1;
        }
    }
    return n;
}

static void lines_may_not_move(void **ctx)
{
    struct place *p = *ctx;
    CLEANUP(buf_release) struct buf whole = BUF_INIT(1 << 20);
    struct span line[5];
    write_journal(p, 5);
    read_all(p, &whole);
    assert_int_equal(split(&whole, line, 5), 5);
    static const int orders[][6] = {{1, 2, 3, 4, -1},    {0, 2, 3, 4, -1},    {0, 1, 3, 4, -1},
                                    {0, 2, 1, 3, 4, -1}, {0, 1, 1, 2, 3, -1}, {4, 0, 1, 2, 3, -1}};
    for (size_t k = 0; k < NITEMS(orders); k++) {
        struct err err = ERR_INIT;
        CLEANUP(buf_release) struct buf forged = BUF_INIT(1 << 20);
        for (const int *o = orders[k]; *o >= 0; o++) {
            buf_add(&forged, line[*o].p, line[*o].n);
        }
        assert_false(journal_check(buf_span(&forged), true, NULL, NULL, &err));
        write_all(p, buf_span(&forged));
        struct seen s = {0};
        assert_null(journal_open(p->fd, count, &s, &err));
        assert_int_equal(err.code, ERR_ENV);
    }
    /* the end cut off at a line is a shorter journal, not damage: only `close` can tell */
    struct err err = ERR_INIT;
    struct span shorter = {(const uint8_t *)whole.p, whole.n - line[4].n};
    assert_true(journal_check(shorter, false, NULL, NULL, &err));
}

/* A first line whose sums fit, as whoever knows the format could make it. */
static void forge(struct buf *out, const char *head)
{
    char sum[SHA256_HEX];
    buf_reset(out);
    buf_puts(out, head);
    sha256_hex(out->p, out->n, sum);
    buf_printf(out, ",\"sum\":\"%s\"}\n", sum);
}

#define ZEROS     "0000000000000000000000000000000000000000000000000000000000000000"
#define PREV      ",\"prev\":\"" ZEROS "\""
#define OPEN_LINE "{\"v\":1,\"seq\":1,\"t\":\"2026-11-21T04:31:00.123Z\",\"ev\":\"open\""

static void fitting_sums_do_not_make_a_record(void **ctx UNUSED)
{
    static const struct {
        const char *head;
        bool good;
    } rows[] = {
        {OPEN_LINE PREV, true},
        {OPEN_LINE ",\"batch\":\"b\"" PREV, true},
        {OPEN_LINE PREV ",\"batch\":\"b\"", false}, /* the digests are not the last members */
        {OPEN_LINE PREV PREV, false},
        {OPEN_LINE ",\"sum\":\"x\"" PREV, false},
        {OPEN_LINE ",\"ev\":\"open\"" PREV, false}, /* said twice */
        {OPEN_LINE "}" PREV, false},
        {OPEN_LINE ",\"prev\":\"1000000000000000000000000000000000000000000000000000000000000000\"",
         false},
        {"{\"v\":2,\"seq\":1,\"t\":\"2026-11-21T04:31:00.123Z\",\"ev\":\"open\"" PREV, false},
        {"{\"v\":1,\"seq\":2,\"t\":\"2026-11-21T04:31:00.123Z\",\"ev\":\"open\"" PREV, false},
        {"{\"v\":1,\"seq\":1,\"ev\":\"open\"" PREV, false},
    };
    CLEANUP(buf_release) struct buf line = BUF_INIT(1 << 16);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct err err = ERR_INIT;
        forge(&line, rows[i].head);
        assert_int_equal(journal_check(buf_span(&line), false, NULL, NULL, &err), rows[i].good);
        assert_int_equal(err.code, rows[i].good ? ERR_NONE : ERR_ENV);
    }
}

/* More than fits into one piece of the scanner: damage is named by its line, a torn tail is cut. */
static void a_long_journal_is_read_in_order(void **ctx)
{
    enum { RECORDS = 3000 };
    struct place *p = *ctx;
    CLEANUP(buf_release) struct buf whole = BUF_INIT(1 << 24);
    write_journal(p, RECORDS);
    read_all(p, &whole);
    size_t line = 0;
    for (size_t at = 0; at < whole.n; at = (size_t)(strchr(whole.p + at, '\n') - whole.p) + 1) {
        line++;
        if (line % 499 != 0) {
            continue;
        }
        struct err err = ERR_INIT;
        struct seen s = {0};
        whole.p[at + 20] ^= 1;
        write_all(p, buf_span(&whole));
        assert_null(journal_open(p->fd, count, &s, &err));
        assert_int_equal(s.n, line - 1);
        assert_int_equal(err.line, line);
        whole.p[at + 20] ^= 1;
    }
    assert_int_equal(line, RECORDS);
    for (size_t cut = 1; cut < 600; cut += 37) {
        struct err err = ERR_INIT;
        struct seen s = {0};
        write_all(p, (struct span){(const uint8_t *)whole.p, whole.n - cut});
        struct journal *j = journal_open(p->fd, count, &s, &err);
        assert_non_null(j);
        assert_true(journal_had_torn_tail(j));
        assert_in_range(s.n, RECORDS - 4, RECORDS - 1);
        assert_int_equal(journal_records(j), s.n);
        journal_close(j);
    }
}

static void a_record_has_a_limit(void **ctx)
{
    struct place *p = *ctx;
    struct err err = ERR_INIT;
    struct seen s = {0};
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    struct journal *j = journal_open(p->fd, count, &s, &err);
    assert_non_null(j);
    for (size_t i = 0; i < LIMIT_JOURNAL_RECORD; i++) {
        buf_putc(&text, 'x');
    }
    jw_str(journal_begin(j, "item", "a"), "message", buf_text(&text));
    journal_end(j);
    assert_false(journal_sync(j, &err));
    assert_true(journal_broken(j));
    assert_false(journal_sync(j, &err)); /* for good */
    journal_close(j);
    err_clear(&err);
    assert_true(journal_read(p->fd, count, &s, NULL, &err));
    assert_int_equal(s.n, 0);
}

static void a_symbolic_link_is_refused(void **ctx)
{
    struct place *p = *ctx;
    struct err err = ERR_INIT;
    struct seen s = {0};
    assert_int_equal(symlinkat("/dev/null", p->fd, JOURNAL_NAME), 0);
    assert_null(journal_open(p->fd, count, &s, &err));
    assert_int_equal(err.code, ERR_ENV);
}

/* --- records and history --- */
static bool add(struct runlog *log, struct record r)
{
    struct err err = ERR_INIT;
    return runlog_add(log, &r, &err);
}

static void same_text(const char *a, const char *b)
{
    assert_true(str_eq(a, b));
}

static void same_item(const struct item_record *a, const struct item_record *b)
{
    same_text(a->id, b->id);
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->kind, b->kind);
    same_text(a->order_id, b->order_id);
    same_text(a->client_key, b->client_key);
    same_text(a->san, b->san);
    same_text(a->outputs, b->outputs);
    same_text(a->error_code, b->error_code);
    same_text(a->error_message, b->error_message);
    same_text(a->sha256, b->sha256);
    same_text(a->spki_sha256, b->spki_sha256);
    assert_int_equal(a->not_before, b->not_before);
    assert_int_equal(a->not_after, b->not_after);
    assert_int_equal(a->intent_time, b->intent_time);
    assert_int_equal(a->attempts, b->attempts);
}

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
static void add_lines(const struct place *p, size_t n)
{
    struct err err = ERR_INIT;
    struct seen s = {0};
    struct journal *j = journal_open(p->fd, count, &s, &err);
    assert_non_null(j);
    for (size_t i = 0; i < n; i++) {
        append(j, "item", "later");
    }
    assert_true(journal_sync(j, &err));
    journal_close(j);
}

/* What another run added after the reading is replayed, what was read is not replayed twice. */
static void reading_ahead_goes_on_where_it_ended(void **ctx)
{
    struct place *p = *ctx;
    struct err err = ERR_INIT;
    struct seen s = {0};
    write_journal(p, 500);
    struct journal_ahead *a = journal_ahead_begin(p->path, count, &s);
    assert_non_null(a);
    assert_true(journal_ahead_end(a, p->fd));
    assert_int_equal(s.n, 500);
    add_lines(p, 3);
    assert_true(journal_ahead_end(a, p->fd));
    struct journal *j = journal_open_after(a, p->fd, count, &s, &err);
    assert_non_null(j);
    journal_ahead_free(a);
    assert_int_equal(s.n, 503);
    assert_string_equal(s.last, "later");
    append(j, "item", "mine");
    assert_true(journal_sync(j, &err));
    journal_close(j);
    s.n = 0;
    assert_true(journal_read(p->fd, count, &s, NULL, &err));
    assert_int_equal(s.n, 504);
}

/* A torn tail is left to the one who has the lock. */
static void reading_ahead_stops_before_a_torn_tail(void **ctx)
{
    struct place *p = *ctx;
    struct err err = ERR_INIT;
    struct seen s = {0};
    CLEANUP(buf_release) struct buf whole = BUF_INIT(1 << 20);
    write_journal(p, 3);
    read_all(p, &whole);
    write_all(p, (struct span){(const uint8_t *)whole.p, whole.n - 5});
    struct journal_ahead *a = journal_ahead_begin(p->path, count, &s);
    assert_true(journal_ahead_end(a, p->fd));
    assert_int_equal(s.n, 2);
    struct journal *j = journal_open_after(a, p->fd, count, &s, &err);
    assert_non_null(j);
    assert_true(journal_had_torn_tail(j));
    assert_int_equal(s.n, 2);
    journal_close(j);
    journal_ahead_free(a);
}

static void reading_ahead_counts_for_that_file_only(void **ctx)
{
    struct place *p = *ctx;
    struct seen s = {0};
    CLEANUP(buf_release) struct buf whole = BUF_INIT(1 << 20);
    assert_null(journal_ahead_begin(p->path, count, &s)); /* no journal yet */
    assert_false(journal_ahead_end(NULL, p->fd));
    write_journal(p, 3);
    struct journal_ahead *a = journal_ahead_begin(p->path, count, &s);
    assert_int_equal(renameat(p->fd, JOURNAL_NAME, p->fd, "old"), 0);
    assert_false(journal_ahead_end(a, p->fd)); /* gone */
    write_journal(p, 3);
    assert_false(journal_ahead_end(a, p->fd)); /* another one */
    journal_ahead_free(a);
    assert_int_equal(unlinkat(p->fd, "old", 0), 0);
    a = journal_ahead_begin(p->path, count, &s);
    assert_true(journal_ahead_end(a, p->fd));
    assert_int_equal(truncate_to(p, 10), 0);
    assert_false(journal_ahead_end(a, p->fd)); /* shorter than what was read */
    journal_ahead_free(a);
    write_all(p, (struct span){(const uint8_t *)"{}\n{}\n", 6});
    a = journal_ahead_begin(p->path, count, &s);
    assert_false(journal_ahead_end(a, p->fd)); /* damaged */
    journal_ahead_free(a);
}

/* A run that is refused does not wait for 100,000 lines. */
static void reading_ahead_can_be_dropped(void **ctx)
{
    struct place *p = *ctx;
    struct seen s = {0};
    write_journal(p, 2000);
    journal_ahead_free(journal_ahead_begin(p->path, count, &s));
    assert_true(s.n <= 2000);
    journal_ahead_free(NULL);
}

static void a_replay_is_the_run(void **ctx)
{
    struct place *p = *ctx;
    struct err err = ERR_INIT;
    struct history run = HISTORY_INIT, replay = HISTORY_INIT;
    struct journal *j = journal_open(p->fd, history_add, &run, &err);
    assert_non_null(j);
    struct runlog log = {.journal = j, .history = &run, .opened = true};
    const struct history_head open = {.ev = "open", .batch = "b", .manifest_sha256 = HEX};
    const struct history_head close = {.ev = "close"};
    runlog_head(&log, &open, NULL, 0);
    for (int i = 0; i < 300; i++) { /* the index of ids grows several times */
        char id[16];
        (void)snprintf(id, sizeof id, "w%d", i);
        assert_true(add(&log, (struct record){.ev = "item",
                                              .item = id,
                                              .kind = "order",
                                              .san = "[\"dns:a\\u2028b\",\"dns:\xC3\xA4\"]",
                                              .digest = HEX,
                                              RECORD_NONE}));
        assert_true(add(
            &log, (struct record){.ev = "names", .item = id, .san = "[\"dns:c\"]", RECORD_NONE}));
        assert_true(add(
            &log,
            (struct record){
                .ev = "keygen", .item = id, .key = "generated", .spki_sha256 = HEX, RECORD_NONE}));
        assert_true(add(
            &log, (struct record){
                      .ev = "intent", .item = id, .client_key = "k", .attempt = 1, RECORD_NONE}));
        assert_true(add(&log, (struct record){.ev = "reply",
                                              .reply_class = i % 2 ? "accepted" : "refused",
                                              .item = id,
                                              .order_id = i % 2 ? "o-1" : NULL,
                                              .message = "quote \" tab \t",
                                              RECORD_NONE}));
        if (i % 2) {
            assert_true(add(&log, (struct record){.ev = "cert",
                                                  .item = id,
                                                  .sha256 = HEX,
                                                  .serial = "0A",
                                                  .not_before = 0,
                                                  .not_after = 86400}));
            assert_true(add(
                &log, (struct record){.ev = "outputs",
                                      .item = id,
                                      RECORD_NONE,
                                      .outputs = "[{\"path\":\"k.pem\",\"sha256\":\"" HEX "\"}]"}));
        }
    }
    runlog_head(&log, &close, NULL, 0);
    assert_true(journal_sync(j, &err));
    journal_close(j);
    assert_true(journal_read(p->fd, history_add, &replay, NULL, &err));
    assert_int_equal(replay.n, run.n);
    for (size_t i = 0; i < run.n; i++) {
        same_item(&run.v[i], &replay.v[i]);
    }
    assert_string_equal(run.closed, replay.closed);
    assert_string_equal(run.opened, replay.opened);
    assert_int_equal(run.close_offset, replay.close_offset);
    assert_int_equal(run.close_seq, replay.close_seq);
    assert_int_equal(history_item(&replay, "w1")->state, STATE_ISSUED);
    assert_int_equal(history_item(&replay, "w2")->state, STATE_REFUSED);
    assert_null(history_item(&replay, "w300"));
    size_t counts[STATE__MAX], sum = 0;
    history_counts(&replay, counts);
    for (size_t i = 0; i < STATE__MAX; i++) {
        sum += counts[i];
    }
    assert_int_equal(sum, 300);
    history_release(&run);
    history_release(&replay);
}

static void impossible_records_are_refused(void **ctx UNUSED)
{
    struct history h = HISTORY_INIT;
    struct err err = ERR_INIT;
    struct record item = {.ev = "item", .item = "a", .kind = "order", RECORD_NONE};
    struct record cert = {.ev = "cert", .item = "a", .sha256 = HEX, RECORD_NONE};
    struct record stranger = {.ev = "keygen", .item = "b", RECORD_NONE};
    struct record traversal = {.ev = "item", .item = "../a", .kind = "order", RECORD_NONE};
    struct record keygen = {.ev = "keygen", .item = "a", .spki_sha256 = HEX, RECORD_NONE};
    assert_true(history_apply(&h, &item, 0, &err));
    assert_false(history_apply(&h, &cert, 0, &err));
    assert_false(history_apply(&h, &stranger, 0, &err));
    assert_false(history_apply(&h, &traversal, 0, &err));
    assert_true(history_apply(&h, &keygen, 0, &err));
    assert_false(history_apply(&h, &item, 0, &err)); /* a key belongs to it now */
    assert_int_equal(h.n, 1);
    assert_int_equal(h.v[0].state, STATE_KEYED);
    history_release(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_synced_is_replayed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_torn_tail_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(any_changed_byte_is_noticed, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_may_not_move, setup, teardown),
        cmocka_unit_test(fitting_sums_do_not_make_a_record),
        cmocka_unit_test_setup_teardown(a_long_journal_is_read_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_record_has_a_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(a_symbolic_link_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(reading_ahead_goes_on_where_it_ended, setup, teardown),
        cmocka_unit_test_setup_teardown(reading_ahead_stops_before_a_torn_tail, setup, teardown),
        cmocka_unit_test_setup_teardown(reading_ahead_counts_for_that_file_only, setup, teardown),
        cmocka_unit_test_setup_teardown(reading_ahead_can_be_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(a_replay_is_the_run, setup, teardown),
        cmocka_unit_test_setup_teardown(impossible_records_are_refused, setup, teardown),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
