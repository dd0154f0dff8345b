/* SPDX-License-Identifier: Apache-2.0
 *
 * What the language server says: its abilities, diagnostics, hover texts, code actions. See lsp.h.
 */
#include "cmd/lsp.h"

#include "policy/policy.h"

#include <string.h>

/* --- initialize, shutdown --- */

static bool offers(const json_t *encodings, const char *want)
{
    size_t i;
    const json_t *e;
    json_array_foreach(encodings, i, e)
    {
        if (str_eq(json_string_value(e), want)) {
            return true;
        }
    }
    return false;
}

bool lsp_initialize(struct lsp *s, const json_t *params, struct jw *j, const char **message)
{
    (void)message;
    const json_t *general = json_get(json_get(params, "capabilities"), "general");
    s->docs.utf16 = !offers(json_get(general, "positionEncodings"), "utf-32");
    s->initialized = true;
    jw_object(j, "result");
    jw_object(j, "capabilities");
    jw_str(j, "positionEncoding", s->docs.utf16 ? "utf-16" : "utf-32");
    jw_object(j, "textDocumentSync");
    jw_bool(j, "openClose", true);
    jw_int(j, "change", 2); /* incremental */
    jw_bool(j, "save", true);
    jw_end(j);
    jw_bool(j, "hoverProvider", true);
    jw_object(j, "codeActionProvider");
    jw_array(j, "codeActionKinds");
    jw_str(j, NULL, "quickfix");
    jw_str(j, NULL, "source.fixAll");
    jw_end(j);
    jw_end(j);
    jw_end(j);
    jw_object(j, "serverInfo");
    jw_str(j, "name", "certbatch");
    jw_str(j, "version", CERTBATCH_VERSION);
    jw_end(j);
    jw_end(j);
    return true;
}

bool lsp_shutdown(struct lsp *s, const json_t *params, struct jw *j, const char **message)
{
    (void)params;
    (void)message;
    s->shutdown = true;
    jw_null(j, "result");
    return true;
}

/* --- places --- */

static void put_place(struct jw *j, const char *key, struct lsp_place p)
{
    jw_object(j, key);
    jw_int(j, "line", p.line);
    jw_int(j, "character", p.character);
    jw_end(j);
}

struct range {
    struct lsp_place from, to;
};

static void put_range(struct jw *j, struct range r)
{
    jw_object(j, "range");
    put_place(j, "start", r.from);
    put_place(j, "end", r.to);
    jw_end(j);
}

static bool is_word(uint8_t c)
{
    return c > ' ' && !strchr(",[]{}\"'#", c);
}

/* Where a finding is; without a known end it reaches to the end of the word. */
static struct range range_of(const struct lsp *s, const struct lsp_doc *doc,
                             const struct finding *f)
{
    const uint32_t line = f->line ? f->line : 1;
    const uint32_t column = f->column ? f->column : 1;
    struct range r = {.from = lsp_place_of(&s->docs, doc, line, column)};
    if (f->end_line && (f->end_line > line || f->end_column > column)) {
        r.to = lsp_place_of(&s->docs, doc, f->end_line, f->end_column);
        return r;
    }
    const struct span l = line_index_line(&doc->lines, line);
    const size_t start = lsp_place_offset(&s->docs, doc, r.from) -
                         (doc->lines.n >= line ? doc->lines.starts[line - 1] : 0);
    uint32_t width = 0;
    for (size_t i = start; i < l.n && is_word(l.p[i]); i++) {
        width += (l.p[i] & 0xC0) != 0x80;
    }
    r.to = lsp_place_of(&s->docs, doc, line, column + (width ? width : 1));
    return r;
}

static struct range range_from(const json_t *params)
{
    const json_t *range = json_get(params, "range");
    return (struct range){lsp_place_from(json_get(range, "start")),
                          lsp_place_from(json_get(range, "end"))};
}

static bool before(struct lsp_place a, struct lsp_place b)
{
    return a.line < b.line || (a.line == b.line && a.character < b.character);
}

static bool touch(struct range a, struct range b)
{
    return !before(a.to, b.from) && !before(b.to, a.from);
}

static struct lsp_doc *doc_of(const struct lsp *s, const json_t *params)
{
    return lsp_doc_find(&s->docs, json_get_str(json_get(params, "textDocument"), "uri"));
}

/* --- diagnostics --- */

static bool is_shown(const struct lsp_doc *doc, const struct finding *f)
{
    return !f->waived && str_eq(f->file, doc->path);
}

