/* SPDX-License-Identifier: Apache-2.0
 *
 * See settings.h.
 */
#include "batch/ca/settings.h"

#include "batch/config.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

/* http:// is let pass here; config.c takes it for loopback addresses only. */
bool setting_is_url(const char *text, const char **why)
{
    *why = "must be an https:// URL";
    return str_starts(text, "https://") || str_starts(text, "http://");
}

bool setting_certs(const struct ca *ca, const char *file, struct arena *a, struct cert **out,
                   size_t *n, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    *n = 0;
    if (!fs_read(path_join(a, ca->config_dir, file), &text, err)) {
        return false;
    }
    const struct span kept = {arena_memdup(a, text.p, text.n), text.n};
    return certs_read(a, file, kept, out, n, err) &&
           (*n || err_set(err, ERR_INPUT, "%s holds no certificate", file));
}

static const struct field enroll_fields[] = {
    SETTING_INT(struct ca_enroll, back_off_seconds, "2", 0, 3600,
                "base of the waits for a certificate: the n-th is this to the power n"),
    SETTING_INT(struct ca_enroll, max_back_off_seconds, "32", 1, 86400, "longest single wait"),
    SETTING_INT(struct ca_enroll, max_attempts, "5", 1, 1000,
                "looks for the certificate before the item stays pending"),
};
const struct schema ca_enroll_schema = {"enroll",
                                        "waits for a certificate that is not ready at once",
                                        enroll_fields,
                                        NITEMS(enroll_fields),
                                        sizeof(struct ca_enroll),
                                        NO_OFFSET};

/* --- proofs of control by a hook --- */
#define TEMPLATE_MARK "{0}"
static bool is_template(const char *text, const char **why)
{
    const char *mark = strstr(text, TEMPLATE_MARK);
    *why = "must contain {0}, the name that is validated, once";
    return mark && !strpbrk(mark + strlen(TEMPLATE_MARK), "{}") &&
           strcspn(text, "{}") == (size_t)(mark - text);
}

static const struct field dcv_fields[] = {
    SETTING_BOOL(struct ca_dcv_settings, enabled, "false", "prove control of names with `hook`"),
    {.name = "hook",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = offsetof(struct ca_dcv_settings, hook),
     .help = "command that publishes and removes a record or a file, as a list of arguments; "
             "present or cleanup, name and value are added"},
    {.name = "txt_record_template",
     .kind = FIELD_STRING,
     .offset = offsetof(struct ca_dcv_settings, txt_record_template),
     .pattern = "[^{}]*\\{0\\}[^{}]*",
     .check = is_template,
     .help = "name of a TXT record; {0} is the name that is validated; default {0}, at CERTInext "
             "_emsign-validation.{0}"},
    SETTING_INT(struct ca_dcv_settings, propagation_delay_seconds, "30", 0, 86400,
                "wait between publishing and asking the CA to look"),
    SETTING_INT(struct ca_dcv_settings, timeout_minutes, "10", 1, 1440,
                "for the validation of one name"),
    SETTING_INT(struct ca_dcv_settings, wait_for_challenge_seconds, "60", 0, 3600,
                "how long a new order may take to show its challenge; 0: one look"),
    SETTING_INT(struct ca_dcv_settings, wait_for_issuance_seconds, "60", 0, 3600,
                "how long a validated order may take to show its certificate; 0: one look"),
    SETTING_INT(struct ca_dcv_settings, max_order_age_hours, "24", 0, 8760,
                "older pending orders of earlier runs are left alone; 0: none is too old"),
    SETTING_INT(struct ca_dcv_settings, max_per_pass, "50", 0, 100000,
                "pending orders of earlier runs validated in one run; 0: all"),
};
const struct schema ca_dcv_schema = {"dcv",
                                     "proofs of control of names by a hook",
                                     dcv_fields,
                                     NITEMS(dcv_fields),
                                     sizeof(struct ca_dcv_settings),
                                     NO_OFFSET};

bool ca_dcv_of(const struct ca_dcv_settings *s, const char *record_template, struct ca_dcv *out)
{
    const char *own = s->txt_record_template;
    *out = (struct ca_dcv){.hook = &s->hook,
                           .record_template = own ? own : record_template,
                           .propagation_seconds = s->propagation_delay_seconds,
                           .timeout_seconds = s->timeout_minutes * 60,
                           .challenge_seconds = s->wait_for_challenge_seconds,
                           .issuance_seconds = s->wait_for_issuance_seconds,
                           .max_age_seconds = s->max_order_age_hours * 3600,
                           .max_per_pass = s->max_per_pass};
    return s->enabled && s->hook.n;
}

void ca_dcv_check(struct schema_ctx *ctx, const struct ca_config *config,
                  const struct ca_dcv_settings *s)
{
    const struct ynode *at = yaml_get(config->node, "dcv");
    if (s->enabled && !s->hook.n) {
        schema_problem(ctx, at ? at : config->node, "dcv needs a 'hook' to publish records with");
    }
}
