/* SPDX-License-Identifier: Apache-2.0
 *
 * certinext.*: what an order or revocation at CERTInext says about itself: requestor, agreement,
 * subscription, remarks, group, the call that places it. Names are in rules_certinext_names.c,
 * organizations in rules_certinext_org.c. Settings of the CA are judged in an order, and alone
 * when only the configuration is linted.
 */
#include "policy/names.h"
#include "policy/rules_certinext.h"

#include "formats/base/time.h"

#include <string.h>

static bool is_revocation(const struct rule_run *run)
{
    return rule_facts(run)->s->kind == SUBJECT_REVOCATION;
}

/* --- requestor --- */

/* One mailbox as an account can have it; whether it receives mail nobody can tell here. */
static bool is_mailbox(const char *text)
{
    const char *at = strrchr(text, '@');
    const size_t local = at ? (size_t)(at - text) : 0;
    const char *domain = at ? at + 1 : "";
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p <= ' ' || *p == 0x7F || strchr("\"(),:;<>[\\]", *p)) {
            return false;
        }
    }
    return local >= 1 && local <= 64 && !memchr(text, '@', local) && strchr(domain, '.') &&
           domain[0] != '.' && !str_ends(domain, ".") && !strstr(domain, "..");
}

static bool is_calling_code(const char *text)
{
    return certinext_digits(text, 3);
}

static bool is_mobile(const char *text)
{
    return certinext_digits(text, 15); /* E.164 */
}

static const struct {
    const char *path, *noun;
    bool (*well_formed)(const char *text);
    const char *form;
    enum severity missing;
} requestor_parts[] = {
    {"requestor.name", "name", NULL, NULL, SEV_ERROR},
    {"requestor.email", "e-mail address", is_mailbox, "is no mailbox", SEV_ERROR},
    /* CERTInext takes an order without them and calls the country code 1 */
    {"requestor.isd_code", "country calling code: 1 (United States) is sent", is_calling_code,
     "must be 1 to 3 digits, without + and blanks", SEV_WARNING},
    {"requestor.mobile_number", "mobile number: an empty one is sent", is_mobile,
     "must be digits only, without the country code", SEV_WARNING},
};

static void check_requestor(struct rule_run *run)
{
    for (size_t i = 0; i < NITEMS(requestor_parts); i++) {
        const char *path = requestor_parts[i].path;
        const bool email = str_eq(path, "requestor.email");
        struct certinext_setting s = certinext_setting(run, path);
        if (is_revocation(run) && !email) {
            continue; /* only the address goes along */
        }
        if (!s.text) {
            s.at.severity = requestor_parts[i].missing;
            rule_hit(run, s.at, "the requestor has no %s", requestor_parts[i].noun);
        } else if (requestor_parts[i].well_formed && !requestor_parts[i].well_formed(s.text)) {
            rule_hit(run, s.at, "the requestor's %s %s", strchr(path, '.') + 1,
                     requestor_parts[i].form);
        }
    }
}

/* --- agreement --- */

static void check_agreement(struct rule_run *run)
{
    static const struct {
        const char *path, *instead, *noun;
    } parts[] = {{"signer.name", "requestor.name", "name"},
                 {"signer.place", NULL, "place"},
                 {"signer.ip", NULL, "address (ip)"}};
    const char *missing = NULL;
    struct hit at = {0};
    if (is_revocation(run)) {
        return;
    }
    for (size_t i = 0; i < NITEMS(parts); i++) {
        const struct certinext_setting s = certinext_setting(run, parts[i].path);
        const char *instead =
            parts[i].instead ? certinext_setting(run, parts[i].instead).text : NULL;
        if (!s.text && !instead) {
            at = missing ? at : s.at;
            missing = missing ? arena_printf(rule_arena(run), "%s, no %s", missing, parts[i].noun)
                              : parts[i].noun;
        }
    }
    if (missing) {
        rule_hit(run, at, "the signer of the subscriber agreement has no %s", missing);
    }
    const struct certinext_setting accept = certinext_setting(run, "accept_agreement");
    if (certinext_flag(run, "accept_agreement", 1) == 0) {
        rule_hit(run, accept.at, "the order does not accept the subscriber agreement");
    }
}

/* --- signer-ip --- */
enum { PARAM_TEST_NETS };

/* Why CERTInext answers EMS-1091; multicast stands in no registry of reserved addresses. */
static const char *not_public(const uint8_t *address, size_t n, bool test_nets)
{
    const char *reserved = address_reserved(address, n);
    if (address_in(address, n, n == 4 ? "224.0.0.0/4" : "ff00::/8")) {
        return "multicast";
    }
    return reserved && test_nets && str_eq(reserved, "documentation") ? NULL : reserved;
}