static void put_diagnostic(const struct lsp *s, const struct lsp_doc *doc, struct jw *j,
                           const struct finding *f)
{
    static const int severities[] = {
        [SEV_DISABLED] = 4, [SEV_INFO] = 3, [SEV_WARNING] = 2, [SEV_ERROR] = 1};
    CLEANUP(buf_release) struct buf text = BUF_INIT(64u << 10);
    buf_puts(&text, f->message);
    if (f->value && !strstr(f->message, f->value)) {
        buf_printf(&text, ": '%s'", f->value);
    }
    if (f->fix) {
        buf_printf(&text, "\nfix: %s", f->fix);
    }
    jw_object(j, NULL);
    put_range(j, range_of(s, doc, f));
    jw_int(j, "severity", severities[f->severity]);
    jw_str(j, "code", f->rule);
    jw_str(j, "source", "certbatch");
    jw_str(j, "message", buf_text(&text));
    jw_end(j);
}

static void publish(struct lsp *s, const char *uri, const struct lsp_doc *doc)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LSP_MESSAGE_MAX);
    struct err err = ERR_INIT;
    struct jw j;
    jw_begin(&j, &b, JW_COMPACT);
    jw_object(&j, NULL);
    jw_str(&j, "jsonrpc", "2.0");
    jw_str(&j, "method", "textDocument/publishDiagnostics");
    jw_object(&j, "params");
    jw_str(&j, "uri", uri);
    if (doc) {
        jw_int(&j, "version", doc->version);
    }
    jw_array(&j, "diagnostics");
    for (size_t i = 0; doc && i < doc->findings.n; i++) {
        if (is_shown(doc, &doc->findings.v[i])) {
            put_diagnostic(s, doc, &j, &doc->findings.v[i]);
        }
    }
    jw_end(&j);
    jw_end(&j);
    jw_end(&j);
    s->exit |= !jw_finish(&j, &err) || !lsp_wire_write(&s->wire, buf_span(&b));
}

void lsp_publish_nothing(struct lsp *s, const char *uri)
{
    publish(s, uri, NULL);
}

void lsp_publish_all(struct lsp *s)
{
    for (size_t i = 0; i < s->docs.n; i++) {
        struct lsp_doc *doc = s->docs.v[i];
        if (doc->dirty) {
            findings_release(&doc->findings);
            judge_text(s->o, s->memory, doc->path, doc->kind,
                       (struct span){(const uint8_t *)buf_text(&doc->text), doc->text.n},
                       &doc->findings);
            doc->dirty = false;
            publish(s, doc->uri, doc);
        }
    }
}

/* --- hover --- */

static bool in_rule_id(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

/* The rule whose id stands under the cursor: in a policy, in a comment that accepts a finding. */
static const struct rule *rule_under(const struct lsp_doc *doc, size_t offset)
{
    const char *text = buf_text(&doc->text);
    char id[64];
    size_t from = offset;
    size_t to = offset;
    while (from && in_rule_id(text[from - 1])) {
        from--;
    }
    while (to < doc->text.n && in_rule_id(text[to])) {
        to++;
    }
    if (to == from || to - from >= sizeof id) {
        return NULL;
    }
    memcpy(id, text + from, to - from);
    id[to - from] = '\0';
    return rule_find(id);
}

static void put_explanation(struct buf *out, const char *rule)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(64u << 10);
    if (explain_rule(rule, &text, &err)) {
        buf_printf(out, "%s```text\n%s```\n", out->n ? "\n" : "", buf_text(&text));
    }
}

/* Explains every rule that found something at the place, once. */
static void explain_findings(const struct lsp *s, const struct lsp_doc *doc, struct lsp_place at,
                             struct buf *out)
{
    for (size_t i = 0; i < doc->findings.n; i++) {
        const struct finding *f = &doc->findings.v[i];
        bool said = false;
        if (!is_shown(doc, f) || !touch(range_of(s, doc, f), (struct range){at, at})) {
            continue;
        }
        for (size_t k = 0; k < i && !said; k++) {
            const struct finding *g = &doc->findings.v[k];
            said = str_eq(g->rule, f->rule) && is_shown(doc, g) &&
                   touch(range_of(s, doc, g), (struct range){at, at});
        }
        if (!said && rule_find(f->rule)) {
            put_explanation(out, f->rule);
        }
    }
}

bool lsp_hover(struct lsp *s, const json_t *params, struct jw *j, const char **message)
{
    const struct lsp_doc *doc = doc_of(s, params);
    const struct lsp_place at = lsp_place_from(json_get(params, "position"));
    CLEANUP(buf_release) struct buf text = BUF_INIT(1u << 20);
    if (!doc) {
        *message = "the document is not open";
        return false;
    }
    const struct rule *rule = rule_under(doc, lsp_place_offset(&s->docs, doc, at));
    if (rule) {
        put_explanation(&text, rule->id);
    } else {
        explain_findings(s, doc, at, &text);
    }
    if (!text.n) {
        jw_null(j, "result");
        return true;
    }
    jw_object(j, "result");
    jw_object(j, "contents");
    jw_str(j, "kind", "markdown");
    jw_str(j, "value", buf_text(&text));
    jw_end(j);
    jw_end(j);
    return true;
}

