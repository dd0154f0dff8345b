/* SPDX-License-Identifier: Apache-2.0
 *
 * See dcv.h.
 */
#include "policy/dcv.h"

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