static void check_signer_ip(struct rule_run *run)
{
    const struct certinext_setting s = certinext_setting(run, "signer.ip");
    uint8_t address[16];
    if (!s.text || is_revocation(run)) {
        return; /* certinext.agreement */
    }
    const size_t n = address_parse(s.text, address);
    const char *why = n ? not_public(address, n, rule_bool(run, PARAM_TEST_NETS)) : NULL;
    if (!n) {
        rule_hit(run, s.at, "the signer's address is no IP address");
    } else if (why) {
        rule_hit(run, s.at,
                 "the signer's address is not a public one (%s): CERTInext answers "
                 "EMS-1091 Invalid Signer IP",
                 why);
    }
}

/* --- subscription --- */
enum { YEAR_SECONDS = 365 * DAY_SECONDS, YEARS_MOST = 3 };

/* The term is bought in whole years: what the item says itself, else its validity rounded up,
 * else the configuration's. */
static void check_years(struct rule_run *run)
{
    const int64_t validity = rule_facts(run)->s->validity_seconds;
    struct certinext_setting s = certinext_setting(run, "subscription.years");
    const bool by_validity = validity > 0 && !s.at.pos.line;
    uint64_t years = 1;
    const bool number = by_validity || !s.node || (s.text && str_u64(s.text, &years));
    if (by_validity) {
        years = (uint64_t)((validity + YEAR_SECONDS - 1) / YEAR_SECONDS);
        s.at = (struct hit){.key = "validity"};
    }
    if (!number) {
        rule_hit(run, s.at, "the years of the subscription must be 1, 2 or 3");
    } else if (years < 1 || years > YEARS_MOST) {
        rule_hit(run, s.at, "%s %llu years: CERTInext sells subscriptions of 1, 2 and 3",
                 by_validity ? "this validity needs a subscription of" : "the subscription has",
                 (unsigned long long)years);
    }
}

static void check_subscription(struct rule_run *run)
{
    const struct certinext_setting renew = certinext_setting(run, "subscription.auto_renew");
    const struct certinext_setting days = certinext_setting(run, "subscription.renew_days");
    if (is_revocation(run)) {
        return;
    }
    check_years(run);
    if (certinext_flag(run, "subscription.auto_renew", 0) < 0) {
        rule_hit(run, renew.at, "auto_renew must be true or false");
    }
    if (days.node && !str_eq(days.text, "30") && !str_eq(days.text, "60")) {
        rule_hit(run, days.at, "CERTInext renews 30 or 60 days before expiry, not %s",
                 certinext_shown(run, days.text));
    }
}

/* --- remarks --- */
static const char *not_blank(const char *text)
{
    return text && text[strspn(text, " \t\r\n")] ? text : NULL;
}

/* Sent as additionalInformation.remarks. */
static void check_remarks(struct rule_run *run)
{
    const struct certinext_setting s = certinext_setting(run, "remarks");
    const struct ynode *ticket = rule_change_field(run, "ticket");
    const bool other = not_blank(rule_text(run, "comment")) ||
                       (ticket && ticket->kind == YAML_SCALAR && not_blank(ticket->text));
    if (s.node && !not_blank(s.text)) {
        rule_hit(run, s.at, "the remarks of the order are empty: CERTInext answers EMS-918");
    } else if (!s.node && !other) {
        rule_hit(run, (struct hit){.key = "comment"},
                 "the order has nothing to send as remarks, which CERTInext demands (EMS-918): no "
                 "remarks, no comment, no change ticket");
    }
}

static void check_revoke_remarks(struct rule_run *run)
{
    const char *comment = rule_text(run, "comment");
    if (comment && strchr(comment, ';')) {
        rule_hit(run, (struct hit){.key = "comment", .value = comment},
                 "the comment has a semicolon: CERTInext answers Invalid Revoke Remarks");
    }
}

/* --- csr-reuse --- */

/* CERTInext compares with every order it ever had; here the one that is renewed is at hand. Two
 * orders of one batch are compared by the batch rules. */
static void check_csr_reuse(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const bool again = str_eq(f->s->action, "renew") || str_eq(f->s->action, "reissue");
    const char *reuse = rule_text(run, "reuse_key");
    if (!again) {
        return;
    }
    if (f->csr && f->key && memcmp(f->key->sha256, f->s->prior->key.sha256, SHA256_SIZE) == 0) {
        rule_hit(run, (struct hit){.key = "csr"},
                 "the request has the key of the certificate it replaces: CERTInext answers "
                 "EMS-1099 duplicate CSR");
    } else if (!f->csr && str_eq(reuse, "true")) {
        rule_hit(run, (struct hit){.key = "reuse_key"},
                 "the old key is used again: CERTInext answers EMS-1099 duplicate CSR");
    }
}

