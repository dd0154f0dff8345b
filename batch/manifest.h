/* SPDX-License-Identifier: Apache-2.0
 *
 * The manifest as it was written: structs filled by schema tables, nothing resolved, nothing
 * looked up. batch/batch.h turns it into items. Strings and nodes live in manifest.arena.
 */
#ifndef BATCH_MANIFEST_H
#define BATCH_MANIFEST_H

#include "batch/delivery.h"
#include "formats/preset.h"

enum change_type { CHANGE_STANDARD, CHANGE_NORMAL, CHANGE_EMERGENCY };
extern const struct word change_type_words[];

struct change {
    const struct ynode *node;
    const char *ticket;
    int type;
    const char *requested_by;
    struct strings approved_by;
    int64_t approved_at;              /* TIME_NONE when absent */
    int64_t window_start, window_end; /* TIME_NONE when absent */
};

enum order_action { ACTION_NEW, ACTION_RENEW, ACTION_REISSUE };
extern const struct word order_action_words[];

struct replaces { /* one of three */
    const struct ynode *node;
    const char *certificate; /* path */
    const char *order, *serial;
};

/* One output to make. `outputs:` is a list of words (pem, pfx, jks) or one-key mappings; a server
 * ({for: tomcat}) has become the output it reads, with the options the order gives that kind. */
enum output_kind { OUTPUT_PEM, OUTPUT_PFX, OUTPUT_JKS, OUTPUT__MAX };
extern const struct word output_kind_words[];
struct output {
    const struct ynode *node;
    int kind;                          /* enum output_kind */
    const struct preset *preset;       /* the server it is laid out for, or NULL */
    int profile;                       /* PFX: index into pfx_profiles; -1 = default */
    int64_t iterations;                /* PFX: 0 = the profile's */
    const char *friendly_name, *alias; /* default: the item id */
    bool include_root;
    struct secret_ref password, key_password; /* SECRET_NONE = generated */
};
struct outputs {
    struct output *v;
    size_t n;
    const struct ynode *at; /* NULL: not written */
};

struct subject_fields { /* manifest labels of dn_names, in table order */
    const struct ynode *node;
    const char *organization, *organizational_unit, *street_address, *locality, *state,
        *postal_code, *country, *serial_number, *organization_identifier, *business_category,
        *email_address, *given_name, *surname, *pseudonym, *title, *user_id;
    struct strings domain_component;
};

struct jurisdiction {
    const char *country, *state, *locality;
};
struct contact {
    const char *name, *email, *phone, *isd_code, *mobile_number, *designation, *employee_id;
};
struct ev_fields {
    const struct ynode *node;
    const char *business_category, *registration_number;
    struct jurisdiction jurisdiction;
    struct contact contract_signer, certificate_approver, certificate_requester;
};

enum key_origin { ORIGIN_NONE, ORIGIN_LOCAL, ORIGIN_HSM, ORIGIN_APPLIANCE, ORIGIN_CA };
extern const struct word key_origin_words[];

struct dcv_fields { /* domain control validation */
    const struct ynode *node;
    int method; /* enum dcv_method */
    const char *email;
    int64_t validated; /* TIME_NONE */
};

enum smime_type { SMIME_NONE, SMIME_MAILBOX, SMIME_ORGANIZATION, SMIME_SPONSOR, SMIME_INDIVIDUAL };
enum smime_generation { SMIME_GEN_NONE, SMIME_LEGACY, SMIME_MULTIPURPOSE, SMIME_STRICT };
enum smime_use { SMIME_USE_NONE, SMIME_SIGNING, SMIME_ENCRYPTION, SMIME_DUAL };
extern const struct word smime_type_words[], smime_generation_words[], smime_use_words[];
struct smime_fields {
    const struct ynode *node;
    int type, generation, use;
    const struct ynode *escrow; /* NULL = no decision written */
};

/* Every field of an order; `defaults:` is the same struct. Zero/NULL = not written. */
struct order {
    const char *id;
    const struct ynode *node;
    int action; /* enum order_action, -1 = not written */
    const char *ca, *product, *profile;
    struct replaces *replaces;
    const char *csr, *key_file;     /* paths */
    struct secret_ref key_password; /* of key_file */
    int key;                        /* enum key_type, 0 = not written */
    bool reuse_key;                 /* renew/reissue with key_file of the old certificate */
    const char *common_name;
    struct strings san;
    struct subject_fields *subject;
    int64_t validity;   /* seconds, 0 = not written */
    int64_t order_date; /* TIME_NONE = now */
    struct ev_fields *ev;
    const char *organization; /* record of the policy's `organizations:` */
    int key_origin;           /* enum key_origin */
    struct dcv_fields *dcv;
    struct smime_fields *smime;
    const char *sid; /* Windows security identifier of the account (AD CS) */
    struct outputs outputs;
    struct strings drop; /* names of the old certificate left out on purpose */
    const char *comment;
    const struct ynode *extra; /* `fields:` connector-specific order fields, by name */
};

struct revocation {
    const char *id;
    const struct ynode *node;
    const char *ca;
    const char *certificate, *serial, *order; /* one of three */
    int reason;                               /* REASON_*, REASON_NONE = not written */
    const char *comment, *after;
    int64_t invalidity_date; /* TIME_NONE */
    const char *incident;
    const char *replaced_by; /* order, serial or item that takes its place */
    int64_t situation;       /* number in BR 4.9.1.1, 1 to 16; 0 = not said */
    int64_t known_since;     /* when the situation became known; TIME_NONE */
    int64_t not_before;      /* no run revokes it earlier; TIME_NONE = at once */
};

struct manifest {
    const struct ynode *node;
    int64_t version; /* `certbatch: 1` */
    const char *name;
    struct change *change; /* NULL when absent */
    struct strings policy;
    const char *policy_pin;             /* `policy_sha256` */
    struct delivery_settings *delivery; /* NULL when absent */
    const char *ca;
    struct order *defaults;
    struct objects orders, revocations; /* struct order / struct revocation */

    struct arena arena;
    const char *path, *dir; /* as the user named it; its directory */
    const char *text;       /* the exact bytes, for digests and the audit bundle */
    size_t text_n;
    char sha256[65];
};

extern const struct schema manifest_schema, order_schema, revocation_schema;

/* Reads and validates shape. Problems go to findings (rules manifest.*); false (err set,
 * ERR_INPUT) when any is an error or the file cannot be read: then no finding was added.
 * `path` "-" is stdin, relative to the working directory. */
bool manifest_read(struct manifest *m, const char *path, struct findings *findings,
                   struct err *err) MUST_USE;
/* The same with the text at hand (an editor's buffer) instead of what the file holds. */
bool manifest_read_text(struct manifest *m, const char *path, struct span text,
                        struct findings *findings, struct err *err) MUST_USE;
void manifest_release(struct manifest *m);

#endif
