/* SPDX-License-Identifier: Apache-2.0
 *
 * Step 5 of `doctor`: a request or a manifest by the rules for this CA; without either, what the
 * CA is known to take.
 */
#include "batch/doctor_parts.h"

#include "batch/batch.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/crl.h"

/* --- a request --- */
static void judge_csr(struct doctor *d, struct doctor_result *r)
{
    const struct doctor_options *o = &d->options;
    const struct config_judge_options jo = {.policies = o->policies, .npolicies = o->npolicies};
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct policy_scratch scratch = {0};
    struct policy *policy = NULL;
    struct err err = ERR_INIT;
    const struct subject s = {.kind = SUBJECT_CSR_FILE,
                              .file = o->csr,
                              .csr = &d->request,
                              .csr_file = o->csr,
                              .ca = o->ca->name,
                              .ca_type = o->ca->type->type,
                              .ca_environment = ca_environment(o->ca),
                              .ca_public = ca_is_public(o->ca),
                              .ca_reads_csr_names = o->ca->type->caps & CA_READS_CSR_NAMES,
                              .product = ca_default_product(o->ca),
                              .profile = o->profile,
                              .key_file_mode = -1,
                              .key_file_matches = true,
                              .today = time_now(),
                              .order_date = o->as_of != TIME_NONE ? o->as_of : time_now(),
                              .reason = REASON_NONE};
    if (config_policy(o->config, &jo, &policy, &findings, &err)) {
        policy_judge(policy, &s, &scratch, &d->arena, &findings, NULL);
        policy_free(policy);
    } else {
        doctor_say_err(d, r, &err, NULL);
    }
    findings_sort(&findings);
    doctor_say_findings(d, r, &findings, NULL, NULL);
    arena_release(&scratch.arena);
}

/* Of the product where one is ordered by default, else of the kind of CA. */
static const char *accepted_keys(const struct ca_config *ca)
{
    const struct product_info *p = ca_product_of(ca, ca_default_product(ca));
    const struct ca_facts *f = ca_facts_of(ca->type->type, ca->node);
    return p && p->keys ? p->keys : f ? f->keys : NULL;
}

static void read_csr(struct doctor *d, struct doctor_result *r)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    struct err err = ERR_INIT;
    const char *keys = accepted_keys(d->options.ca);
    if (!fs_read(d->options.csr, &text, &err)) {
        doctor_say_err(d, r, &err, NULL);
        return;
    }
    const struct span kept = {arena_memdup(&d->arena, buf_text(&text), text.n), text.n};
    csr_parse(&d->arena, kept, &d->request);
    d->has_request = d->request.usable;
    if (d->has_request) {
        doctor_say(d, r, DOCTOR_OK, NULL, "%s: %s, %s, signed with %s", d->options.csr,
                   dn_text(&d->arena, &d->request.subject), d->request.key.token,
                   sigalg_token(d->request.sig_algorithm));
    }
    if (d->has_request && keys && !str_has_word(keys, d->request.key.token)) {
        doctor_say(d, r, DOCTOR_FAILED, arena_printf(&d->arena, "make a new request: %s", keys),
                   "the CA does not take keys of kind %s", d->request.key.token);
    }
    judge_csr(d, r);
}

/* --- a manifest --- */
bool doctor_is_here(const struct doctor *d, const struct item *item)
{
    const struct ca_config *ca = batch_real_ca(&d->batch, item);
    return ca && str_eq(ca->name, d->options.ca->name);
}

static void orders_of_config(struct doctor *d)
{
    const struct ca_config *ca = d->options.ca;
    const char *fallback = ca_default_product(ca);
    const struct product_info *known = ca_product_of(ca, fallback);
    doctor_orders(d, known ? known->code : fallback);
    for (size_t i = 0; i < ca->nproducts; i++) {
        doctor_orders(d, ca->products[i].code);
    }
}

void doctor_prepare(struct doctor *d)
{
    const struct doctor_options *o = &d->options;
    orders_of_config(d);
    if (!o->manifest) {
        return;
    }
    d->batch_options = (struct batch_options){.manifest = o->manifest,
                                              .config = o->config_path,
                                              .policies = o->policies,
                                              .npolicies = o->npolicies,
                                              .profile = o->profile,
                                              .as_of = o->as_of,
                                              .lint = true};
    d->batch_whole = batch_open(&d->batch, &d->batch_options, &d->batch_findings, &d->batch_err);
    for (size_t i = 0; d->batch.policy && i < d->batch.nitems; i++) {
        if (doctor_is_here(d, &d->batch.items[i])) {
            doctor_orders(d, d->batch.items[i].product_code);
        }
    }
}

/* What is about no item is about all of them. */
static bool at_this_ca(void *ctx, const struct finding *f)
{
    const struct doctor *d = ctx;
    const struct item *item = f->item ? batch_item(&d->batch, f->item) : NULL;
    return !item || !item->ca || doctor_is_here(d, item);
}

static void judge_manifest(struct doctor *d, struct doctor_result *r)
{
    size_t here = 0;
    if (d->batch.policy) {
        batch_judge(&d->batch, d->options.workers, &d->batch_findings);
        for (size_t i = 0; i < d->batch.nitems; i++) {
            here += doctor_is_here(d, &d->batch.items[i]);
        }
        doctor_say(d, r, DOCTOR_OK, NULL, "%s: %zu of %zu items are for this CA",
                   d->options.manifest, here, d->batch.nitems);
    }
    findings_sort(&d->batch_findings);
    doctor_say_findings(d, r, &d->batch_findings, at_this_ca, d);
    if (!d->batch_whole && !findings_count(&d->batch_findings, SEV_ERROR)) {
        doctor_say_err(d, r, &d->batch_err, NULL);
    }
}

/* --- neither --- */
static void say_rules(struct doctor *d, struct doctor_result *r)
{
    const struct ca_facts *f = ca_facts_of(d->options.ca->type->type, d->options.ca->node);
    const char *keys = accepted_keys(d->options.ca);
    doctor_say(d, r, DOCTOR_OK, "give --csr FILE or a manifest to have it judged",
               "keys it takes: %s", keys ? keys : "no bound is known");
    if (f && f->sans) {
        doctor_say(d, r, DOCTOR_OK, NULL, "alternative names it takes: %s", f->sans);
    }
    if (f && f->names_from_order) {
        doctor_say(d, r, DOCTOR_OK, NULL,
                   "names come from the order: those of the request alone are not read");
    }
}

void doctor_request(struct doctor *d, struct doctor_result *r)
{
    if (d->options.csr) {
        read_csr(d, r);
    }
    if (d->options.manifest) {
        judge_manifest(d, r);
    }
    if (!d->options.csr && !d->options.manifest) {
        say_rules(d, r);
    }
}