/* --- group --- */
static void check_group(struct rule_run *run)
{
    const struct certinext_setting s = certinext_setting(run, "group_number");
    if (is_revocation(run)) {
        return;
    }
    if (!s.text) {
        rule_hit(run, s.at,
                 "no group number: the order goes to the default group, and the "
                 "catalogue may come back empty");
    } else if (!certinext_digits(s.text, 20)) {
        rule_hit(run, s.at, "the group number must be digits");
    }
}

/* --- private-endpoint --- */
static bool is_public_level(const char *level)
{
    return str_eq(level, "dv") || str_eq(level, "ov") || str_eq(level, "iv") || str_eq(level, "ev");
}

/* Seen in the sandbox: product 149 placed at once is EMS-939, as a draft it goes through. */
static bool only_as_draft(const struct product_info *product)
{
    return str_eq(product->environment, "sandbox") && str_eq(product->code, "149");
}

static void check_private_endpoint(struct rule_run *run)
{
    const struct product_info *product = rule_product(run, NULL);
    const struct certinext_setting family = certinext_setting(run, "family");
    const bool ssl = str_eq(family.text, "ssl");
    const struct ynode *api = rule_ca_field(run, "api");
    const bool v2 = api && str_eq(api->text, "v2");
    if (v2 && certinext_flag(run, "save_and_hold", 0) == 1) {
        rule_hit(run, certinext_setting(run, "save_and_hold").at,
                 "api v2 of CERTInext has no drafts: the order would not be sent");
    }
    if (family.node && !ssl && !str_eq(family.text, "private-pki")) {
        rule_hit(run, family.at, "the family must be ssl or private-pki");
        return;
    }
    if (!product) {
        return;
    }
    if (family.node && ssl != is_public_level(product->level)) {
        rule_hit(run, family.at,
                 "product %s (%s) is not sold through the %s order call: CERTInext "
                 "answers EMS-1162",
                 product->code, product->name, family.text);
    }
    if (!v2 && only_as_draft(product) && certinext_flag(run, "save_and_hold", 0) == 0) {
        rule_hit(run, (struct hit){.key = "product", .value = rule_facts(run)->s->product},
                 "product %s (%s) cannot be ordered at once (EMS-939), only as a draft: "
                 "save_and_hold",
                 product->code, product->name);
    }
}

/* clang-format off */
static const struct param signer_ip_params[] = {
    {.name = "test-nets", .kind = PARAM_BOOL, .fallback = "true",
     .help = "addresses reserved for documentation pass, as they do at CERTInext"},
};

#define FULL_CA "ca: {type: certinext, group_number: '2345678901', requestor: {name: PKI, email: " \
    "pki@example.net, isd_code: '1', mobile_number: '5550100123'}, signer: {name: Dana Sample, " \
    "place: Austin, ip: 203.0.113.10}, subscription: {years: 1, auto_renew: false, " \
    "renew_days: 30}}, "
#define GOOD "{" FULL_CA "common_name: www.example.net, product: '838'}"
#define BAD(settings) "{ca: {type: certinext, " settings "}, common_name: www.example.net, " \
    "product: '838'}"

