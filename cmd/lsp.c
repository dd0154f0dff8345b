/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch lsp`: reads messages, answers each by the table of methods, judges what changed when
 * nothing more is waiting. See lsp.h.
 *
 * Exit 0 after shutdown and exit, 1 after an exit without shutdown or a lost client (LSP 3.17,
 * exit notification).
 */
#include "cmd/lsp.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>
#include <unistd.h>

enum { /* JSON-RPC 2.0 and LSP 3.17 error codes */
       PARSE_ERROR = -32700,
       INVALID_REQUEST = -32600,
       METHOD_NOT_FOUND = -32601,
       REQUEST_FAILED = -32803,
       NOT_INITIALIZED = -32002
};

/* --- notifications --- */

static void on_open(struct lsp *s, const json_t *params)
{
    const json_t *d = json_get(params, "textDocument");
    const char *uri = json_get_str(d, "uri");
    const json_t *text = json_get(d, "text");
    if (uri && json_is_string(text)) {
        lsp_doc_open(&s->docs, uri, json_get_int(d, "version", 0), json_string_value(text),
                     json_string_length(text));
    }
}

static void on_change(struct lsp *s, const json_t *params)
{
    const json_t *d = json_get(params, "textDocument");
    struct lsp_doc *doc = lsp_doc_find(&s->docs, json_get_str(d, "uri"));
    size_t i;
    const json_t *change;
    if (!doc) {
        return;
    }
    doc->version = json_get_int(d, "version", doc->version);
    json_array_foreach(json_get(params, "contentChanges"), i, change)
    {
        const json_t *range = json_get(change, "range");
        const json_t *text = json_get(change, "text");
        const struct lsp_place from = lsp_place_from(json_get(range, "start"));
        const struct lsp_place to = lsp_place_from(json_get(range, "end"));
        if (!json_is_string(text) ||
            !lsp_doc_change(&s->docs, doc, json_is_object(range) ? &from : NULL, &to,
                            json_string_value(text), json_string_length(text))) {
            CLEANUP(buf_release) struct buf path = BUF_INIT(LIMIT_MESSAGE);
            str_vis(&path, doc->path, strlen(doc->path), LIMIT_VALUE_SHOWN);
            term_err(s->t, "certbatch lsp: a change of %s does not fit its text", buf_text(&path));
        }
    }
}

static void judge_again(struct lsp *s)
{
    for (size_t i = 0; i < s->docs.n; i++) {
        s->docs.v[i]->dirty = true;
    }
}

/* A saved policy or configuration changes what is said about every manifest. */
static void on_save(struct lsp *s, const json_t *params)
{
    (void)params;
    judge_again(s);
}

static void on_close(struct lsp *s, const json_t *params)
{
    const char *uri = json_get_str(json_get(params, "textDocument"), "uri");
    if (lsp_doc_find(&s->docs, uri)) {
        lsp_publish_nothing(s, uri);
        lsp_doc_close(&s->docs, uri);
    }
}

static void on_leave(struct lsp *s, const json_t *params)
{
    (void)params;
    s->exit = true;
}

static const struct {
    const char *method;
    void (*handle)(struct lsp *s, const json_t *params);
} notifications[] = {
    {"textDocument/didOpen", on_open},
    {"textDocument/didChange", on_change},
    {"textDocument/didSave", on_save},
    {"textDocument/didClose", on_close},
    {"workspace/didChangeWatchedFiles", on_save},
    {"workspace/didChangeConfiguration", on_save},
    {"exit", on_leave},
};

static const struct {
    const char *method;
    lsp_answer_fn *answer;
    bool judged; /* needs what is said about the document as it is now */
} requests[] = {
    {"initialize", lsp_initialize, false},
    {"shutdown", lsp_shutdown, false},
    {"textDocument/hover", lsp_hover, true},
    {"textDocument/codeAction", lsp_code_actions, true},
};

/* --- requests --- */

static void begin_response(struct jw *j, struct buf *b, const json_t *id)
{
    CLEANUP(freep) char *text = id ? json_dumps(id, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    jw_begin(j, b, JW_COMPACT);
    jw_object(j, NULL);
    jw_str(j, "jsonrpc", "2.0");
    jw_raw(j, "id", text ? text : "null");
}

static void send(struct lsp *s, struct jw *j, struct buf *b)
{
    struct err err = ERR_INIT;
    jw_end(j);
    s->exit |= !jw_finish(j, &err) || !lsp_wire_write(&s->wire, buf_span(b));
}

static void send_error(struct lsp *s, const json_t *id, int code, const char *message)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(64u << 10);
    struct jw j;
    begin_response(&j, &b, id);
    jw_object(&j, "error");
    jw_int(&j, "code", code);
    jw_str(&j, "message", message);
    jw_end(&j);
    send(s, &j, &b);
}

static void answer(struct lsp *s, size_t index, const json_t *id, const json_t *params)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LSP_MESSAGE_MAX);
    struct jw j;
    const char *message = NULL;
    if (requests[index].judged) {
        lsp_publish_all(s);
    }
    begin_response(&j, &b, id);
    if (requests[index].answer(s, params, &j, &message)) {
        send(s, &j, &b);
    } else {
        send_error(s, id, REQUEST_FAILED, message);
    }
}

static void on_request(struct lsp *s, const char *method, const json_t *id, const json_t *params)
{
    const bool first = str_eq(method, "initialize");
    if (!s->initialized && !first) {
        send_error(s, id, NOT_INITIALIZED, "initialize comes first");
        return;
    }
    if (s->shutdown || (s->initialized && first)) {
        send_error(s, id, INVALID_REQUEST,
                   s->shutdown ? "the server is shut down" : "the server is initialized already");
        return;
    }
    for (size_t i = 0; i < NITEMS(requests); i++) {
        if (str_eq(requests[i].method, method)) {
            answer(s, i, id, params);
            return;
        }
    }
    send_error(s, id, METHOD_NOT_FOUND, "no such method");
}

static void on_notification(struct lsp *s, const char *method, const json_t *params)
{
    const bool leave = str_eq(method, "exit");
    for (size_t i = 0; i < NITEMS(notifications); i++) {
        if (str_eq(notifications[i].method, method) &&
            (leave || (s->initialized && !s->shutdown))) {
            notifications[i].handle(s, params);
        }
    }
}

void lsp_feed(struct lsp *s, struct span text)
{
    struct err err = ERR_INIT;
    CLEANUP(json_tree_release)
    json_t *m = json_parse("message", (const char *)text.p, text.n, &err);
    const char *method = m ? json_get_str(m, "method") : NULL;
    const json_t *id = m ? json_get(m, "id") : NULL;
    if (!m) {
        send_error(s, NULL, PARSE_ERROR, err.msg);
    } else if (method && id) {
        on_request(s, method, id, json_get(m, "params"));
    } else if (method) {
        on_notification(s, method, json_get(m, "params"));
    } else if (!json_get(m, "result") && !json_get(m, "error")) {
        send_error(s, id, INVALID_REQUEST, "neither a request nor a response");
    }
}

int cmd_lsp(const struct options *o, struct term *t)
{
    struct lsp s = {.o = o, .t = t, .docs = {.utf16 = true}, .memory = judge_memory_new()};
    struct span message;
    lsp_wire_init(&s.wire, STDIN_FILENO, STDOUT_FILENO);
    while (!s.exit && lsp_wire_read(&s.wire, &message)) {
        lsp_feed(&s, message);
        if (!s.exit && !lsp_wire_waiting(&s.wire)) {
            lsp_publish_all(&s);
        }
    }
    const int code = s.shutdown && s.exit ? EXIT_DONE : EXIT_FINDINGS;
    lsp_docs_release(&s.docs);
    lsp_wire_release(&s.wire);
    judge_memory_free(s.memory);
    return code;
}
