/* SPDX-License-Identifier: Apache-2.0
 *
 * emca.*: what emCA must be told before anything can be ordered there. Its versions speak
 * different languages (dialects).
 */
#include "policy/rules_ca.h"

#include "formats/base/time.h"

#include <string.h>

/* Versions whose dialect is known; of every other it has to be said. 4.2.3 stands between two
 * generations and is documented for neither. */
static const struct {
    const char *prefix, *dialect;
} versions[] = {
    {"4.0.17", "rest-4.0.17"}, {"4.2.4", "rest-jwt"}, {"4.2.5", "rest-jwt"},
    {"4.2.6", "rest-jwt"},     {"4.3.", "rest-jwt"},  {"5.", "rest-jwt"},
};

const char *emca_dialect_of(const char *version)
{
    version += version[0] == 'V' || version[0] == 'v';
    for (size_t i = 0; i < NITEMS(versions); i++) {
        if (str_starts(version, versions[i].prefix)) {
            return versions[i].dialect;
        }
    }
    return NULL;
}

const char *emca_dialect_said(const struct ynode *settings)
{
    const char *version = text_below(settings, "version");
    const char *dialect = text_below(settings, "dialect");
    return dialect || !version ? dialect : emca_dialect_of(version);
}

static bool is_loopback(const char *url)
{
    return str_starts(url, "http://127.") || str_starts(url, "http://localhost") ||
           str_starts(url, "http://[::1]"); /* config.c judges these in full */
}

static void check_url(struct rule_run *run)
{
    const char *url = rule_ca_text(run, "base_url");
    const struct hit at = {.ca_key = "base_url", .value = url};
    if (!url) {
        rule_hit(run, at, "the CA has no base_url");
    } else if (!str_starts(url, "https://") && !is_loopback(url)) {
        rule_hit(run, at, "the base_url does not begin with https://");
    }
}

/* The dialect, or NULL after a finding. */
static const char *check_dialect(struct rule_run *run)
{
    const char *version = rule_ca_text(run, "version");
    const char *dialect = emca_dialect_said(rule_facts(run)->s->ca_node);
    if (!dialect && !version) {
        rule_hit(run, (struct hit){.ca_key = "version"},
                 "neither version nor dialect says how to talk to this emCA");
    } else if (!dialect) {
        rule_hit(run, (struct hit){.ca_key = "version", .value = version},
                 "version %s does not tell the dialect; say dialect: rest-4.0.17, est or rest-jwt",
                 ca_shown(run, version));
    }
    return dialect;
}

static void check_required(struct rule_run *run)
{
    check_url(run);
    const char *dialect = check_dialect(run);
    if (!ca_is_order(run) || str_eq(dialect, "est")) {
        return; /* an EST server has its one profile and subscriber itself */
    }
    const struct said subscriber = ca_said(run, "fields.subscriber_id", "subscriber_id");
    if (!ca_said_product(run, "fields.profile", "profile").text) {
        rule_hit(run, (struct hit){.key = "product"},
                 "neither the order nor the settings of the CA name a certificate profile");
    }
    if (!subscriber.text) {
        rule_hit(run, subscriber.at, "no subscriber is given (subscriber_id)");
    }
}

/* --- validity --- */

enum { DAYS_MAX = 36135 };

/* Days:Hours:Minutes:Seconds, each in its range. */
static bool is_term(const char *text)
{
    static const unsigned most[] = {DAYS_MAX, 23, 59, 59};
    for (size_t i = 0; i < NITEMS(most); i++) {
        const size_t digits = strspn(text, "0123456789");
        unsigned long n = 0;
        if (digits < 1 || digits > 5) {
            return false;
        }
        for (size_t k = 0; k < digits; k++) {
            n = n * 10 + (unsigned long)(text[k] - '0');
        }
        text += digits;
        if (n > most[i] || *text != (i + 1 < NITEMS(most) ? ':' : '\0')) {
            return false;
        }
        text++;
    }
    return true;
}

static void check_validity_format(struct rule_run *run)
{
    const struct said term = ca_said(run, "fields.validity", "validity");
    const int64_t seconds = rule_facts(run)->s->validity_seconds;
    const int64_t most = (int64_t)(DAYS_MAX + 1) * DAY_SECONDS - 1;
    if (term.text && !ca_is_revocation(run) && !is_term(term.text)) {
        rule_hit(run, term.at,
                 "the validity %s is not Days:Hours:Minutes:Seconds up to 36135:23:59:59",
                 ca_shown(run, term.text));
    }
    if (ca_is_order(run) && seconds > most) {
        rule_hit(run, (struct hit){.key = "validity"}, "the validity is above 36135:23:59:59");
    }
}

#define BASE "type: emca, version: 4.0.17, base_url: 'https://emca.corp.example'"
/* clang-format off */
const struct rule rules_emca[] = {
    {.id = "emca.required", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CA,
     .ca = "emca",
     .title = "order or settings lack what emCA needs",
     .why = "Without profile, subscriber, dialect and an https address no request can be made.",
     .fix = "complete the settings of the CA, or give the profile as product",
     .cite = "emCA open API specification V4.0.17", .check = check_required,
     .bad = "{ca: {" BASE "}, common_name: www.corp.example.com, product: tls}",
     .good = "{ca: {" BASE ", subscriber_id: '12'}, common_name: www.corp.example.com, "
             "product: tls}"},
    {.id = "emca.validity-format", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_CA, .ca = "emca",
     .title = "validity is not in the form of emCA",
     .why = "emCA refuses the request.",
     .fix = "write Days:Hours:Minutes:Seconds, as 199:00:00:00",
     .cite = "emCA open API specification V4.0.17", .check = check_validity_format,
     .bad = "{ca: {" BASE "}, common_name: www.corp.example.com, fields: {validity: 199d}}",
     .good = "{ca: {" BASE "}, common_name: www.corp.example.com, "
             "fields: {validity: '199:00:00:00'}}"},
    {0}};
/* clang-format on */
