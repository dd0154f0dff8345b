/* SPDX-License-Identifier: Apache-2.0
 *
 * Products that only one customer of a CA has: certificate profiles with numbers of their own,
 * templates. They are written in the configuration, `cas: NAME: products:`, and count beside the
 * tables of the connectors wherever products are looked up.
 */
#include "batch/config_parts.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/key.h"

const struct word ca_level_words[] = {
    {"dv", 1, "domain validated"},
    {"ov", 2, "organization validated"},
    {"iv", 3, "individual validated"},
    {"ev", 4, "extended validation"},
    {"smime", 5, "mail"},
    {"private", 6, "private PKI"},
    {0},
};

static bool check_term(const char *text, const char **why)
{
    int64_t seconds = 0;
    *why = "must be whole days, as 90d";
    return duration_parse(text, &seconds) && seconds > 0 && seconds % DAY_SECONDS == 0 &&
           seconds / DAY_SECONDS <= 36135;
}

static bool check_key(const char *text, const char **why)
{
    *why = "must be a kind of key, as ec-p256 or rsa-3072";
    for (const struct word *w = key_type_words; w->text; w++) {
        if (str_eq(w->text, text)) {
            return true;
        }
    }
    return false;
}

#define OFF(member) offsetof(struct ca_product, member)
static const struct field product_fields[] = {
    {.name = "code",
     .kind = FIELD_STRING,
     .flags = FIELD_NONEMPTY,
     .offset = OFF(code),
     .help = "number or name at the CA; default the name here"},
    {.name = "level",
     .kind = FIELD_WORD,
     .offset = OFF(level),
     .words = ca_level_words,
     .help = "what is validated"},
    {.name = "wildcard",
     .kind = FIELD_BOOL,
     .offset = OFF(wildcard),
     .help = "it is for wildcard names; with neither this nor multi it takes any names"},
    {.name = "multi",
     .kind = FIELD_BOOL,
     .offset = OFF(multi),
     .help = "it takes more than one name"},
    {.name = "max_san",
     .kind = FIELD_INT,
     .offset = OFF(max_san),
     .min = 1,
     .max = 10000,
     .help = "most names; default not known"},
    {.name = "terms",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = OFF(terms),
     .check = check_term,
     .help = "terms it is sold for (90d); default any"},
    {.name = "keys",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = OFF(keys),
     .check = check_key,
     .help = "kinds of key it takes; default any"},
};
const struct schema ca_product_schema = {"product",
                                         "a product of your own at a CA",
                                         product_fields,
                                         NITEMS(product_fields),
                                         sizeof(struct ca_product),
                                         offsetof(struct ca_product, node)};

static const char *level_text(int level)
{
    for (const struct word *w = ca_level_words; w->text; w++) {
        if (w->value == level) {
            return w->text;
        }
    }
    return NULL;
}

static unsigned longest(const struct strings *terms)
{
    int64_t most = 0;
    for (size_t i = 0; i < terms->n; i++) {
        int64_t seconds = 0;
        most = duration_parse(terms->v[i], &seconds) && seconds > most ? seconds : most;
    }
    return (unsigned)(most / DAY_SECONDS);
}

static const char *joined(struct arena *a, const struct strings *keys)
{
    const char *text = NULL;
    for (size_t i = 0; i < keys->n; i++) {
        text = text ? arena_printf(a, "%s %s", text, keys->v[i]) : keys->v[i];
    }
    return text;
}

void config_products_fill(struct arena *a, struct ca_config *ca)
{
    const struct ca_product *v = ca->common.products.v;
    const size_t n = ca->common.products.n;
    struct product_info *out = arena_array(a, n, sizeof *out);
    for (size_t i = 0; i < n; i++) {
        const struct ca_product *p = &v[i];
        const bool said = yaml_get(p->node, "wildcard") || yaml_get(p->node, "multi");
        out[i] = (struct product_info){.ca_type = ca->type->type,
                                       .ca = ca->name,
                                       .code = p->code ? p->code : p->name,
                                       .name = p->name,
                                       .level = level_text(p->level),
                                       .wildcard = p->wildcard,
                                       .multi = p->multi,
                                       .any_names = !said,
                                       .max_san = (unsigned)p->max_san,
                                       .keys = joined(a, &p->keys),
                                       .terms = joined(a, &p->terms),
                                       .max_days = longest(&p->terms)};
    }
    ca->products = out;
    ca->nproducts = n;
}
