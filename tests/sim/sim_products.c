/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_products.h. The built-in catalogue has the codes of the vendor's US sandbox.
 */
#include "tests/sim/sim_products.h"

#include "formats/base/str.h"

#include <string.h>

static const struct product_type types[] = {
    {"13", "dv", LEVEL_DV, false, false},
    {"14", "dv-wildcard", LEVEL_DV, true, false},
    {"15", "dv-ucc", LEVEL_DV, false, true},
    {"21", "dv-wildcard-ucc", LEVEL_DV, true, true},
    {"16", "ov", LEVEL_OV, false, false},
    {"17", "ov-wildcard", LEVEL_OV, true, false},
    {"18", "ov-ucc", LEVEL_OV, false, true},
    {"22", "ov-wildcard-ucc", LEVEL_OV, true, true},
    {"19", "ev", LEVEL_EV, false, false},
    {"20", "ev-ucc", LEVEL_EV, false, true},
    {"39", "intranet-ssl", LEVEL_PRIVATE, true, true},
};

static const char builtin[] = "842 13 DV SSL Certificate 1 Year\n"
                              "843 14 DV SSL Certificate Wildcard 1 Year\n"
                              "844 15 DV SSL Certificate UCC 1 Year\n"
                              "845 21 DV SSL Certificate Wildcard UCC 1 Year\n"
                              "846 16 OV SSL Certificate 1 Year\n"
                              "847 17 OV SSL Certificate Wildcard 1 Year\n"
                              "848 18 OV SSL Certificate UCC 1 Year\n"
                              "849 22 OV SSL Certificate Wildcard UCC 1 Year\n"
                              "850 19 EV SSL Certificate 1 Year\n"
                              "851 20 EV SSL Certificate UCC 1 Year\n"
                              "149 39 Sandbox emSign Intranet SSL 1 Year\n";

static const struct product_type *type_find(const char *id, size_t n)
{
    for (size_t i = 0; i < NITEMS(types); i++) {
        if (strlen(types[i].id) == n && memcmp(types[i].id, id, n) == 0) {
            return &types[i];
        }
    }
    return NULL;
}

static bool read_line(struct catalogue *c, struct arena *a, const char *line, size_t n,
                      struct pos at, struct err *err)
{
    const char *end = line + n;
    const char *type = memchr(line, ' ', n);
    const char *name = type ? memchr(type + 1, ' ', (size_t)(end - type - 1)) : NULL;
    if (!name) {
        return err_at(err, ERR_INPUT, at, "a product is \"CODE TYPE-ID NAME\"");
    }
    struct product p = {.code = arena_strndup(a, line, (size_t)(type - line)),
                        .name = arena_strndup(a, name + 1, (size_t)(end - name - 1)),
                        .type = type_find(type + 1, (size_t)(name - type - 1))};
    if (!p.type || catalogue_find(c, p.code)) {
        return err_at(err, ERR_INPUT, at, "product %s: %s", p.code,
                      p.type ? "listed twice" : "no such productTypeID");
    }
    VEC_PUSH(c, p);
    return true;
}

bool catalogue_read(struct catalogue *c, struct arena *a, const char *name, const char *text,
                    struct err *err)
{
    struct pos at = {.file = name};
    for (text = text ? text : builtin; *text;) {
        size_t n = strcspn(text, "\n");
        at.line++;
        if (n && *text != '#' && !read_line(c, a, text, n, at, err)) {
            return false;
        }
        text += n + (text[n] ? 1 : 0);
    }
    return true;
}

const struct product *catalogue_find(const struct catalogue *c, const char *code)
{
    for (size_t i = 0; i < c->n; i++) {
        if (str_eq(c->v[i].code, code)) {
            return &c->v[i];
        }
    }
    return NULL;
}

const struct product *catalogue_variant(const struct catalogue *c, const char *variant)
{
    for (size_t i = 0; i < c->n; i++) {
        if (str_eq(c->v[i].type->variant, variant)) {
            return &c->v[i];
        }
    }
    return NULL;
}

void catalogue_release(struct catalogue *c)
{
    freep(&c->v);
}
