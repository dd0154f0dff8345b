/* SPDX-License-Identifier: Apache-2.0
 *
 * The language server (`certbatch lsp`), Language Server Protocol 3.17 over stdin and stdout:
 * diagnostics while one types, hover = explain, code actions = the certain mends.
 *
 *   lsp.c          the loop and the table of methods
 *   lsp_wire.c     "Content-Length" frames in and out
 *   lsp_doc.c      open documents: text, edits, places
 *   lsp_answer.c   what is answered and published
 *   judge_text.c   a document to findings, as `lint` has them
 *
 * One thread. Changes are taken in as fast as they come; a document is judged when nothing more is
 * waiting, so that typing is never behind. Nothing is written but stdout; the files that a document
 * names are read where they lie.
 */
#ifndef CMD_LSP_H
#define CMD_LSP_H

#include "cmd/judge_text.h"
#include "formats/base/edit.h"
#include "formats/base/json_in.h"

/* --- lsp_wire.c --- */
struct lsp_wire {
    int in, out;
    struct buf pending; /* read, not yet taken */
    size_t taken;
    bool ended, failed;
};
enum {
    LSP_MESSAGE_MAX = 64u << 20,
    LSP_TEXT_MAX = LSP_MESSAGE_MAX /* all that a message can open; judging has its own limits */
};
void lsp_wire_init(struct lsp_wire *w, int in, int out);
void lsp_wire_release(struct lsp_wire *w);
/* The next message, valid until the next call. False at the end of input, or when the frame is
 * broken (w->failed): nothing after it can be trusted. */
bool lsp_wire_read(struct lsp_wire *w, struct span *message) MUST_USE;
/* Is a whole or partial message waiting? Never blocks. */
bool lsp_wire_waiting(struct lsp_wire *w) MUST_USE;
bool lsp_wire_write(struct lsp_wire *w, struct span message) MUST_USE;

/* --- lsp_doc.c --- */
struct lsp_place { /* 0-based; character in units of the session */
    uint32_t line, character;
};
struct lsp_doc {
    char *uri, *path;
    int64_t version;
    struct buf text;
    struct line_index lines;
    enum lint_kind kind;
    bool dirty; /* not judged since it changed */
    struct findings findings;
};
struct lsp_docs {
    struct lsp_doc **v;
    size_t n, cap;
    bool utf16; /* else characters are code points */
};
void lsp_docs_release(struct lsp_docs *docs);
struct lsp_doc *lsp_doc_find(const struct lsp_docs *docs, const char *uri);
/* Opens or replaces. The path of a file: URI; another scheme's whole URI. */
struct lsp_doc *lsp_doc_open(struct lsp_docs *docs, const char *uri, int64_t version,
                             const char *text, size_t n);
void lsp_doc_close(struct lsp_docs *docs, const char *uri);
/* Replaces [from, to); from == NULL: the whole text. False when there is no such place. */
bool lsp_doc_change(const struct lsp_docs *docs, struct lsp_doc *doc, const struct lsp_place *from,
                    const struct lsp_place *to, const char *text, size_t n) MUST_USE;
/* Between our places (1-based, code points) and the client's. A place outside is moved inside. */
struct lsp_place lsp_place_of(const struct lsp_docs *docs, const struct lsp_doc *doc, uint32_t line,
                              uint32_t column);
/* A Position of LSP; a number that fits no place is moved to the nearest that does. */
struct lsp_place lsp_place_from(const json_t *position);
/* Offset of the client's place, clamped into the text. */
size_t lsp_place_offset(const struct lsp_docs *docs, const struct lsp_doc *doc,
                        struct lsp_place place);

/* --- lsp.c, lsp_answer.c --- */
struct lsp {
    const struct options *o;
    struct term *t;
    struct lsp_wire wire;
    struct lsp_docs docs;
    struct judge_memory *memory;
    bool initialized, shutdown, exit;
};
/* One message: answers, takes in what it says; judging waits for lsp_publish_all(). */
void lsp_feed(struct lsp *s, struct span message);
/* Each answers into an open "result" of a response. False: `message` is an error of the request. */
typedef bool lsp_answer_fn(struct lsp *s, const json_t *params, struct jw *j, const char **message);
lsp_answer_fn lsp_initialize, lsp_shutdown, lsp_hover, lsp_code_actions;
/* Judges what changed and publishes; a document that was closed gets an empty list. */
void lsp_publish_all(struct lsp *s);
void lsp_publish_nothing(struct lsp *s, const char *uri);

#endif
