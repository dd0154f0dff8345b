/* SPDX-License-Identifier: Apache-2.0
 *
 * revoke.*: revocation requests. The rows, and the checks of target, approval, dates and comment.
 */
#include "policy/rules_revoke.h"

#include "formats/base/time.h"
#include "formats/crl.h"
#include "policy/engine.h"

#include <string.h>

bool revoke_time(const struct rule_run *run, const char *key, int64_t *out)
{
    const char *text = rule_text(run, key);
    return text && time_parse_any(text, out);
}

/* --- the certificate --- */

static void check_identity(struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    const char *key = rule_field(run, "serial") ? "serial" : "order";
    if (!s->ca && !s->prior && rule_field(run, key)) {
        rule_hit(run, (struct hit){.key = key, .value = rule_text(run, key)},
                 "the number alone says nothing: no CA is named that gave it");
    }
}

static void check_target_ca(struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    if (s->ca_issuer && s->prior && !cert_issued_by(s->prior, s->ca_issuer)) {
        const char *issuer = dn_text(rule_arena(run), &s->prior->issuer);
        rule_hit(run, (struct hit){.key = "certificate", .value = issuer},
                 "the certificate was not issued by this CA");
    }
}

static void check_expired(struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    char day[TIME_TEXT];
    if (s->prior && s->prior->not_after < subject_date(s)) {
        time_format_date(s->prior->not_after, day);
        rule_hit(run, (struct hit){.key = "certificate", .value = day},
                 "the certificate expired on %s", day);
    }
}

static void check_in_use(struct rule_run *run)
{
    const char *places = rule_facts(run)->s->places;
    if (places) {
        rule_hit(run, (struct hit){.value = places},
                 "the certificate is still in use, by the inventory: %s",
                 str_vis_dup(rule_arena(run), places, strlen(places)));
    }
}

static void check_already(struct rule_run *run)
{
    const char *by = rule_facts(run)->s->revoked;
    if (by) {
        rule_hit(run, (struct hit){.value = by}, "the certificate is revoked already, says %s",
                 str_vis_dup(rule_arena(run), by, strlen(by)));
    }
}

static void check_is_ca(struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    if (s->prior && s->prior->is_ca) {
        const char *subject = dn_text(rule_arena(run), &s->prior->subject);
        rule_hit(run, (struct hit){.key = "certificate", .value = subject},
                 "the certificate is that of a CA");
    }
}

/* --- the request --- */

static size_t approvers(const struct ynode *list, const char *requester)
{
    size_t n = 0;
    if (list && list->kind == YAML_SCALAR) {
        return list->text[0] && !str_ieq(list->text, requester);
    }
    for (const struct ynode *a = list ? list->first : NULL; a; a = a->next) {
        bool again = !a->text || !a->text[0] || str_ieq(a->text, requester);
        for (const struct ynode *b = list->first; b != a && !again; b = b->next) {
            again = b->text && str_ieq(a->text, b->text);
        }
        n += !again;
    }
    return n;
}

/* Of emergencies the approval may follow: the deadline of BR 4.9.1.1 does not wait for it. */
static void check_approval(struct rule_run *run)
{
    const struct ynode *list = rule_change_field(run, "approved_by");
    const struct ynode *by = rule_change_field(run, "requested_by");
    const struct ynode *type = rule_change_field(run, "type");
    const struct ynode *at = list ? list : rule_change_field(run, "");
    const char *requester = by && by->kind == YAML_SCALAR ? by->text : NULL;
    const size_t n = approvers(list, requester);
    const bool emergency = type && type->kind == YAML_SCALAR && str_eq(type->text, "emergency");
    if (n < (uint64_t)rule_int(run, 0)) {
        struct hit here = {.severity = emergency ? SEV_WARNING : SEV_DISABLED};
        here.pos = at ? yaml_pos(rule_facts(run)->s->file, at) : here.pos;
        rule_hit(run, here, "%zu of the %lld people that have to approve a revocation did so", n,
                 (long long)rule_int(run, 0));
    }
}

/* When the revocation is planned: the window of the change and its own not_before, where these are
 * still to come. */
