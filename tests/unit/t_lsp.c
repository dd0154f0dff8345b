/* SPDX-License-Identifier: Apache-2.0
 *
 * The language server's parts: places in both encodings, edits at their boundaries, frames through
 * a pipe, and which messages are answered.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cmd/lsp.h"
#include "formats/base/limits.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GRIN "\xF0\x9F\x98\x80" /* U+1F600: 4 octets, 2 UTF-16 units, 1 code point */
#define LAST "\xEF\xBF\xBF"     /* U+FFFF: the last character of one unit */
#define NEXT "\xF0\x90\x80\x80" /* U+10000: the first of two */

static struct lsp_doc *doc_with(struct lsp_docs *docs, const char *text)
{
    return lsp_doc_open(docs, "file:///n/a.batch.yaml", 1, text, strlen(text));
}

static void assert_place(struct lsp_place p, uint32_t line, uint32_t character)
{
    assert_int_equal(p.line, line);
    assert_int_equal(p.character, character);
}

/* --- places --- */

static void places_out(void **state)
{
    (void)state;
    static const struct {
        bool utf16;
        uint32_t line, column, want_line, want_character;
    } rows[] = {
        {true, 1, 1, 0, 0},   {true, 1, 2, 0, 1},  {true, 1, 3, 0, 3},  {true, 1, 4, 0, 4},
        {true, 1, 5, 0, 6},   {true, 1, 6, 0, 7},  {true, 1, 7, 0, 7},  {true, 1, 9999, 0, 7},
        {false, 1, 3, 0, 2},  {false, 1, 4, 0, 3}, {false, 1, 5, 0, 4}, {false, 1, 6, 0, 5},
        {false, 1, 99, 0, 5}, {true, 0, 5, 0, 0},  {true, 2, 1, 1, 0},  {true, 2, 3, 1, 2},
        {true, 2, 4, 1, 2},   {true, 3, 1, 2, 0},  {true, 4, 1, 3, 0},  {true, 4, 7, 3, 0},
        {true, 9, 1, 3, 0},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct lsp_docs docs = {.utf16 = rows[i].utf16};
        /* line 2 ends in CRLF, which no place is in; line 3 is empty and the last */
        const struct lsp_doc *d = doc_with(&docs, "a" GRIN LAST NEXT "b\ncd\r\n");
        assert_int_equal(d->lines.n, 3);
        assert_place(lsp_place_of(&docs, d, rows[i].line, rows[i].column), rows[i].want_line,
                     rows[i].want_character);
        lsp_docs_release(&docs);
    }
}

static void places_in(void **state)
{
    (void)state;
    static const struct {
        bool utf16;
        struct lsp_place place;
        size_t want;
    } rows[] = {
        {true, {0, 0}, 0},   {true, {0, 1}, 1},
        {true, {0, 2}, 5}, /* inside the pair: behind it */
        {true, {0, 3}, 5},   {true, {0, 4}, 8},
        {true, {0, 6}, 12},  {true, {0, 7}, 13},
        {true, {0, 8}, 13},  {true, {0, UINT32_MAX}, 13},
        {false, {0, 2}, 5},  {false, {0, 5}, 13},
        {false, {0, 6}, 13}, {true, {1, 0}, 14},
        {true, {1, 2}, 16},  {true, {1, 3}, 16}, /* not between CR and LF */
        {true, {2, 0}, 18},  {true, {2, 1}, 18},
        {true, {3, 0}, 18},  {true, {UINT32_MAX, UINT32_MAX}, 18},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct lsp_docs docs = {.utf16 = rows[i].utf16};
        const struct lsp_doc *d = doc_with(&docs, "a" GRIN LAST NEXT "b\ncd\r\n");
        assert_int_equal(lsp_place_offset(&docs, d, rows[i].place), rows[i].want);
        lsp_docs_release(&docs);
    }
}