const struct rule rules_certinext[] = {
    {.id = "certinext.requestor", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CA,
     .ca = "certinext",
     .title = "requestor is missing or malformed",
     .why = "Every order names who requests it; an address that is no user of the account, or a "
            "telephone number with signs in it, makes CERTInext refuse the order.",
     .fix = "set requestor: {name, email, isd_code, mobile_number} of the CA, or fields.requestor of "
            "the order",
     .cite = "emSign Hub API, requestorInformation", .check = check_requestor,
     .bad = BAD("requestor: {name: PKI, email: pki@example, isd_code: '+1', mobile_number: "
                "'5550100123'}"),
     .good = GOOD},
    {.id = "certinext.agreement", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CA,
     .ca = "certinext",
     .title = "subscriber agreement is not accepted, or nobody signs it",
     .why = "An order without an accepted agreement, with name, place and address of who accepts "
            "it, is refused or stays pending.",
     .fix = "set signer: {name, place, ip} of the CA, or fields.signer of the order",
     .cite = "emSign Hub API, agreementDetails", .check = check_agreement,
     .bad = BAD("requestor: {name: PKI}, signer: {ip: 203.0.113.10}"), .good = GOOD},
    {.id = "certinext.signer-ip", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CA,
     .ca = "certinext",
     .title = "signer's address is not a public IP address",
     .why = "The agreement is accepted from an address that can be traced; loopback and private "
            "ones are refused with EMS-1091 Invalid Signer IP.",
     .fix = "set signer.ip to the public address the order leaves from",
     .cite = "emSign Hub API, agreementDetails.signerIP", .check = check_signer_ip,
     RULE_PARAMS(signer_ip_params),
     .bad = BAD("signer: {name: Dana Sample, place: Austin, ip: 127.0.0.1}"), .good = GOOD},
    {.id = "certinext.subscription", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CA,
     .ca = "certinext",
     .title = "subscription that CERTInext does not sell",
     .why = "Subscriptions last 1, 2 or 3 years, and a renewal by the CA comes 30 or 60 days before "
            "expiry; other values are refused.",
     .fix = "set subscription: {years, auto_renew, renew_days} of the CA, or shorten the validity",
     .cite = "emSign Hub API, subscriptionDetails", .check = check_subscription,
     .bad = BAD("subscription: {years: 4}"), .good = GOOD},
    {.id = "certinext.group", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_CA,
     .ca = "certinext",
     .title = "no group number",
     .why = "Without a group an order lands in the default group and may wait for review; some "
            "accounts show an empty catalogue, and products look unmapped (EMS-1269).",
     .fix = "set group_number of the CA: Delegation, Groups in the portal",
     .cite = "emSign Hub API, delegationInformation", .check = check_group,
     .bad = BAD("account_number: '1234567890'"), .good = GOOD},
    {.id = "certinext.remarks", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_ORDER,
     .ca = "certinext",
     .title = "order without remarks",
     .why = "CERTInext refuses an order with empty remarks (EMS-918 Additional Information cannot be "
            "empty).",
     .fix = "give the manifest a change ticket, the order a comment, or set fields.remarks",
     .cite = "emSign Hub API, additionalInformation.remarks", .check = check_remarks,
     .bad = "{ca: certinext-prod, common_name: www.example.net, product: '838'}",
     .good = "{ca: certinext-prod, common_name: www.example.net, product: '838', change: {ticket: "
             "CHG0031337}}"},
    {.id = "certinext.csr-reuse", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER | NEEDS_PRIOR, .ca = "certinext",
     .title = "key of an earlier order is used again",
     .why = "CERTInext refuses a request whose key was in any earlier order (EMS-1099).",
     .fix = "generate a new key for the new certificate",
     .cite = "emSign Hub API, EMS-1099", .check = check_csr_reuse,
     .bad = "{ca: certinext-prod, product: '838', action: renew, "
            "csr: certinext.csr-reuse.pem, prior: certinext.csr-reuse.cert.pem}",
     .good = "{ca: certinext-prod, product: '838', action: renew, "
             "csr: good.pem, prior: certinext.csr-reuse.cert.pem}"},
    {.id = "certinext.private-endpoint", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER, .ca = "certinext",
     .title = "product and order call do not fit",
     .why = "Private PKI, S/MIME and signing products are not known to the call that orders server "
            "certificates (EMS-1162), and some can only be placed as drafts (EMS-939).",
     .fix = "leave fields.family out, or set it to the product's; order product 149 with "
            "fields.save_and_hold: true",
     .cite = "emSign Hub API, GenerateOrderPrivatePKI", .check = check_private_endpoint,
     .bad = "{ca: certinext-prod, common_name: app.corp.example.net, product: '100', "
            "fields: {family: ssl}}",
     .good = "{ca: certinext-prod, common_name: app.corp.example.net, product: '100', "
             "fields: {family: private-pki}}"},
    {.id = "certinext.revoke-remarks", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_REVOCATION, .ca = "certinext",
     .title = "semicolon in the comment of a revocation",
     .why = "CERTInext refuses the revocation (Invalid Revoke Remarks), and the certificate stays "
            "valid.",
     .fix = "write the comment without semicolons",
     .cite = "emSign Hub API, RevokeOrder", .check = check_revoke_remarks,
     .bad = "{ca: certinext-prod, action: revoke, serial: 0A1B2C, reason: superseded, "
            "comment: 'replaced; see CHG0031337'}",
     .good = "{ca: certinext-prod, action: revoke, serial: 0A1B2C, reason: superseded, "
             "comment: replaced under CHG0031337}"},
    {0}};
/* clang-format on */