static int64_t planned(const struct rule_run *run)
{
    const struct ynode *start = rule_change_field(run, "window.start");
    int64_t date = subject_date(rule_facts(run)->s);
    int64_t at;
    if (start && start->kind == YAML_SCALAR && time_parse_any(start->text, &at) && at > date) {
        date = at;
    }
    return revoke_time(run, "not_before", &at) && at > date ? at : date;
}

static void check_deadline(struct rule_run *run)
{
    int64_t known;
    const int64_t situation = revoke_situation(run);
    const int64_t hours = revoke_hours(situation, rule_facts(run)->s->reason);
    if (!hours || !revoke_time(run, "known_since", &known) ||
        planned(run) <= known + hours * 3600) {
        return;
    }
    char due[TIME_TEXT], then[TIME_TEXT];
    time_format(known + hours * 3600, due);
    time_format(planned(run), then);
    rule_hit(run, (struct hit){.key = "known_since", .value = rule_text(run, "known_since")},
             "the revocation is due by %s, within %lld hours, but planned for %s", due,
             (long long)hours, then);
}

static void check_comment(struct rule_run *run)
{
    const struct ca_facts *ca = rule_ca(run);
    const char *text = rule_text(run, "comment");
    const size_t n = text ? utf8_length(text, strlen(text)) : 0;
    if (!ca) {
        return;
    }
    const char *bad = text && ca->comment_refused ? strpbrk(text, ca->comment_refused) : NULL;
    const struct hit here = {.key = "comment", .value = text};
    if (n < ca->comment_min) {
        rule_hit(run, here, "%s wants a comment of at least %u characters", ca->title,
                 ca->comment_min);
    } else if (ca->comment_max && n > ca->comment_max) {
        rule_hit(run, here, "the comment has %zu characters; %s takes %u", n, ca->title,
                 ca->comment_max);
    } else if (bad) {
        rule_hit(run, here, "%s does not take a '%c' in a comment", ca->title, *bad);
    }
}

static void check_invalidity_date(struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    const struct hit here = {.key = "invalidity_date", .value = rule_text(run, "invalidity_date")};
    char day[TIME_TEXT];
    int64_t at;
    if (!revoke_time(run, "invalidity_date", &at)) {
        return;
    }
    if (at > subject_date(s)) {
        rule_hit(run, here, "the date of the compromise is in the future");
    } else if (s->prior && at < s->prior->not_before) {
        time_format_date(s->prior->not_before, day);
        rule_hit(run, here, "the compromise would be older than the certificate, which began on %s",
                 day);
    }
}

/* clang-format off */
static const char *const evidence_fields[] = {"incident", "comment", NULL};
static const struct param required_params[] = {
    {.name = "required", .kind = PARAM_BOOL, .fallback = "true",
     .help = "every revocation names its reason, unspecified included"},
};
static const struct param public_params[] = {
    {.name = "allowed", .kind = PARAM_STRINGS, .tokens = revoke_reason_tokens,
     .fallback = "unspecified keyCompromise affiliationChanged superseded cessationOfOperation",
     .help = "reasons a subscriber may give"},
};
static const struct param offered_params[] = {
    {.name = "reason-map", .kind = PARAM_STRINGS, .fallback = "",
     .help = "REASON=REASON: what to write instead of a reason that the CA does not take; it is "
             "only told, never substituted"},
};
static const struct param evidence_params[] = {
    {.name = "field", .kind = PARAM_STRINGS, .fallback = "incident", .tokens = evidence_fields,
     .help = "keys of a revocation of which one refers to the incident"},
};
static const struct param order_params[] = {
    {.name = "min-delay", .kind = PARAM_INT, .fallback = "0", .min = 0, .max = 720,
     .help = "hours between the issue of the new certificate and the revocation of the old; more "
             "than 0 puts them into two batches"},
};
static const struct param mixed_params[] = {
    {.name = "together", .kind = PARAM_STRINGS, .fallback = "", .tokens = revoke_class_tokens,
     .help = "kinds of reasons that may share a batch: compromise (of a key or CA), withdrawn "
             "(privilegeWithdrawn), hold (certificateHold, removeFromCRL), routine (the rest)"},
};
static const struct param count_params[] = {
    {.name = "max", .kind = PARAM_INT, .fallback = "50", .min = 1, .max = 50000,
     .help = "revocations of one batch that need no confirmation"},
};
static const struct param approval_params[] = {
    {.name = "approvers", .kind = PARAM_INT, .fallback = "1", .min = 0, .max = 10,
     .help = "people beside the requester that have to approve"},
};

