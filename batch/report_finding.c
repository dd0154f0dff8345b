/* SPDX-License-Identifier: Apache-2.0
 *
 * See report_finding.h. A tree of the whole file would be 3 KiB a finding, so the file is walked
 * and one finding at a time is parsed; of what all findings share (rule, advice, citation) one
 * copy is kept.
 */
#include "batch/report_finding.h"

#include "formats/base/str.h"

#include <string.h>

enum { SHARED = 1024, DEPTH_MAX = 64 };

struct reader {
    struct report *report;
    const char *shared[SHARED]; /* by hash; what comes later takes the place */
    const char *path, *kind;    /* of the file object that is open */
    size_t order;
};

static const char *share(struct reader *x, const char *s)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    if (!s) {
        return NULL;
    }
    for (const char *c = s; *c; c++) {
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    }
    const char **at = &x->shared[hash % SHARED];
    if (!*at || strcmp(*at, s) != 0) {
        *at = arena_strdup(&x->report->arena, s);
    }
    return *at;
}

static uint32_t place(const json_t *j, const char *key)
{
    const int64_t n = json_get_int(j, key, 0);
    return n > 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static void take_finding(struct reader *x, const json_t *j)
{
    struct arena *a = &x->report->arena;
    const char *id = json_get_str(j, "item");
    const struct item_record *known = id ? history_item(x->report->history, id) : NULL;
    const char *value = json_get_str(j, "value");
    const char *rule = json_get_str(j, "rule");
    const char *message = json_get_str(j, "message");
    const char *file = json_get_str(j, "file");
    struct report_finding out = {.kind = x->kind, .order = x->order++};
    out.f = (struct finding){.rule = share(x, rule ? rule : "?"),
                             .message = share(x, message ? message : ""),
                             .item = known ? known->id : share(x, id),
                             .file = share(x, file ? file : x->path),
                             .value = value ? arena_strdup(a, value) : NULL,
                             .view = share(x, json_get_str(j, "view")),
                             .fix = share(x, json_get_str(j, "fix")),
                             .cite = share(x, json_get_str(j, "cite")),
                             .line = place(j, "line"),
                             .column = place(j, "column"),
                             .end_line = place(j, "end_line"),
                             .end_column = place(j, "end_column"),
                             .offset = json_get_int(j, "offset", -1),
                             .known = json_get_bool(j, "baseline", false),
                             .waived = json_get(j, "waiver") != NULL,
                             .waiver = share(x, json_get_str(j, "waiver")),
                             .justification = share(x, json_get_str(j, "justification"))};
    const char *severity = json_get_str(j, "severity");
    if (!severity || !severity_parse(severity, &out.f.severity)) {
        out.f.severity = SEV_WARNING;
    }
    out.item = out.f.item ? out.f.item : "";
    VEC_PUSH(x->report, out);
}

/* --- walking the file --- */

static bool read_object(struct reader *x, const char *p, size_t n, struct err *err)
{
    CLEANUP(json_tree_release) json_t *t = json_parse("findings.json", p, n, err);
    if (t) {
        take_finding(x, t);
    }
    return t != NULL;
}

/* "path" and "kind" stand before the list of findings. */
static bool read_file_head(struct reader *x, const char *p, size_t n, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1u << 20);
    buf_add(&text, p, n);
    buf_puts(&text, "[]}");
    CLEANUP(json_tree_release)
    json_t *t = json_parse("findings.json", buf_text(&text), text.n, err);
    const char *path = t ? json_get_str(t, "path") : NULL;
    const char *kind = t ? json_get_str(t, "kind") : NULL;
    x->path = share(x, path ? path : "manifest.yaml");
    x->kind = share(x, kind ? kind : "manifest");
    return t != NULL;
}

/* The shape is {..., "files": [{"path", "kind", "findings": [{...}, ...]}, ...], ...}. */
#define FINDINGS_AT "{[{["
#define FINDING_AT  "{[{[{"

bool report_findings_read(struct report *r, struct span text, struct err *err)
{
    struct reader x = {.report = r};
    const char *p = (const char *)text.p;
    char stack[DEPTH_MAX + 1] = "";
    size_t depth = 0, opened[DEPTH_MAX] = {0};
    bool ok = true, quoted = false;
    for (size_t i = 0; ok && i < text.n; i++) {
        if (quoted) {
            i += p[i] == '\\';
            quoted = i < text.n && p[i] != '"';
        } else if (p[i] == '"') {
            quoted = true;
        } else if (p[i] == '{' || p[i] == '[') {
            if (depth == DEPTH_MAX) {
                return err_set(err, ERR_ENV, "findings.json is nested too deep");
            }
            opened[depth] = i;
            stack[depth++] = p[i];
            stack[depth] = '\0';
            ok = !str_eq(stack, FINDINGS_AT) ||
                 read_file_head(&x, p + opened[depth - 2], i - opened[depth - 2], err);
        } else if ((p[i] == '}' || p[i] == ']') && depth) {
            ok = !str_eq(stack, FINDING_AT) ||
                 read_object(&x, p + opened[depth - 1], i + 1 - opened[depth - 1], err);
            stack[--depth] = '\0';
        }
    }
    return ok && (depth == 0 || err_set(err, ERR_ENV, "findings.json is not complete"));
}

const char *report_accepted_by(const struct finding *f)
{
    return f->waiver ? f->waiver : f->known ? "baseline" : NULL;
}

const char *report_mend(const struct report *r, const struct item_record *item)
{
    size_t n;
    const struct report_finding *found = report_findings(r, item->id, &n);
    for (size_t i = 0; i < n && item->error_code; i++) {
        const struct finding *f = &found[i].f;
        if (!f->waived && str_eq(f->rule, item->error_code) && f->fix && *f->fix) {
            return f->fix;
        }
    }
    return NULL;
}

void report_finding_line(struct buf *out, const struct finding *f)
{
    buf_printf(out, "%s: ", f->waived ? "waived" : severity_name(f->severity));
    finding_message(out, f);
    buf_printf(out, " [%s]", f->rule);
    if (f->waived) {
        buf_printf(out, " by %s", f->waiver ? f->waiver : "a waiver");
    }
}