/* --- code actions --- */

static void put_edit(const struct lsp *s, const struct lsp_doc *doc, struct jw *j,
                     const struct edit *e)
{
    jw_object(j, NULL);
    put_range(j, (struct range){lsp_place_of(&s->docs, doc, e->line, e->column),
                                lsp_place_of(&s->docs, doc, e->end_line, e->end_column)});
    jw_str(j, "newText", e->text);
    jw_end(j);
}

static bool same_edit(const struct edit *a, const struct edit *b)
{
    return a->line == b->line && a->column == b->column && a->end_line == b->end_line &&
           a->end_column == b->end_column && str_eq(a->text, b->text);
}

static bool overlap(const struct edit *a, const struct edit *b)
{
    const bool a_first =
        a->end_line < b->line || (a->end_line == b->line && a->end_column <= b->column);
    const bool b_first =
        b->end_line < a->line || (b->end_line == a->line && b->end_column <= a->column);
    return !a_first && !b_first;
}

/* Is the edit of finding i among those that can be made together, the first of each clash? */
static bool fits(const struct lsp_doc *doc, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        const struct finding *g = &doc->findings.v[k];
        if (g->edit && is_shown(doc, g) && overlap(g->edit, doc->findings.v[i].edit)) {
            return false;
        }
    }
    return true;
}

static void open_action(struct jw *j, const struct lsp_doc *doc, const char *title,
                        const char *kind)
{
    jw_object(j, NULL);
    jw_str(j, "title", title);
    jw_str(j, "kind", kind);
    (void)doc;
}

static void open_changes(struct jw *j, const struct lsp_doc *doc)
{
    jw_object(j, "edit");
    jw_object(j, "changes");
    jw_array(j, doc->uri);
}

static void close_action(struct jw *j)
{
    jw_end(j);
    jw_end(j);
    jw_end(j);
    jw_end(j);
}

static void put_quick_fix(const struct lsp *s, const struct lsp_doc *doc, struct jw *j,
                          const struct finding *f)
{
    CLEANUP(buf_release) struct buf title = BUF_INIT(4096);
    const struct rule *rule = rule_find(f->rule);
    buf_printf(&title, "%s (%s)", rule && rule->fix ? rule->fix : "mend it", f->rule);
    open_action(j, doc, buf_text(&title), "quickfix");
    jw_bool(j, "isPreferred", true);
    jw_array(j, "diagnostics");
    put_diagnostic(s, doc, j, f);
    jw_end(j);
    open_changes(j, doc);
    put_edit(s, doc, j, f->edit);
    close_action(j);
}

static void put_fix_all(const struct lsp *s, const struct lsp_doc *doc, struct jw *j)
{
    open_action(j, doc, "mend everything that has one certain mend", "source.fixAll");
    open_changes(j, doc);
    for (size_t i = 0; i < doc->findings.n; i++) {
        const struct finding *f = &doc->findings.v[i];
        if (f->edit && is_shown(doc, f) && fits(doc, i)) {
            put_edit(s, doc, j, f->edit);
        }
    }
    close_action(j);
}

/* A kind the client asked for; without `only` all of them. "source" asks for "source.fixAll". */
static bool wants(const json_t *params, const char *kind)
{
    const json_t *only = json_get(json_get(params, "context"), "only");
    size_t i;
    const json_t *e;
    if (!json_is_array(only)) {
        return true;
    }
    json_array_foreach(only, i, e)
    {
        const char *asked = json_string_value(e);
        const size_t n = asked ? strlen(asked) : 0;
        if (n && strncmp(kind, asked, n) == 0 && (kind[n] == '\0' || kind[n] == '.')) {
            return true;
        }
    }
    return false;
}

bool lsp_code_actions(struct lsp *s, const json_t *params, struct jw *j, const char **message)
{
    const struct lsp_doc *doc = doc_of(s, params);
    const struct range asked = range_from(params);
    bool any = false;
    if (!doc) {
        *message = "the document is not open";
        return false;
    }
    jw_array(j, "result");
    for (size_t i = 0; i < doc->findings.n; i++) {
        const struct finding *f = &doc->findings.v[i];
        bool again = false;
        any |= f->edit && is_shown(doc, f);
        if (!f->edit || !is_shown(doc, f) || !wants(params, "quickfix") ||
            !touch(range_of(s, doc, f), asked)) {
            continue;
        }
        for (size_t k = 0; k < i && !again; k++) {
            const struct finding *g = &doc->findings.v[k];
            again = g->edit && str_eq(g->rule, f->rule) && same_edit(g->edit, f->edit);
        }
        if (!again) {
            put_quick_fix(s, doc, j, f);
        }
    }
    if (any && wants(params, "source.fixAll")) {
        put_fix_all(s, doc, j);
    }
    jw_end(j);
    return true;
}
