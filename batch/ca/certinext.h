/* SPDX-License-Identifier: Apache-2.0
 *
 * CERTInext (emSign Hub) as far as checking orders needs it: what can be configured
 * (certinext_config.c), what is sold where (certinext.c).
 */
#ifndef BATCH_CA_CERTINEXT_H
#define BATCH_CA_CERTINEXT_H

#include "batch/ca/settings.h"
#include "batch/config.h"

enum certinext_api { CERTINEXT_V1 = 1, CERTINEXT_V2 };
enum certinext_auth { CERTINEXT_ACCESS_KEY = 1, CERTINEXT_OAUTH };
enum certinext_accounting { CERTINEXT_CASH = 1, CERTINEXT_CREDIT }; /* values of the wire */

/* Text is what was written; rules judge it (policy/rules_certinext*.c). */
struct certinext_person {
    const char *name, *email, *isd_code, *mobile_number, *designation;
};

struct certinext_config {
    const char *api_url;
    int api; /* enum certinext_api */
    const char *account_number, *group_number, *organization_number;
    struct {
        int mode; /* enum certinext_auth */
        struct secret_ref access_key, client_secret;
        const char *token_url, *client_id;
    } auth;
    struct certinext_person requestor, technical_contact;
    struct {
        const char *name, *place, *ip;
    } signer;
    const char *default_product;
    int accounting_model; /* enum certinext_accounting */
    bool email_notifications, auto_secure_www, ignore_expired;
    struct {
        int64_t years, renew_days;
        bool auto_renew;
    } subscription;
    int64_t page_size, renewal_window_days;
    struct {
        int64_t first_seconds, interval_seconds, retries, settle_seconds;
    } pickup;
    struct ca_dcv_settings dcv;
};

#define CERTINEXT_OAUTH_HINT                                                                       \
    "make a credential with Auth Type OAuth (Integrations, APIs in the portal) and write auth: "   \
    "{mode: oauth, client_secret: ...}, or leave api at v1"

extern const struct schema certinext_config_schema;
/* What the table cannot say: which keys need which other keys. */
void certinext_check(struct schema_ctx *ctx, const struct ca_config *config);

bool certinext_dcv(const struct ca_config *config, struct ca_dcv *out);

extern const struct ca_type ca_certinext;

#endif
