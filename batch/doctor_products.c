/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps 4 and 6 of `doctor`: are the products that are ordered sold, and do both sides mean the
 * same by them; what a revocation needs.
 */
#include "batch/doctor_parts.h"

#include "formats/base/str.h"
#include "formats/crl.h"

/* --- products --- */
static void compare(struct doctor *d, struct doctor_result *r, const char *code)
{
    const struct ca_config *ca = d->options.ca;
    const struct ca_sold *sold = catalogue_find(&d->catalogue, code);
    const char *word = product_word(ca, code);
    if (!sold) {
        doctor_say(d, r, DOCTOR_FAILED,
                   "compare with `certbatch products`; have it published and enabled for this "
                   "account, and spell it as the CA does",
                   "product %s is ordered but not in the CA's catalogue", code);
        return;
    }
    const struct product_info *known = catalogue_known(ca, sold);
    const char *other = catalogue_contradiction(sold, known);
    if (other) {
        doctor_say(d, r, DOCTOR_FAILED,
                   "is this the environment you mean? codes differ between them; else name the "
                   "product by its code, or under `products:` of the CA",
                   "product %s is \"%s\" at the CA, which says %s, but %s here, which is %s", code,
                   sold->name, other, word, known->level);
    } else {
        const bool named = sold->name && !str_eq(sold->name, code);
        doctor_say(d, r, DOCTOR_OK, NULL, "product %s%s%s is sold%s%s", code,
                   str_eq(word, code) ? "" : " = ", str_eq(word, code) ? "" : word,
                   named ? ": " : "", named ? sold->name : "");
    }
}

static void say_catalogue(struct doctor *d, struct doctor_result *r)
{
    const struct ca_type *type = d->options.ca->type;
    if (!d->catalogue.n && type->product_optional) {
        doctor_say(d, r, DOCTOR_OK, NULL, "the CA offers no products, and an order needs none");
        return;
    }
    if (!d->catalogue.n) {
        doctor_say(d, r, DOCTOR_FAILED,
                   type->no_products ? type->no_products
                                     : "have products enabled for this account at the CA",
                   "the CA offers this account no product at all");
        return;
    }
    doctor_say(d, r, DOCTOR_OK, NULL, "the CA offers %zu product%s", d->catalogue.n,
               d->catalogue.n == 1 ? "" : "s");
    for (size_t i = 0; i < d->products.n; i++) {
        compare(d, r, d->products.v[i]);
    }
    if (!d->products.n) {
        doctor_say(d, r, DOCTOR_OK,
                   arena_printf(&d->arena, "set %s, or name one in each manifest",
                                type->product_key ? type->product_key : "default_product"),
                   "the configuration names no product");
    }
}

void doctor_products(struct doctor *d, struct doctor_result *r)
{
    struct err err = ERR_INIT;
    if (!(d->options.ca->type->caps & CA_PRODUCTS)) {
        doctor_say(d, r, DOCTOR_SKIPPED, NULL,
                   "this kind of CA has no list of products to compare with");
        return;
    }
    catalogue_release(&d->catalogue);
    if (!catalogue_read(&d->catalogue, &d->asker, &err)) {
        /* a way that was open a moment ago, or an account that may not ask */
        r->code = d->asker.answer.outcome == OUTCOME_REFUSED ? ERR_FINDINGS : ERR_CA;
        doctor_say_err(d, r, &err, NULL);
        return;
    }
    say_catalogue(d, r);
}

/* --- revocation --- */
static const char *reasons(struct doctor *d, unsigned bits)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
    for (const struct word *w = revocation_reason_words; w->text; w++) {
        if (w->value >= 0 && (bits & 1u << w->value)) {
            buf_printf(&b, "%s%s", b.n ? ", " : "", w->text);
        }
    }
    return b.n ? arena_strdup(&d->arena, buf_text(&b)) : "none that is known";
}

static void say_requirements(struct doctor *d, struct doctor_result *r, const struct ca_facts *f)
{
    const struct ca_type *type = d->options.ca->type;
    doctor_say(d, r, DOCTOR_OK, NULL, "reasons it takes: %s", reasons(d, f->reasons));
    if (f->comment_min) {
        doctor_say(d, r, DOCTOR_OK, NULL, "a comment of %u to %u characters is needed",
                   f->comment_min, f->comment_max);
    }
    if (f->comment_refused) {
        doctor_say(d, r, DOCTOR_OK, NULL, "a comment must not contain %s", f->comment_refused);
    }
    if (type->revocation_note) {
        doctor_say(d, r, DOCTOR_OK, NULL, "%s", type->revocation_note);
    }
}

void doctor_revocation(struct doctor *d, struct doctor_result *r)
{
    const struct ca_config *ca = d->options.ca;
    const struct ca_facts *facts = ca_facts_of(ca->type->type, ca->node);
    if (!ca->type->ops) {
        doctor_say(d, r, DOCTOR_WARNING, NULL, "this version cannot revoke at %s", ca->type->title);
    } else if (!(ca->type->caps & CA_REVOKE)) {
        doctor_say(d, r, DOCTOR_WARNING,
                   ca->type->revocation_note ? ca->type->revocation_note
                                             : "revoke in the CA's own tools",
                   "%s cannot be asked to revoke", ca->type->title);
    }
    if (facts && facts->reasons) {
        say_requirements(d, r, facts);
    }
    if (!(ca->type->caps & CA_EMBEDDED)) {
        doctor_say(d, r, DOCTOR_OK,
                   ca->type->caps & CA_INVENTORY
                       ? "compare serial and order numbers with `certbatch inventory` before a "
                         "mass revocation"
                       : NULL,
                   "whether these credentials may revoke shows only when they do; a certificate "
                   "issued under another account cannot be revoked here");
    }
}
