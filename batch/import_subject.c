/* SPDX-License-Identifier: Apache-2.0
 *
 * A distinguished name as Windows, OpenSSL and exports write it ("CN=www.example.com, O=Example",
 * "/C=US/O=Example/CN=www.example.com") to the fields of an order.
 */
#include "batch/import_parts.h"

#include "formats/base/limits.h"

#include <string.h>

void import_subject_add(struct import_item *item, const char *key, const char *value)
{
    for (size_t i = 0; i < item->nsubject; i++) {
        if (str_eq(item->subject[i].key, key)) {
            return; /* the first one counts: a column of its own was read before */
        }
    }
    if (item->nsubject < NITEMS(item->subject)) {
        item->subject[item->nsubject++] = (struct import_pair){key, value};
    }
}

/* Names beside those of the table: Windows says S and E, others spell them out. */
static const char *short_name(const char *name)
{
    static const char *const others[][2] = {{"S", "ST"},
                                            {"E", "emailAddress"},
                                            {"EMAIL", "emailAddress"},
                                            {"STREET", "street"},
                                            {"SERIALNUMBER", "serialNumber"},
                                            {"T", "title"},
                                            {"G", "GN"},
                                            {"givenName", "GN"},
                                            {"surname", "SN"}};
    for (size_t i = 0; i < NITEMS(others); i++) {
        if (str_ieq(others[i][0], name)) {
            return others[i][1];
        }
    }
    return name;
}

static bool take_attribute(struct clean *c, const char *name, const char *value,
                           struct import_item *item)
{
    name = short_name(name);
    if (str_ieq(name, "CN")) {
        if (!item->common_name) {
            item->common_name = value;
        }
        return true;
    }
    for (size_t i = 0; i < dn_names_count; i++) {
        if (str_ieq(dn_names[i].name, name) && dn_names[i].manifest) {
            import_subject_add(item, dn_names[i].manifest, value);
            return true;
        }
    }
    clean_refuse(c, arena_printf(c->arena, "the subject has an attribute an order cannot say: %s",
                                 str_vis_dup(c->arena, name, strlen(name))));
    return false;
}

/* One value: quoted, with "" for a mark, or up to the separator with \ before what is meant. */
static const char *read_value(struct clean *c, const char **p, const char *separators)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_TABLE_CELL);
    const char *s = *p + strspn(*p, " ");
    if (*s == '"') {
        for (s++; *s && (*s != '"' || s[1] == '"'); s++) {
            s += *s == '"';
            buf_putc(&b, *s);
        }
        if (*s != '"') {
            return clean_refuse(c, "the subject has a quotation mark without its second");
        }
        s++;
    } else {
        for (; *s && !strchr(separators, *s); s++) {
            s += *s == '\\' && s[1];
            buf_putc(&b, *s);
        }
        while (b.n && b.p[b.n - 1] == ' ') {
            b.p[--b.n] = '\0';
        }
    }
    *p = s;
    return arena_strdup(c->arena, buf_text(&b));
}

bool import_subject(struct clean *c, const char *text, struct import_item *item)
{
    const bool slashes = *text == '/';
    const char *separators = slashes ? "/" : ",;+";
    const char *p = text + slashes;
    while (*(p += strspn(p, " \n"))) {
        const size_t n = strcspn(p, "=");
        if (!p[n] || !n || n > 64) {
            clean_refuse(c, "no distinguished name like CN=www.example.com, O=Example");
            return false;
        }
        size_t end = n;
        while (end && p[end - 1] == ' ') {
            end--;
        }
        const char *name = arena_strndup(c->arena, p, end);
        p += n + 1;
        const char *value = read_value(c, &p, separators);
        if (!value || (*value && !take_attribute(c, name, value, item))) {
            return false;
        }
        p += strspn(p, " ");
        if (*p && !strchr(separators, *p)) {
            clean_refuse(c, "something stands behind the closing quotation mark of the subject");
            return false;
        }
        p += *p != '\0';
    }
    return true;
}
