/* SPDX-License-Identifier: Apache-2.0
 *
 * See dcv.h.
 */
#include "policy/dcv.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

const struct word dcv_method_words[] = {
    {"email", DCV_EMAIL, "constructed address at the domain (BR 3.2.2.4.4)"},
    {"dns", DCV_DNS, "DNS change: TXT or CNAME record (BR 3.2.2.4.7)"},
    {"ip-address", DCV_IP_ADDRESS, "control of the address behind the name (BR 3.2.2.4.8)"},
    {"domain-contact", DCV_DOMAIN_CONTACT, "contact of the registrar (BR 3.2.2.4.12)"},
    {"caa-email", DCV_CAA_EMAIL, "address in a CAA record (BR 3.2.2.4.13)"},
    {"txt-email", DCV_TXT_EMAIL, "address in a TXT record (BR 3.2.2.4.14)"},
    {"txt-phone", DCV_TXT_PHONE, "telephone number in a TXT record (BR 3.2.2.4.16)"},
    {"caa-phone", DCV_CAA_PHONE, "telephone number in a CAA record (BR 3.2.2.4.17)"},
    {"website", DCV_WEBSITE, "agreed-upon change to a website (BR 3.2.2.4.18)"},
    {"http-01", DCV_HTTP_01, "ACME HTTP challenge (BR 3.2.2.4.19)"},
    {"tls-alpn-01", DCV_TLS_ALPN_01, "ACME TLS-ALPN challenge (BR 3.2.2.4.20)"},
    {"dns-account", DCV_DNS_ACCOUNT, "DNS label with account id (BR 3.2.2.4.21)"},
    {"dns-persist", DCV_DNS_PERSIST, "persistent TXT record (BR 3.2.2.4.22)"},
    {0},
};
_Static_assert(NITEMS(dcv_method_words) == DCV__MAX, "a word for every method but none");

/* BR 1.2.2 for the days; 3.2.2.4.x says of which methods that they prove control of every name
 * below the one that was validated (only those may be used for wildcards); 3.2.2.5.x is about
 * addresses. */
/* clang-format off */
#define MAIL_AVOID "2026-03-15"
#define MAIL_UNTIL "2028-03-15"
static const struct dcv_facts facts[DCV__MAX] = {
    [DCV_EMAIL] = {.section = "3.2.2.4.4", .avoid_from = MAIL_AVOID, .until = MAIL_UNTIL,
                   .wildcard = true, .constructed = true},
    [DCV_DNS] = {.section = "3.2.2.4.7", .wildcard = true},
    [DCV_IP_ADDRESS] = {.section = "3.2.2.4.8", .until = "2026-03-15"},
    [DCV_DOMAIN_CONTACT] = {.section = "3.2.2.4.12", .wildcard = true,
                            .ip_section = "3.2.2.5.2", .ip_until = "2027-03-15"},
    [DCV_CAA_EMAIL] = {.section = "3.2.2.4.13", .avoid_from = MAIL_AVOID, .until = MAIL_UNTIL,
                       .wildcard = true},
    [DCV_TXT_EMAIL] = {.section = "3.2.2.4.14", .avoid_from = MAIL_AVOID, .until = MAIL_UNTIL,
                       .wildcard = true},
    [DCV_TXT_PHONE] = {.section = "3.2.2.4.16", .until = "2027-03-15", .wildcard = true},
    [DCV_CAA_PHONE] = {.section = "3.2.2.4.17", .until = "2027-03-15", .wildcard = true},
    [DCV_WEBSITE] = {.section = "3.2.2.4.18", .ip_section = "3.2.2.5.1"},
    [DCV_HTTP_01] = {.section = "3.2.2.4.19", .ip_section = "3.2.2.5.6"},
    [DCV_TLS_ALPN_01] = {.section = "3.2.2.4.20", .ip_section = "3.2.2.5.7"},
    [DCV_DNS_ACCOUNT] = {.section = "3.2.2.4.21", .wildcard = true},
    [DCV_DNS_PERSIST] = {.section = "3.2.2.4.22", .wildcard = true, .ip_section = "3.2.2.5.8",
                         .reuse_days = 10},
};
/* clang-format on */

const char *const dcv_mailboxes[] = {"admin",      "administrator", "webmaster",
                                     "hostmaster", "postmaster",    NULL};

const struct dcv_facts *dcv_facts_of(enum dcv_method method)
{
    return method > DCV_NONE && method < DCV__MAX ? &facts[method] : NULL;
}

const struct dcv_facts *dcv_facts_find(const char *word)
{
    for (const struct word *w = dcv_method_words; word && w->text; w++) {
        if (str_eq(w->text, word)) {
            return dcv_facts_of((enum dcv_method)w->value);
        }
    }
    return NULL;
}

bool dcv_day(const char *text, int64_t *day)
{
    return text && time_parse_date(text, day);
}
