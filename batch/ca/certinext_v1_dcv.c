/* SPDX-License-Identifier: Apache-2.0
 *
 * Domain control validation through the V1 API (emSign Hub): GetDcv, VerifyDcv, and the names in
 * TrackOrder. Only the DNS TXT method is used: what it proves holds for wildcards too.
 *
 * GetDcv tells the value of the record and not its name: `dcv.txt_record_template` makes that.
 * Asked too early it fails with EMS-956 although TrackOrder shows the name already; a name that was
 * proven before fails with EMS-1080 in both calls, which is a success. VerifyDcv only starts the
 * look, its result is `dcvStatus` in TrackOrder; the sum over all names there lags and leads, so it
 * is not read.
 */
#include "batch/ca/certinext_v1.h"

#include "formats/base/str.h"

/* emSign Hub API, dcvMethod: 1 DNS TXT, 2 file, 3 e-mail. */
#define METHOD_TXT "1"

bool certinext_dcv(const struct ca_config *config, struct ca_dcv *out)
{
    const struct certinext_config *c = config->own;
    return ca_dcv_of(&c->dcv, "_emsign-validation.{0}", out);
}

/* Both calls take the same block. */
bool certinext_v1_dcv(const struct certinext_asked *q, struct jw *j)
{
    if (certinext_blank(q->call->order_id) || certinext_blank(q->call->domain)) {
        return err_set(q->err, ERR_INTERNAL, "a proof of control needs an order and a name");
    }
    jw_object(j, "dcvDetails");
    certinext_put(j, "requestorEmail",
                  certinext_setting_of(q, "requestor.email", q->config->requestor.email));
    jw_str(j, "orderNumber", q->call->order_id);
    jw_str(j, "domainName", q->call->domain);
    jw_str(j, "dcvMethod", METHOD_TXT);
    jw_end(j);
    return true;
}

/* Without a body: the failure that says "not yet" (certinext_ops.c, is_answer). */
static bool too_early(const struct certinext_heard *h)
{
    if (h->body) {
        return false;
    }
    h->out->pending = true;
    h->out->again_seconds = h->config->pickup.interval_seconds;
    h->out->message = "CERTInext is not ready for the proof of this name yet";
    return true;
}

void certinext_v1_challenge(const struct certinext_heard *h)
{
    if (too_early(h)) {
        return;
    }
    h->out->record_value = reply_text(h->out->arena, reply_member(h->body, "dcvDetails"), "token");
    if (!h->out->record_value) {
        h->out->outcome = OUTCOME_REFUSED;
        h->out->message = "CERTInext gave no token for the TXT record";
    }
}

void certinext_v1_validated(const struct certinext_heard *h)
{
    (void)too_early(h); /* else it looks now: TrackOrder tells what it saw */
}

/* emSign Hub API, dcvStatus: 0 open, 1 validated, 2 rejected. `domainVerification` has a text
 * member `status` beside an object for each name. */
void certinext_v1_domains(const struct certinext_heard *h, const json_t *verification)
{
    static const int states[] = {DOMAIN_OPEN, DOMAIN_VALIDATED, DOMAIN_REJECTED};
    const char *name;
    json_t *v;
    h->out->domains =
        arena_array(h->out->arena, json_object_size(verification) + 1, sizeof *h->out->domains);
    json_object_foreach((json_t *)(uintptr_t)verification, name, v)
    {
        if (json_is_object(v)) {
            const uint64_t status = reply_number(v, "dcvStatus", 0);
            struct ca_domain *d = &h->out->domains[h->out->ndomains++];
            d->name = arena_strdup(h->out->arena, name);
            d->state = status < NITEMS(states) ? states[status] : DOMAIN_OPEN;
        }
    }
}
