/* SPDX-License-Identifier: Apache-2.0
 *
 * S/MIME at CertCentral ("Order secure email certificate"): names are mailboxes, and what the
 * common name is made of is the order's word, not ours. So nobody knows the common name before the
 * certificate is there: a lost order is not searched by name.
 */
#include "batch/ca/digicert.h"

#include "batch/manifest.h"
#include "formats/base/str.h"

bool digicert_is_mail(const struct ca_config *config, const struct ca_order *o)
{
    const struct product_info *p = o && o->product ? ca_product_of(config, o->product) : NULL;
    return p && str_eq(p->level, "smime");
}

const char *digicert_listed_name(const struct ca_config *config, const struct ca_order *o)
{
    return o && !digicert_is_mail(config, o) ? digicert_common_name(o) : NULL;
}

static const char *subject_part(const struct ca_order *o, const char *name)
{
    for (size_t i = 0; i < o->ndn; i++) {
        if (str_eq(o->dn[i].name, name)) {
            return o->dn[i].value;
        }
    }
    return NULL;
}

/* What `smime:` of an item says, in the words of the API; NULL: nothing, or legacy, which ended. */
static const char *usage_word(const struct ca_order *o)
{
    static const char *const words[] = {[SMIME_SIGNING] = "signing",
                                        [SMIME_ENCRYPTION] = "key_management",
                                        [SMIME_DUAL] = "dual_use"};
    return o->smime && o->smime->use ? words[o->smime->use] : NULL;
}

static const char *profile_word(const struct ca_order *o)
{
    const int generation = o->smime ? o->smime->generation : SMIME_GEN_NONE;
    return generation == SMIME_STRICT         ? "strict"
           : generation == SMIME_MULTIPURPOSE ? "multipurpose"
                                              : NULL;
}

static void put_person(const struct ca_order *o, struct jw *j)
{
    static const struct {
        const char *attribute, *member;
    } parts[] = {{"GN", "first_name"}, {"SN", "last_name"}, {"pseudonym", "pseudonym"}};
    bool begun = false;
    for (size_t i = 0; i < NITEMS(parts); i++) {
        const char *value = subject_part(o, parts[i].attribute);
        if (value && !begun) {
            jw_object(j, "individual");
            begun = true;
        }
        rest_put(j, parts[i].member, value);
    }
    if (begun) {
        jw_end(j);
    }
}

/* Which usage an account may order was not published for all of them, so every part can be said
 * under `fields:`. */
void digicert_put_mail(const struct rest_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    const char *usage = digicert_field(o, "primary_usage", usage_word(o));
    digicert_put_names(o, j, "emails", NULL);
    rest_put(j, "common_name_indicator", digicert_field(o, "common_name_indicator", NULL));
    rest_put(j, "profile_type", digicert_field(o, "profile_type", profile_word(o)));
    put_person(o, j);
    jw_object(j, "usage_designation");
    jw_str(j, "primary_usage", usage ? usage : "dual_use");
    jw_end(j);
}

/* What of the holder the subject shows beside the common name; unsaid, the product decides. */
void digicert_put_holder(const struct rest_asked *q, struct jw *j)
{
    static const char *const flags[] = {"include_email", "include_given_name_surname",
                                        "include_pseudonym"};
    const struct ca_order *o = q->call->order;
    bool begun = false;
    for (size_t i = 0; digicert_is_mail(q->ca->config, o) && i < NITEMS(flags); i++) {
        if (!digicert_field(o, flags[i], NULL)) {
            continue;
        }
        if (!begun) {
            jw_object(j, "subject");
            begun = true;
        }
        jw_bool(j, flags[i], digicert_flag(o, flags[i], false));
    }
    if (begun) {
        jw_end(j);
    }
}
