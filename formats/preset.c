/* SPDX-License-Identifier: Apache-2.0
 *
 * See preset.h: finding a row and filling in its template. The rows are in preset_table.c.
 */
#include "formats/preset.h"

#include "formats/base/str.h"

#include <string.h>

const struct preset *preset_find(const char *name)
{
    for (size_t i = 0; i < presets_count; i++) {
        if (str_eq(presets[i].name, name)) {
            return &presets[i];
        }
    }
    return NULL;
}

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

bool preset_alias_ok(const char *alias)
{
    const size_t n = strlen(alias);
    return n && alias[0] != ' ' && alias[n - 1] != ' ' && !alias[strspn(alias, PLAIN " ")];
}

/* --- names --- */

/* Only what no configuration language takes for anything else; a wildcard begins with its star. */
static bool usable(const struct general_name *g, enum gn_type type)
{
    const char *rest = g->text && str_starts(g->text, "*.") ? g->text + 2 : g->text;
    return g->type == type && !g->malformed && rest && *rest && !rest[strspn(rest, PLAIN)];
}

/* The names a server answers to; addresses when there are no names, else the item's id. */
static void put_names(const struct preset_values *v, struct buf *out)
{
    static const enum gn_type kinds[] = {GN_DNS, GN_IP};
    const struct general_names *san = &v->leaf->san;
    size_t n = 0;
    for (size_t k = 0; k < NITEMS(kinds) && n == 0; k++) {
        for (size_t i = 0; i < san->n; i++) {
            if (usable(&san->v[i], kinds[k])) {
                buf_printf(out, "%s%s", n++ ? " " : "", san->v[i].text);
            }
        }
    }
    if (n == 0) {
        buf_puts(out, v->id);
    }
}

/* One name to connect to: the first that is no wildcard, else what a wildcard stands below. */
static void put_host(const struct preset_values *v, struct buf *out)
{
    enum { NAMES_MAX = 1 << 20 };
    CLEANUP(buf_release) struct buf names = BUF_INIT(NAMES_MAX);
    put_names(v, &names);
    const char *first = buf_text(&names);
    const char *host = first;
    while (str_starts(host, "*.") && strchr(host, ' ')) {
        host = strchr(host, ' ') + 1;
    }
    host = str_starts(host, "*.") ? first + 2 : host;
    buf_add(out, host, strcspn(host, " "));
}

static void put_id(const struct preset_values *v, struct buf *out)
{
    buf_puts(out, v->id);
}

static void put_file(const struct preset_values *v, struct buf *out)
{
    buf_puts(out, v->file);
}

static void put_alias(const struct preset_values *v, struct buf *out)
{
    buf_puts(out, v->alias);
}

/* --- templates --- */

static const struct {
    const char *mark;
    void (*put)(const struct preset_values *v, struct buf *out);
} marks[] = {{"@ID@", put_id},
             {"@HOST@", put_host},
             {"@NAMES@", put_names},
             {"@FILE@", put_file},
             {"@ALIAS@", put_alias}};

void preset_snippet(const struct preset *p, bool keyed, const struct preset_values *v,
                    struct buf *out)
{
    const char *at = keyed ? p->keyed : p->certs_only;
    while (*at) {
        size_t i = 0;
        while (i < NITEMS(marks) && !str_starts(at, marks[i].mark)) {
            i++;
        }
        if (i < NITEMS(marks)) {
            marks[i].put(v, out);
            at += strlen(marks[i].mark);
        } else {
            buf_putc(out, *at++);
        }
    }
}
