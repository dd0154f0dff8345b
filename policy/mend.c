/* SPDX-License-Identifier: Apache-2.0
 *
 * Certain mends: from "this name is wrong in the way the row says" to an edit of the manifest. Only
 * names that are written there can be mended; what stands in a CSR is signed. An edit touches
 * the name and nothing beside it: its prefix ("dns:"), its quotes and every other character of the
 * file stay. Whether the text around it permits the edit is checked later, where the text is known
 * (formats/base/edit.h).
 */
#include "policy/engine.h"
#include "policy/names.h"

#include "formats/base/str.h"

#include <string.h>

static const char *lower_case(struct arena *a, const char *text)
{
    char *s = arena_strdup(a, text);
    for (char *p = s; *p; p++) {
        *p = ascii_lower(*p);
    }
    return s;
}

static const char *without_last_dot(struct arena *a, const char *text)
{
    const size_t n = strlen(text);
    return n > 1 && text[n - 1] == '.' ? arena_strndup(a, text, n - 1) : NULL;
}

static const char *a_label(struct arena *a, const char *text)
{
    const char *ascii = name_to_ascii(a, text, strlen(text));
    /* with an empty label nobody knows which name was meant */
    return ascii && ascii[0] != '.' && !strstr(ascii, "..") ? ascii : NULL;
}

static const char *(*const mended[])(struct arena *a, const char *text) = {
    [MEND_LOWER_CASE] = lower_case,
    [MEND_LAST_DOT] = without_last_dot,
    [MEND_A_LABEL] = a_label,
};

static struct edit *edit_of(struct arena *a, const struct ynode *from, const struct ynode *to,
                            const char *text)
{
    struct edit *e = arena_alloc(a, sizeof *e);
    *e = (struct edit){from->line, from->column, to->end_line, to->end_column, text};
    return e;
}

/* The name inside its scalar. Quotes stay: a host name holds nothing that needs them, or needs
 * other ones. A scalar over several lines is left alone. */
static const struct edit *replace(struct arena *a, const struct name_fact *n, enum mend how)
{
    const struct ynode *node = n->node;
    const size_t node_n = strlen(node->text);
    const bool inside = n->text >= node->text && n->text <= node->text + node_n;
    const char *to = inside ? mended[how](a, n->text) : NULL;
    if (!to || node->end_line != node->line || strcmp(to, n->text) == 0) {
        return NULL;
    }
    const char *text = arena_printf(a, "%.*s%s", (int)(n->text - node->text), node->text, to);
    struct edit *e = edit_of(a, node, node, text);
    e->column += !node->plain;
    e->end_column -= !node->plain;
    return e;
}

static const struct ynode *before(const struct ynode *list, const struct ynode *node)
{
    const struct ynode *previous = NULL;
    for (const struct ynode *n = list ? list->first : NULL; n; previous = n, n = n->next) {
        if (n == node) {
            return previous;
        }
    }
    return NULL;
}

/* An entry of the `san` list: together with the comma before it, or as the whole line it has to
 * itself. */
static const struct edit *remove_entry(const struct rule_run *run, const struct ynode *node)
{
    const struct ynode *previous = before(rule_field(run, "san"), node);
    if (!previous || node->end_line != node->line) {
        return NULL;
    }
    if (previous->end_line == node->line) {
        struct edit *e = edit_of(run->arena, previous, node, "");
        e->line = previous->end_line;
        e->column = previous->end_column;
        return e;
    }
    if (node->next && node->next->line == node->line) {
        return NULL;
    }
    struct edit *e = edit_of(run->arena, node, node, "");
    e->column = 1;
    e->end_line = node->line + 1;
    e->end_column = 1;
    return e;
}

const struct edit *mend_make(const struct rule_run *run, const struct hit *where)
{
    const enum mend how = run->active->row->mend;
    const struct name_fact *n = where->name;
    if (how == MEND_NONE || !n || !n->node || n->type != GN_DNS) {
        return NULL;
    }
    return how == MEND_REMOVE ? remove_entry(run, n->node) : replace(run->arena, n, how);
}