static void places_in_broken_text(void **state)
{
    (void)state;
    struct lsp_docs docs = {.utf16 = true};
    const struct lsp_doc *d = doc_with(&docs, "\xFF\xF0\x9F\n\x80");
    assert_int_equal(lsp_place_offset(&docs, d, (struct lsp_place){0, 99}), 3);
    assert_int_equal(lsp_place_offset(&docs, d, (struct lsp_place){1, 99}), 5);
    assert_place(lsp_place_of(&docs, d, 2, 9), 1, 1);
    d = doc_with(&docs, "");
    assert_int_equal(lsp_place_offset(&docs, d, (struct lsp_place){0, 0}), 0);
    assert_place(lsp_place_of(&docs, d, 1, 1), 0, 0);
    lsp_docs_release(&docs);
}

/* --- edits --- */

static void changes(void **state)
{
    (void)state;
    static const struct {
        struct lsp_place from, to;
        const char *text, *want;
        bool fits;
    } rows[] = {
        {{0, 0}, {0, 0}, "x", "xa" GRIN "b\r\nc", true},
        {{0, 1}, {0, 3}, "", "ab\r\nc", true},
        {{0, 4}, {0, 4}, "x", "a" GRIN "bx\r\nc", true},
        {{0, 99}, {0, 99}, "x", "a" GRIN "bx\r\nc", true},
        {{0, 4}, {1, 0}, "", "a" GRIN "bc", true},
        {{1, 1}, {1, 1}, "\n", "a" GRIN "b\r\nc\n", true},
        {{7, 0}, {9, 9}, "x", "a" GRIN "b\r\ncx", true},
        {{0, 0}, {9, 0}, "", "", true},
        {{0, 3}, {0, 1}, "x", "a" GRIN "b\r\nc", false},
        {{1, 0}, {0, 0}, "x", "a" GRIN "b\r\nc", false},
        {{0, 4}, {0, 3}, "x", "a" GRIN "b\r\nc", false}, /* by one */
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct lsp_docs docs = {.utf16 = true};
        struct lsp_doc *d = doc_with(&docs, "a" GRIN "b\r\nc");
        d->dirty = false;
        assert_int_equal(lsp_doc_change(&docs, d, &rows[i].from, &rows[i].to, rows[i].text,
                                        strlen(rows[i].text)),
                         rows[i].fits);
        assert_string_equal(buf_text(&d->text), rows[i].want);
        assert_int_equal(d->dirty, rows[i].fits);
        lsp_docs_release(&docs);
    }
}

static void change_of_everything(void **state)
{
    (void)state;
    struct lsp_docs docs = {.utf16 = true};
    struct lsp_doc *d = doc_with(&docs, "a\nb\n");
    assert_int_equal(d->lines.n, 3);
    assert_true(lsp_doc_change(&docs, d, NULL, NULL, "one", 3));
    assert_string_equal(buf_text(&d->text), "one");
    assert_int_equal(d->lines.n, 1);
    assert_true(lsp_doc_change(&docs, d, NULL, NULL, "", 0));
    assert_int_equal(d->text.n, 0);
    lsp_docs_release(&docs);
}

/* A new document says what it is as it is typed. */
static void change_of_kind(void **state)
{
    (void)state;
    struct lsp_docs docs = {.utf16 = true};
    struct lsp_doc *d = lsp_doc_open(&docs, "untitled:one", 1, "", 0);
    assert_int_equal(d->kind, LINT_CSR);
    assert_true(lsp_doc_change(&docs, d, NULL, NULL, "certbatch_policy: 1\n", 20));
    assert_int_equal(d->kind, LINT_POLICY);
    const struct lsp_place from = {0, 9}, to = {0, 16};
    assert_true(lsp_doc_change(&docs, d, &from, &to, "", 0));
    assert_int_equal(d->kind, LINT_MANIFEST);
    lsp_docs_release(&docs);
}

