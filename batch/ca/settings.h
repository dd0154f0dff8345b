/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows that the configuration tables of several connectors have in common: short forms of the
 * usual kinds of field, the waits for a certificate that is not ready at once, and proofs of
 * control by a hook.
 */
#ifndef BATCH_CA_SETTINGS_H
#define BATCH_CA_SETTINGS_H

#include "batch/ca.h"

/* The name of the key is that of the member. */
#define SETTING_TEXT(type_, member_, help_)                                                        \
    {                                                                                              \
        .name = #member_, .kind = FIELD_STRING, .flags = FIELD_NONEMPTY,                           \
        .offset = offsetof(type_, member_), .help = (help_)                                        \
    }
#define SETTING_PRESET(type_, member_, fallback_, help_)                                           \
    {                                                                                              \
        .name = #member_, .kind = FIELD_STRING, .flags = FIELD_NONEMPTY,                           \
        .offset = offsetof(type_, member_), .fallback = (fallback_), .help = (help_)               \
    }
#define SETTING_URL(type_, member_, flags_, help_)                                                 \
    {                                                                                              \
        .name = #member_, .kind = FIELD_STRING, .flags = FIELD_NONEMPTY | (flags_),                \
        .offset = offsetof(type_, member_), .pattern = "https?://.+", .check = setting_is_url,     \
        .help = (help_)                                                                            \
    }
#define SETTING_PATH(type_, member_, help_)                                                        \
    {                                                                                              \
        .name = #member_, .kind = FIELD_PATH, .flags = FIELD_NONEMPTY,                             \
        .offset = offsetof(type_, member_), .help = (help_)                                        \
    }
#define SETTING_SECRET(type_, member_, help_)                                                      \
    {                                                                                              \
        .name = #member_, .kind = FIELD_SECRET, .offset = offsetof(type_, member_),                \
        .help = (help_)                                                                            \
    }
#define SETTING_BOOL(type_, member_, fallback_, help_)                                             \
    {                                                                                              \
        .name = #member_, .kind = FIELD_BOOL, .offset = offsetof(type_, member_),                  \
        .fallback = (fallback_), .help = (help_)                                                   \
    }
#define SETTING_INT(type_, member_, fallback_, min_, max_, help_)                                  \
    {                                                                                              \
        .name = #member_, .kind = FIELD_INT, .offset = offsetof(type_, member_),                   \
        .fallback = (fallback_), .min = (min_), .max = (max_), .help = (help_)                     \
    }
#define SETTING_WORD(type_, member_, words_, fallback_, help_)                                     \
    {                                                                                              \
        .name = #member_, .kind = FIELD_WORD, .offset = offsetof(type_, member_),                  \
        .words = (words_), .fallback = (fallback_), .help = (help_)                                \
    }
#define SETTING_GROUP(type_, member_, sub_, help_)                                                 \
    {                                                                                              \
        .name = #member_, .kind = FIELD_OBJECT, .offset = offsetof(type_, member_), .sub = (sub_), \
        .help = (help_)                                                                            \
    }
#define SETTING_RENEWAL(type_)                                                                     \
    SETTING_INT(type_, renewal_window_days, "90", 0, 3650,                                         \
                "a certificate that expires later than this is reissued, not renewed")

/* The certificates in a file that the settings name, relative to the configuration; at least one.
 * All memory from `a`. */
bool setting_certs(const struct ca *ca, const char *file, struct arena *a, struct cert **out,
                   size_t *n, struct err *err) MUST_USE;

bool setting_is_url(const char *text, const char **why);

/* Waits before the n-th look for a certificate, or at a revocation that the CA has taken and not
 * yet carried out: back_off^n seconds, at most max_back_off; after max_attempts the item stays
 * pending and a later run looks again. */
struct ca_enroll {
    int64_t back_off_seconds, max_back_off_seconds, max_attempts;
};
extern const struct schema ca_enroll_schema;

/* `dcv:` of a CA whose names a hook of the user proves. */
struct ca_dcv_settings {
    bool enabled;
    struct strings hook;
    const char *txt_record_template; /* NULL: what the connector says */
    int64_t propagation_delay_seconds, timeout_minutes, wait_for_challenge_seconds,
        wait_for_issuance_seconds, max_order_age_hours, max_per_pass;
};
extern const struct schema ca_dcv_schema;
/* For ca_type.dcv: the settings as the executor wants them. False: nothing is proven by a hook. */
bool ca_dcv_of(const struct ca_dcv_settings *s, const char *record_template, struct ca_dcv *out);
/* For ca_type.check. */
void ca_dcv_check(struct schema_ctx *ctx, const struct ca_config *config,
                  const struct ca_dcv_settings *s);

extern const struct ca_type ca_digicert, ca_sectigo, ca_entrust, ca_adcs, ca_emca, ca_acme, ca_est;

#endif
