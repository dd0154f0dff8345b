/* SPDX-License-Identifier: Apache-2.0
 *
 * Products of CertCentral for mailboxes ("Order secure email certificate"): what their orders must
 * have, what they may not, and whose certificate comes of it. There are no reissues of them here.
 */
#include "tests/sim/sim_digicert.h"

#include "formats/base/str.h"
#include "tests/sim/sim.h"

#include <string.h>

static const struct product_type mailbox = {"", "mailbox", LEVEL_MAIL, false, true};
static const struct product_type sponsor = {"", "sponsor", LEVEL_MAIL, false, true};
static const struct product_type organization = {"", "organization", LEVEL_MAIL, false, true};
const struct product dc_mail_products[] = {
    {"secure_email_mailbox", "Secure Email for Individual", &mailbox},
    {"secure_email_sponsor", "Secure Email for Business", &sponsor},
    {"secure_email_organization", "Secure Email for Organization", &organization},
};
const size_t dc_mail_products_count = NITEMS(dc_mail_products);

/* The key usages of SBR 7.1.2.3 e by what the order calls its usage. */
static const char *const ekus[] = {"1.3.6.1.5.5.7.3.4", NULL};
static const struct {
    const char *word;
    struct issue_profile profile;
} usages[] = {
    {"signing", {"signing", false, -1, ISSUE_DIGITAL_SIGNATURE, 0, ekus}},
    {"key_management", {"key_management", false, -1, 0, ISSUE_KEY_ENCIPHERMENT, ekus}},
    {"dual_use", {"dual_use", false, -1, ISSUE_DIGITAL_SIGNATURE, ISSUE_KEY_ENCIPHERMENT, ekus}},
};

/* What servers have has no place here. */
static bool has_no_more(struct request *q, struct reply *r)
{
    static const char *const others[] = {
        "certificate.common_name",     "certificate.dns_names",
        "certificate.server_platform", "dcv_method",
        "certificate_dcv_scope",       "certificate.organization_units"};
    for (size_t i = 0; i < NITEMS(others); i++) {
        if (shape_at(q->json, others[i])) {
            return dc_bad(q, r, others[i]);
        }
    }
    return true;
}

static bool take_mailboxes(struct request *q, struct reply *r, struct order *made)
{
    struct arena *a = &q->sim->arena;
    const json_t *all = shape_at(q->json, "certificate.emails");
    const size_t n = json_array_size(all);
    made->domains = arena_array(a, n + 1, sizeof *made->domains);
    for (size_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(all, i));
        const char *at = strchr(text, '@');
        if (!at || at == text || !strchr(at, '.') || strchr(at + 1, '@')) {
            return dc_bad(q, r, "certificate.emails");
        }
        made->domains[made->ndomains++] =
            (struct sim_domain){.name = arena_strdup(a, text), .possible = true};
    }
    made->domain = n ? made->domains[0].name : NULL;
    return n || dc_bad(q, r, "certificate.emails");
}

static const char *part(struct request *q, const char *path)
{
    const char *text = shape_str(q->json, path);
    return text ? arena_strdup(&q->sim->arena, text) : NULL;
}

/* A person is named, or has a pseudonym, or both; the common name is one of what is there. */
static bool take_holder(struct request *q, struct reply *r, struct order *made,
                        struct sim_mail *mail)
{
    const struct product_type *type = made->product->type;
    const char *indicator = shape_str(q->json, "certificate.common_name_indicator");
    const char *first = part(q, "certificate.individual.first_name");
    const char *last = part(q, "certificate.individual.last_name");
    const char *pseudonym = part(q, "certificate.individual.pseudonym");
    const bool named = first && last;
    if (type == &sponsor && !named && !pseudonym) {
        return dc_bad(q, r, "certificate.individual");
    }
    const struct {
        const char *word, *value;
    } names[] = {{"email_address", made->domain},
                 {"given_name_surname", named && type == &sponsor
                                            ? arena_printf(&q->sim->arena, "%s %s", first, last)
                                            : NULL},
                 {"pseudonym", type == &sponsor ? pseudonym : NULL},
                 {"organization_name", type == &organization ? made->organization_name : NULL}};
    indicator = type == &mailbox ? "email_address" : indicator; /* ignored there */
    for (size_t i = 0; i < NITEMS(names); i++) {
        mail->common_name = str_eq(names[i].word, indicator) ? names[i].value : mail->common_name;
    }
    if (!mail->common_name) {
        return dc_bad(q, r, "certificate.common_name_indicator");
    }
    const bool show = json_is_true(shape_at(q->json, "subject.include_given_name_surname"));
    mail->given_name = type == &sponsor && show ? first : NULL;
    mail->surname = type == &sponsor && show ? last : NULL;
    mail->pseudonym =
        json_is_true(shape_at(q->json, "subject.include_pseudonym")) ? pseudonym : NULL;
    mail->email = json_is_true(shape_at(q->json, "subject.include_email")) ? made->domain : NULL;
    return true;
}

bool dc_take_mail(struct request *q, struct reply *r, struct order *made)
{
    static const char *const usage = "certificate.usage_designation";
    const bool single = made->product->type == &mailbox;
    const char *const wanted[] = {"certificate.emails", usage, single ? NULL : "organization.id",
                                  single ? NULL : "certificate.common_name_indicator",
                                  made->product->type == &sponsor ? "certificate.individual"
                                                                  : NULL};
    struct sim_mail *mail = arena_array(&q->sim->arena, 1, sizeof *mail);
    *mail = (struct sim_mail){0};
    if (!dc_has_all(q, r, wanted, NITEMS(wanted)) || !has_no_more(q, r) ||
        !take_mailboxes(q, r, made) || !take_holder(q, r, made, mail)) {
        return false;
    }
    const char *word = shape_str(q->json, "certificate.usage_designation.primary_usage");
    for (size_t i = 0; i < NITEMS(usages); i++) {
        mail->profile = str_eq(usages[i].word, word) ? &usages[i].profile : mail->profile;
    }
    made->mail = mail;
    if (single) {
        made->organization_name = made->locality = made->state = made->country = NULL;
    }
    return mail->profile || dc_bad(q, r, usage);
}