/* The largest document is taken, one octet more is refused and nothing is lost. */
static void change_at_the_limit(void **state)
{
    (void)state;
    struct lsp_docs docs = {.utf16 = true};
    struct lsp_doc *d = doc_with(&docs, "a");
    char *big = malloc(LSP_TEXT_MAX);
    assert_non_null(big);
    memset(big, '#', LSP_TEXT_MAX);
    const struct lsp_place start = {0, 0};
    assert_true(lsp_doc_change(&docs, d, &start, &start, big, LSP_TEXT_MAX - 1));
    assert_int_equal(d->text.n, LSP_TEXT_MAX);
    assert_false(lsp_doc_change(&docs, d, &start, &start, "x", 1));
    assert_int_equal(d->text.n, LSP_TEXT_MAX);
    assert_int_equal(buf_text(&d->text)[LSP_TEXT_MAX - 1], 'a');
    free(big);
    lsp_docs_release(&docs);
}

static void paths(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *path;
    } rows[] = {
        {"file:///a/b.yaml", "/a/b.yaml"},
        {"file:///a%20b/%C3%A9%25.yaml", "/a b/\xC3\xA9%.yaml"},
        {"file://localhost/a", "/a"},
        {"file://", ""},
        {"file:///a%", "/a%"},
        {"file:///a%2", "/a%2"},
        {"file:///a%zz%00b", "/a%zz%00b"},
        {"untitled:Untitled-1%20", "untitled:Untitled-1%20"},
        {"", ""},
    };
    struct lsp_docs docs = {.utf16 = true};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        assert_string_equal(lsp_doc_open(&docs, rows[i].uri, 1, "", 0)->path, rows[i].path);
    }
    assert_int_equal(docs.n, NITEMS(rows));
    lsp_doc_open(&docs, rows[0].uri, 2, "again", 5);
    assert_int_equal(docs.n, NITEMS(rows));
    lsp_doc_close(&docs, rows[0].uri);
    lsp_doc_close(&docs, "file:///never");
    assert_int_equal(docs.n, NITEMS(rows) - 1);
    assert_null(lsp_doc_find(&docs, rows[0].uri));
    assert_null(lsp_doc_find(&docs, NULL));
    assert_non_null(lsp_doc_find(&docs, rows[1].uri));
    lsp_docs_release(&docs);
}

/* --- frames --- */

/* Reads messages of `octets` until the end; they are joined by '|'. */
static bool frames_of(const char *octets, size_t n, char *out, size_t room)
{
    int fd[2];
    struct lsp_wire w;
    struct span m;
    size_t used = 0;
    assert_int_equal(pipe(fd), 0);
    assert_int_equal(write(fd[1], octets, n), (ssize_t)n);
    assert_int_equal(close(fd[1]), 0);
    lsp_wire_init(&w, fd[0], -1);
    while (lsp_wire_read(&w, &m)) {
        assert_true(used + m.n + 2 < room);
        memcpy(out + used, m.p, m.n);
        used += m.n;
        out[used++] = '|';
    }
    out[used] = '\0';
    const bool whole = !w.failed;
    assert_false(lsp_wire_read(&w, &m)); /* the end stays the end */
    lsp_wire_release(&w);
    assert_int_equal(close(fd[0]), 0);
    return whole;
}

static void frames(void **state)
{
    (void)state;
    static const struct {
        const char *octets, *want;
        bool whole;
    } rows[] = {
        {"", "", true},
        {"Content-Length: 2\r\n\r\n{}", "{}|", true},
        {"Content-Length: 0\r\n\r\nContent-Length: 1\r\n\r\n7", "|7|", true},
        {"content-LENGTH:3\r\n\r\nabcContent-Type: x\r\nContent-Length: 1\r\n\r\nd", "abc|d|",
         true},
        {"Content-Length: 3\r\n\r\nab", "", true},
        {"Content-Length: 3\r\n\r", "", true},
        {"Content-Length: 2\n\n{}", "", true}, /* no end of a header yet */
        {"Content-Length: 2\r\n\r\n{}\r\n\r\n", "{}|", false},
        {"Content-Type: x\r\n\r\n{}", "", false},
        {"Content-Length: \r\n\r\n{}", "", false},
        {"Content-Length:\r\n\r\n{}", "", false},
        {"Content-Length: -1\r\n\r\n{}", "", false},
        {"Content-Length: +2\r\n\r\n{}", "", false},
        {"Content-Length: 2 \r\n\r\n{}", "", false},
        {"Content-Length: 0x2\r\n\r\n{}", "", false},
        {"Content-Length: 67108864\r\n\r\n{}", "", true}, /* the longest: not all here */
        {"Content-Length: 67108865\r\n\r\n{}", "", false},
        {"Content-Length: 18446744073709551618\r\n\r\n{}", "", false},
        {"Content-Length: 99999999999999999999999999\r\n\r\n{}", "", false},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        char out[64];
        assert_int_equal(frames_of(rows[i].octets, strlen(rows[i].octets), out, sizeof out),
                         rows[i].whole);
        assert_string_equal(out, rows[i].want);
    }
}