#define REVOKE .scope = SCOPE_ALL, .needs = NEEDS_REVOCATION
#define BATCH  .scope = SCOPE_ALL, .needs = NEEDS_BATCH
#define PUBLIC .scope = SCOPE_TLS, .needs = NEEDS_REVOCATION
#define ONE(rest)  "{action: revoke, serial: '0A1B', ca: local" rest "}"
#define FILE_(file, rest) "{action: revoke, prior: " file ", ca: local" rest "}"
#define MANIFEST(body) "manifest:{certbatch: 1, name: sample, ca: local, revocations: [{id: a, " body "}]}"
#define LIST "batch:revocations:\n"
/* clang-format on */

/* clang-format off */
const struct rule rules_revoke[] = {
    {.id = "revoke.reason.required", .severity = SEV_ERROR, REVOKE,
     .title = "revocation without a reason",
     .why = "Without a word the CA publishes none, and nobody can tell later whether the key was "
            "lost or the server retired.",
     .fix = "name the reason; unspecified is one too",
     .cite = "BR 7.2.2, RFC 5280 section 5.3.1",
     .check = revoke_check_required, RULE_PARAMS(required_params),
     .bad = ONE(""), .good = ONE(", reason: unspecified")},
    {.id = "revoke.reason.known", .severity = SEV_ERROR, .floor = SEV_ERROR, .unwaivable = true,
     .scope = SCOPE_ALL,
     .title = "revocation reason that RFC 5280 does not have",
     .why = "A word that is guessed at ends in a CRL as another reason, and stays there.",
     .fix = "write a reason of RFC 5280, as a word or number",
     .cite = "RFC 5280 section 5.3.1",
     .bad = MANIFEST("serial: '0A1B', reason: stolen"),
     .good = MANIFEST("serial: '0A1B', reason: key-compromise")},
    {.id = "revoke.reason.public", .severity = SEV_ERROR, PUBLIC, .from = "2023-07-15",
     .title = "reason that is not for public server certificates",
     .why = "Browsers' root programs accept five reasons from subscribers; the CA has to refuse "
            "or change any other.",
     .fix = "choose keyCompromise, affiliationChanged, superseded, cessationOfOperation or "
            "unspecified",
     .cite = "BR 7.2.2, MRSP 6.1.1", .check = revoke_check_public, RULE_PARAMS(public_params),
     .bad = ONE(", reason: cACompromise"), .good = ONE(", reason: keyCompromise")},
    {.id = "revoke.reason.privilege-withdrawn", .severity = SEV_WARNING, PUBLIC,
     .title = "subscriber asks for privilegeWithdrawn",
     .why = "The reason says that the subscriber broke the rules; only the CA can say so.",
     .fix = "give the reason from your side, or let the CA revoke",
     .cite = "BR 7.2.2", .check = revoke_check_withdrawn,
     .bad = ONE(", reason: privilegeWithdrawn"), .good = ONE(", reason: superseded")},
    {.id = "revoke.reason.ca", .severity = SEV_ERROR, REVOKE,
     .title = "CA does not take the reason",
     .why = "The request would be refused, or worse, filed under another reason.",
     .fix = "choose a reason that the CA takes",
     .cite = "interface of the CA", .check = revoke_check_offered, RULE_PARAMS(offered_params),
     .bad = ONE(", reason: aACompromise"), .good = ONE(", reason: affiliationChanged")},
    {.id = "revoke.hold", .severity = SEV_ERROR, PUBLIC, .from = "2020-09-30",
     .title = "public certificate put on hold",
     .why = "Public certificates cannot be suspended; what is revoked stays revoked.",
     .fix = "revoke it for good, or not at all",
     .cite = "BR 4.9.13, BR 7.2.2", .check = revoke_check_hold,
     .bad = ONE(", reason: certificateHold"), .good = ONE(", reason: unspecified")},
    {.id = "revoke.key-compromise.evidence", .severity = SEV_WARNING, REVOKE,
     .title = "keyCompromise without an incident",
     .why = "CAs block the key for ever and ask for proof; an auditor looks for the incident.",
     .fix = "add incident: with its number",
     .cite = "BR 4.9.12", .check = revoke_check_evidence, RULE_PARAMS(evidence_params),
     .bad = ONE(", reason: keyCompromise"), .good = ONE(", reason: keyCompromise, incident: INC0031337")},
    {.id = "revoke.key-compromise.siblings", .severity = SEV_ERROR, BATCH,
     .title = "another certificate of the batch has the compromised key",
     .why = "A certificate stays usable by whoever has the key, whatever happens to its siblings.",
     .fix = "revoke every certificate of the key for keyCompromise",
     .cite = "BR 4.9.1.1, BR 6.1.1.3", .check = revoke_check_siblings,
     .bad = LIST "  - {id: a, prior: prior.pem, reason: keyCompromise}\n"
                 "  - {id: b, prior: prior-sibling.pem, reason: superseded}\n",
     .good = LIST "  - {id: a, prior: prior.pem, reason: keyCompromise}\n"
                  "  - {id: b, prior: prior-sibling.pem, reason: keyCompromise}\n"},
    {.id = "revoke.key-compromise.reorder", .severity = SEV_ERROR, BATCH,
     .title = "compromised key ordered again",
     .why = "The CA has to refuse the key, and the new certificate would be as bad as the old.",
     .fix = "make a new key",
     .cite = "BR 6.1.1.3", .check = revoke_check_reorder,
     .bad = LIST "  - {id: a, prior: prior-same-key.pem, reason: keyCompromise}\n"
                 "orders: [{id: b, csr: good.pem}]\n",
     .good = LIST "  - {id: a, prior: prior.pem, reason: keyCompromise}\n"
                  "orders: [{id: b, csr: good.pem}]\n"},
    {.id = "revoke.reason.hierarchy", .severity = SEV_WARNING, REVOKE,
     .title = "manifest speaks for a stronger reason",
     .why = "Where several reasons fit the strongest counts: software warns of a compromised key, "
            "not of a superseded certificate.",
     .fix = "give the stronger reason, or correct situation, invalidity_date or replacement",
     .cite = "MRSP 6.1.1, BR 4.9.1.1", .check = revoke_check_hierarchy,
     .bad = ONE(", reason: superseded, situation: 3"),
     .good = ONE(", reason: keyCompromise, situation: 3")},
    {.id = "revoke.reason.mixed", .severity = SEV_ERROR, BATCH,
     .title = "revocations of different kinds in one batch",
     .why = "A compromised key is revoked within hours and approved by whoever handles the "
            "incident; superseded certificates wait for their servers. In one batch the urgent is "
            "late or the rest is rushed.",
     .fix = "put them into a batch of their own",
     .cite = "BR 4.9.1.1", .check = revoke_check_mixed, RULE_PARAMS(mixed_params),
     .bad = LIST "  - {id: a, serial: '01', reason: keyCompromise}\n"
                 "  - {id: b, serial: '02', reason: superseded}\n",
     .good = LIST "  - {id: a, serial: '01', reason: cessationOfOperation}\n"
                  "  - {id: b, serial: '02', reason: superseded}\n"},
    {.id = "revoke.superseded.replacement", .severity = SEV_WARNING, BATCH,
     .title = "superseded by nothing",
     .why = "The reason says that a new certificate is in place; if there is none, servers stop.",
     .fix = "name the new certificate with after: or replaced_by:",
     .cite = "BR 7.2.2", .check = revoke_check_replacement,
     .bad = LIST "  - {id: a, serial: '0A1B', reason: superseded}\n",
     .good = LIST "  - {id: a, serial: '0A1B', reason: superseded, replaced_by: '0A1C'}\n"},
    {.id = "revoke.superseded.order", .severity = SEV_ERROR, BATCH,
     .title = "revoked before its replacement is in place",
     .why = "Between the two the server has no certificate that works.",
     .fix = "add after: with the id of the order, or revoke in a later batch",
     .cite = "certbatch", .check = revoke_check_order, RULE_PARAMS(order_params),
     .bad = "batch:orders: [{id: www, common_name: www.example.com}]\n"
            "revocations: [{id: a, serial: '0A1B', reason: superseded, replaced_by: www}]\n",
     .good = "batch:orders: [{id: www, common_name: www.example.com}]\n"
             "revocations: [{id: a, serial: '0A1B', reason: superseded, replaced_by: www, "
             "after: www}]\n"},
    {.id = "revoke.cessation", .severity = SEV_WARNING, BATCH,
     .title = "cessationOfOperation of names that are ordered again",
     .why = "The reason says that the names are no longer used.",
     .fix = "give superseded as the reason",
     .cite = "BR 7.2.2", .check = revoke_check_cessation,
     .bad = LIST "  - {id: a, prior: prior.pem, reason: cessationOfOperation}\n"
                 "orders: [{id: www, common_name: www.example.com}]\n",
     .good = LIST "  - {id: a, prior: prior.pem, reason: cessationOfOperation}\n"
                  "orders: [{id: www, common_name: shop.example.com}]\n"},
    {.id = "revoke.affiliation", .severity = SEV_WARNING, REVOKE,
     .title = "affiliationChanged of a certificate without an organization",
     .why = "The reason is about the identity in the subject; there is none.",
     .fix = "give cessationOfOperation or superseded as the reason",
     .cite = "BR 7.2.2", .check = revoke_check_affiliation,
     .bad = FILE_("prior-dv.pem", ", reason: affiliationChanged"),
     .good = FILE_("prior.pem", ", reason: affiliationChanged")},
    {.id = "revoke.serial.format", .severity = SEV_ERROR, .floor = SEV_ERROR, .unwaivable = true,
     .scope = SCOPE_ALL,
     .title = "text that is no serial number",
     .why = "A number read in the wrong base is the serial number of another certificate.",
     .fix = "write it in hexadecimal, up to 40 digits, or in decimal after dec:",
     .cite = "RFC 5280 section 4.1.2.2",
     .bad = MANIFEST("serial: '-1', reason: superseded"),
     .good = MANIFEST("serial: 'dec:2587', reason: superseded")},
    {.id = "revoke.target.identity", .severity = SEV_ERROR, REVOKE,
     .title = "number without the CA that gave it",
     .why = "A serial number is unique within one CA only.",
     .fix = "name the CA, or the file of the certificate",
     .cite = "RFC 5280 section 4.1.2.2", .check = check_identity,
     .bad = "{action: revoke, serial: '0A1B', reason: superseded}",
     .good = ONE(", reason: superseded")},
    {.id = "revoke.target.ca", .severity = SEV_ERROR, REVOKE,
     .title = "certificate of another CA",
     .why = "Only its issuer can revoke a certificate; the number may belong to another one here.",
     .fix = "name the CA that issued it",
     .cite = "RFC 5280 section 5", .check = check_target_ca,
     .bad = FILE_("prior.pem", ", issuer: other-ca.pem, reason: superseded"),
     .good = FILE_("prior.pem", ", issuer: prior-ca.pem, reason: superseded")},
    {.id = "revoke.target.expired", .severity = SEV_WARNING, REVOKE,
     .title = "certificate has expired already",
     .why = "Most CAs refuse, and CRLs need not list expired certificates.",
     .fix = "leave the revocation out",
     .cite = "RFC 5280 section 3.3", .check = check_expired,
     .bad = FILE_("prior-expired.pem", ", reason: superseded"),
     .good = FILE_("prior.pem", ", reason: superseded")},
    {.id = "revoke.target.in-use", .severity = SEV_WARNING, REVOKE,
     .title = "certificate is still in use",
     .why = "Whatever still serves it stops working for those who check. Needs an inventory: "
            "--inventory FILE.",
     .fix = "put the new certificate in place first, or correct the inventory",
     .cite = "certbatch", .check = check_in_use,
     .bad = ONE(", reason: superseded, places: 'www.example.com:443, 192.0.2.11:8443'"),
     .good = ONE(", reason: superseded")},
    {.id = "revoke.target.already", .severity = SEV_INFO, REVOKE,
     .title = "certificate is revoked already",
     .why = "Nothing changes any more, except that keyCompromise may take the place of a lesser "
            "reason. Needs an inventory: --inventory FILE.",
     .fix = "leave the revocation out",
     .cite = "BR 7.2.2", .check = check_already,
     .bad = ONE(", reason: superseded, revoked: 'inventory.csv, row 3'"),
     .good = ONE(", reason: superseded")},
    {.id = "revoke.target.is-ca", .severity = SEV_ERROR, REVOKE,
     .title = "certificate is that of a CA",
     .why = "With a CA every certificate below it is revoked, and other rules and deadlines hold.",
     .fix = "check the file; a CA certificate is revoked by its issuer, by hand",
     .cite = "BR 4.9.1.2", .check = check_is_ca,
     .bad = FILE_("prior-ca.pem", ", reason: superseded"),
     .good = FILE_("prior.pem", ", reason: superseded")},
    {.id = "revoke.count.max", .severity = SEV_ERROR, BATCH,
     .title = "more revocations than go without being asked",
     .why = "One wrong filter in a script takes down a whole estate. `certbatch run` wants the "
            "number of revocations said: --confirm N.",
     .fix = "check the list with `certbatch plan`, then run with --confirm N",
     .cite = "BR 5.7.1.2", .check = revoke_check_count, RULE_PARAMS(count_params),
     .bad = LIST "  - {id: a, serial: '01', reason: unspecified}\n"
                 "  - {id: b, serial: '02', reason: unspecified}\n"
                 "# with revoke.count.max: {max: 1}",
     .good = LIST "  - {id: a, serial: '01', reason: unspecified}\n"
                  "# with revoke.count.max: {max: 1}"},
    {.id = "revoke.approval", .severity = SEV_ERROR, REVOKE,
     .title = "nobody else approved the revocation",
     .why = "A revocation cannot be taken back, so two people have to want it, of standard changes "
            "too. Of emergencies this is a warning.",
     .fix = "have somebody else approve the change: approved_by",
     .cite = "certbatch", .check = check_approval, RULE_PARAMS(approval_params),
     .bad = ONE(", reason: superseded, change: {requested_by: a.singh, approved_by: A.Singh}"),
     .good = ONE(", reason: superseded, change: {requested_by: a.singh, approved_by: [m.ortiz]}")},
    {.id = "revoke.deadline", .severity = SEV_WARNING, REVOKE,
     .title = "planned later than the CA is allowed to wait",
     .why = "The CA will revoke within 24 hours or 5 days of knowing, ready or not.",
     .fix = "run earlier, or tell the CA now",
     .cite = "BR 4.9.1.1", .check = check_deadline,
     .bad = ONE(", reason: keyCompromise, situation: 3, known_since: 2026-11-20T11:59:59Z"),
     .good = ONE(", reason: keyCompromise, situation: 3, known_since: 2026-11-20T12:00:00Z")},
    {.id = "revoke.comment", .severity = SEV_ERROR, REVOKE,
     .title = "comment that the CA does not take",
     .why = "The request is refused after everything else was checked.",
     .fix = "write a comment of the length and characters that the CA takes",
     .cite = "interface of the CA", .check = check_comment,
     .bad = "{action: revoke, serial: '0A1B', ca: sectigo, reason: superseded}",
     .good = "{action: revoke, serial: '0A1B', ca: sectigo, reason: superseded, "
             "comment: replaced under CHG0031337}"},
    {.id = "revoke.invalidity-date", .severity = SEV_WARNING, REVOKE,
     .title = "date of the compromise cannot be right",
     .why = "Signatures made since then are no longer believed; a wrong date disowns good ones or "
            "keeps bad ones.",
     .fix = "give the time since when the key is known or suspected to be compromised",
     .cite = "RFC 5280 section 5.3.2", .check = check_invalidity_date,
     .bad = ONE(", reason: keyCompromise, invalidity_date: 2026-11-22"),
     .good = ONE(", reason: keyCompromise, invalidity_date: 2026-11-20")},
    {0}};
/* clang-format on */
