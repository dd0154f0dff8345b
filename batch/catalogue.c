/* SPDX-License-Identifier: Apache-2.0
 *
 * See catalogue.h.
 */
#include "batch/catalogue.h"

#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

static const char *keep_text(struct arena *a, const char *s)
{
    return s ? arena_strdup(a, s) : NULL;
}

static bool keep(void *ctx, const struct ca_result *r, struct err *err UNUSED)
{
    struct catalogue *c = ctx;
    for (size_t i = 0; i < r->nsold; i++) {
        const struct ca_sold *s = &r->sold[i];
        const struct ca_sold copy = {.code = keep_text(&c->arena, s->code),
                                     .name = keep_text(&c->arena, s->name),
                                     .category = keep_text(&c->arena, s->category),
                                     .type_id = keep_text(&c->arena, s->type_id),
                                     .price = keep_text(&c->arena, s->price),
                                     .currency = keep_text(&c->arena, s->currency),
                                     .term = keep_text(&c->arena, s->term)};
        VEC_PUSH(c, copy);
    }
    return true;
}

bool catalogue_read(struct catalogue *c, struct asker *asker, struct err *err)
{
    return ask(asker, &(struct ca_call){.step = STEP_PRODUCTS}, keep, c, err);
}

void catalogue_release(struct catalogue *c)
{
    free(c->v);
    arena_release(&c->arena);
    *c = (struct catalogue)CATALOGUE_INIT;
}

const struct ca_sold *catalogue_find(const struct catalogue *c, const char *code)
{
    for (size_t i = 0; i < c->n; i++) {
        if (str_eq(c->v[i].code, code)) {
            return &c->v[i];
        }
    }
    return NULL;
}

const struct product_info *catalogue_known(const struct ca_config *config,
                                           const struct ca_sold *sold)
{
    const struct product_info *p = ca_product_of(config, sold->code);
    /* a code may also be the name of another row */
    return p && str_eq(p->code, sold->code) ? p : NULL;
}

const char *product_word(const struct ca_config *config, const char *code)
{
    const struct product_info *p = ca_product_of(config, code);
    const struct product_info *back = p ? ca_product_of(config, p->name) : NULL;
    return back && str_eq(back->code, code) ? p->name : code;
}

static bool has_word(const char *text, const char *word)
{
    const size_t n = strlen(word);
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
        const char before = at == text ? ' ' : ascii_lower(at[-1]);
        const char after = ascii_lower(at[n]);
        if ((before < 'a' || before > 'z') && (after < 'a' || after > 'z')) {
            return true;
        }
    }
    return false;
}

const char *catalogue_contradiction(const struct ca_sold *sold, const struct product_info *known)
{
    static const char *const words[] = {"DV", "OV", "EV"};
    const char *found = NULL;
    bool ours = false;
    bool speaks = false; /* our row is of one of those levels */
    for (size_t i = 0; known && sold->name && i < NITEMS(words); i++) {
        const bool level = str_ieq(words[i], known->level);
        const bool there = has_word(sold->name, words[i]);
        speaks |= level;
        ours |= level && there;
        found = there && !level ? words[i] : found;
    }
    return speaks && !ours ? found : NULL;
}