/* A header is at most 4,096 octets, its empty line included. */
static void frame_header_limit(void **state)
{
    (void)state;
    char out[64];
    char octets[4200];
    static const char tail[] = "\r\nContent-Length: 1\r\n\r\n7";
    for (size_t over = 0; over < 2; over++) {
        const size_t header = 4096 + over;
        const size_t filler = header - (sizeof tail - 2);
        memset(octets, 'x', filler);
        memcpy(octets + filler, tail, sizeof tail - 1);
        assert_int_equal(frames_of(octets, header + 1, out, sizeof out), over == 0);
        assert_string_equal(out, over == 0 ? "7|" : "");
    }
}

static void frame_in_pieces(void **state)
{
    (void)state;
    static const char octets[] = "Content-Length: 2\r\n\r\n{}Content-Length: 1\r\n\r\n7";
    int fd[2];
    struct lsp_wire w;
    struct span m;
    assert_int_equal(pipe(fd), 0);
    lsp_wire_init(&w, fd[0], fd[1]);
    assert_false(lsp_wire_waiting(&w));
    assert_int_equal(write(fd[1], octets, sizeof octets - 2), (ssize_t)sizeof octets - 2);
    assert_true(lsp_wire_waiting(&w)); /* in the pipe */
    assert_true(lsp_wire_read(&w, &m));
    assert_int_equal(m.n, 2);
    assert_true(lsp_wire_waiting(&w)); /* half a message, read already */
    assert_int_equal(write(fd[1], "7", 1), 1);
    assert_true(lsp_wire_read(&w, &m));
    assert_memory_equal(m.p, "7", 1);
    assert_false(lsp_wire_waiting(&w));
    /* what is written can be read back */
    assert_true(lsp_wire_write(&w, (struct span){(const uint8_t *)"[1]", 3}));
    assert_true(lsp_wire_read(&w, &m));
    assert_int_equal(m.n, 3);
    assert_memory_equal(m.p, "[1]", 3);
    assert_int_equal(close(fd[1]), 0);
    assert_false(lsp_wire_write(&w, (struct span){(const uint8_t *)"[1]", 3}));
    lsp_wire_release(&w);
    assert_int_equal(close(fd[0]), 0);
}

/* --- messages --- */

