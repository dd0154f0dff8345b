/* SPDX-License-Identifier: Apache-2.0
 *
 * What an order at CERTInext is whole with, and the parts of it that both APIs take in the same
 * form: names, remarks, tags, CSR.
 */
#include "batch/ca/certinext_ops.h"

#include "batch/manifest.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <stdio.h>

/* --- names --- */
bool certinext_name_repeats(const struct ca_order *o, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (str_ieq(o->san[k].text, o->san[i].text)) {
            return true;
        }
    }
    return str_ieq(o->san[i].text, certinext_domain(o));
}

/* CERTInext takes any text here and then waits for ever for its validation, so what is no DNS name
 * is not sent; left out, it would be missing in a certificate that was paid for. */
static bool names_fit(const struct certinext_asked *q, enum certinext_family family)
{
    const struct ca_order *o = q->call->order;
    for (size_t i = 0; i < o->nsan; i++) {
        const enum gn_type type = o->san[i].type;
        if (type != GN_DNS && !(family == FAMILY_PRIVATE && type == GN_IP)) {
            return err_set(q->err, ERR_INPUT, "CERTInext orders take no %s names",
                           gn_type_names[type]);
        }
    }
    return true;
}

/* Fields that are one of a few words. One that is not understood is not taken for another: a draft
 * that is none is paid for. Rule certinext.fields says so before, where it is in force. */
static bool words_fit(const struct certinext_asked *q)
{
    static const char flag[] = "true false 1 0";
    static const struct {
        const char *path, *words, *shown;
    } rows[] = {
        {"save_and_hold", flag, "true or false"},
        {"accept_agreement", flag, "true or false"},
        {"pre_vetting", flag, "true or false"},
        {"email_notifications", flag, "true or false"},
        {"auto_secure_www", flag, "true or false"},
        {"subscription.auto_renew", flag, "true or false"},
        {"accounting_model", "credit cash 2 1", "credit or cash"},
        {"family", "ssl private-pki", "ssl or private-pki"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const char *text = certinext_order_text(q->call->order, rows[i].path, NULL);
        if (text && !str_has_word(rows[i].words, text)) {
            return err_set(q->err, ERR_INPUT, "the field %s must be %s", rows[i].path,
                           rows[i].shown);
        }
    }
    return true;
}

bool certinext_order_fits(const struct certinext_asked *q, enum certinext_family *family,
                          const struct product_info **product)
{
    const struct ca_order *o = q->call->order;
    const struct certinext_person *p = &q->config->requestor;
    if (!o || certinext_blank(o->product)) {
        return certinext_lacks(q, "a product");
    }
    if (!words_fit(q)) {
        return false;
    }
    *family = certinext_family_of(q->own, o, product);
    if (*family == FAMILY_OTHER) {
        return err_set(q->err, ERR_INPUT,
                       "product %s (%s) is ordered in the portal of CERTInext: how it is ordered "
                       "through the API is not published",
                       (*product)->code, (*product)->name);
    }
    if (certinext_blank(certinext_domain(o)) || !o->csr.n) {
        return certinext_lacks(q, !o->csr.n ? "a CSR" : "a common name");
    }
    if (o->csr.n > LIMIT_CSR_BYTES) {
        return err_set(q->err, ERR_INPUT, "the CSR has %zu octets, more than any CA takes",
                       o->csr.n);
    }
    if (certinext_blank(certinext_setting_of(q, "requestor.name", p->name)) ||
        certinext_blank(certinext_setting_of(q, "requestor.email", p->email))) {
        return certinext_lacks(q, "requestor.name and requestor.email");
    }
    return names_fit(q, *family);
}

/* Remarks are demanded (EMS-918 without). */
void certinext_put_remarks(const struct certinext_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    const char *text = certinext_order_text(o, "remarks", NULL);
    char other[LIMIT_ITEM_ID + 32];
    (void)snprintf(other, sizeof other, "certbatch %.*s", (int)LIMIT_ITEM_ID, o->item);
    text = certinext_first(certinext_first(text, o->comment), certinext_first(o->ticket, other));
    jw_str(j, "remarks", text);
}

void certinext_put_tags(const struct certinext_asked *q, struct jw *j, const char *reference)
{
    const struct ca_order *o = q->call->order;
    const struct ynode *tags = yaml_get(o->extra, "tags");
    jw_array(j, "tags");
    for (const struct ynode *t = tags ? tags->first : NULL; t; t = t->next) {
        if (t->kind == YAML_SCALAR && !certinext_blank(t->text)) {
            jw_str(j, NULL, t->text);
        }
    }
    jw_str(j, NULL, o->item);
    if (reference) {
        jw_str(j, NULL, reference);
    }
    jw_end(j);
}

void certinext_put_csr(const struct certinext_asked *q, struct jw *j)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(2 * LIMIT_CSR_BYTES);
    pem_write(&pem, "CERTIFICATE REQUEST", q->call->order->csr);
    jw_str(j, "csr", buf_text(&pem));
}