static void messages(void **state)
{
    (void)state;
    static const struct {
        const char *say, *want; /* NULL: no answer */
    } rows[] = {
        {"{", "\"code\":-32700"},
        {"[]", "\"id\":null,\"error\":{\"code\":-32600"},
        {"{\"id\":1}", "\"id\":1,\"error\":{\"code\":-32600"},
        {"{\"id\":1,\"result\":null}", NULL},
        {"{\"method\":\"no/such\"}", NULL},
        {"{\"method\":\"no/such\",\"id\":2}", "-32002"},
        {"{\"method\":\"textDocument/didOpen\",\"params\":{\"textDocument\":{\"uri\":\"x\","
         "\"text\":\"y\"}}}",
         NULL},
        {"{\"method\":\"initialize\",\"id\":3}", "\"positionEncoding\":\"utf-16\""},
        {"{\"method\":\"no/such\",\"id\":\"q\"}", "\"id\":\"q\",\"error\":{\"code\":-32601"},
        {"{\"method\":\"initialize\",\"id\":4}", "-32600"},
        {"{\"method\":\"textDocument/hover\",\"id\":5}", "-32803"},
        {"{\"method\":\"textDocument/didChange\",\"params\":{\"textDocument\":{\"uri\":\"x\"}}}",
         NULL},
        {"{\"method\":\"shutdown\",\"id\":6}", "\"id\":6,\"result\":null"},
        {"{\"method\":\"shutdown\",\"id\":7}", "-32600"},
        {"{\"method\":\"exit\"}", NULL},
    };
    int fd[2];
    assert_int_equal(pipe2(fd, O_NONBLOCK), 0);
    struct lsp s = {.docs = {.utf16 = true}};
    lsp_wire_init(&s.wire, -1, fd[1]);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        char said[4096];
        assert_false(s.exit);
        lsp_feed(&s, (struct span){(const uint8_t *)rows[i].say, strlen(rows[i].say)});
        const ssize_t n = read(fd[0], said, sizeof said - 1);
        said[n > 0 ? n : 0] = '\0';
        if (rows[i].want ? !strstr(said, rows[i].want) : n > 0) {
            fail_msg("%s: %s", rows[i].say, said);
        }
    }
    assert_int_equal(s.docs.n, 0); /* what was opened before initialize */
    assert_true(s.exit && s.shutdown);
    lsp_docs_release(&s.docs);
    lsp_wire_release(&s.wire);
    assert_int_equal(close(fd[0]), 0);
    assert_int_equal(close(fd[1]), 0);
}

/* A place is any JSON integer: one that is too large is the end of the text, not its start. */
static void places_beyond_32_bits(void **state)
{
    (void)state;
    static const struct {
        const char *place, *want;
    } rows[] = {
        {"{\"line\":4294967295,\"character\":0}", "ab\ncdx"},
        {"{\"line\":4294967296,\"character\":0}", "ab\ncdx"},
        {"{\"line\":9223372036854775807,\"character\":0}", "ab\ncdx"},
        {"{\"line\":0,\"character\":4294967296}", "abx\ncd"},
        {"{\"line\":-1,\"character\":1}", "axb\ncd"},
        {"{\"line\":1,\"character\":-1}", "ab\nxcd"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct lsp s = {.docs = {.utf16 = true}, .initialized = true};
        char say[512];
        const struct lsp_doc *d = lsp_doc_open(&s.docs, "x", 1, "ab\ncd", 5);
        const int n =
            snprintf(say, sizeof say,
                     "{\"method\":\"textDocument/didChange\",\"params\":{\"textDocument\":"
                     "{\"uri\":\"x\",\"version\":2},\"contentChanges\":[{\"text\":\"x\","
                     "\"range\":{\"start\":%s,\"end\":%s}}]}}",
                     rows[i].place, rows[i].place);
        assert_true(n > 0 && (size_t)n < sizeof say);
        lsp_feed(&s, (struct span){(const uint8_t *)say, (size_t)n});
        assert_string_equal(buf_text(&d->text), rows[i].want);
        lsp_docs_release(&s.docs);
    }
}

/* Whatever fits into a message is kept, so that what is said about it is its size. */
static void opening_more_than_is_judged(void **state)
{
    (void)state;
    struct lsp_docs docs = {.utf16 = true};
    const size_t n = (size_t)LIMIT_INPUT_BYTES + 1;
    char *big = malloc(n);
    assert_non_null(big);
    memset(big, '#', n);
    const struct lsp_doc *d = lsp_doc_open(&docs, "file:///n/a.batch.yaml", 1, big, n);
    assert_int_equal(d->text.n, n);
    free(big);
    lsp_docs_release(&docs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_out),
        cmocka_unit_test(places_in),
        cmocka_unit_test(places_in_broken_text),
        cmocka_unit_test(changes),
        cmocka_unit_test(change_of_everything),
        cmocka_unit_test(change_of_kind),
        cmocka_unit_test(change_at_the_limit),
        cmocka_unit_test(paths),
        cmocka_unit_test(frames),
        cmocka_unit_test(frame_header_limit),
        cmocka_unit_test(frame_in_pieces),
        cmocka_unit_test(messages),
        cmocka_unit_test(places_beyond_32_bits),
        cmocka_unit_test(opening_more_than_is_judged),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
