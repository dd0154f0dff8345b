/* SPDX-License-Identifier: Apache-2.0
 *
 * The rule table. One row says everything about a rule: what a reader, `explain`, a report and
 * the engine need. Rows live by subject in policy/rules_*.c and are joined in policy/rules.c;
 * tests/lint/docs.sh fails on a row without a passing and a failing sample.
 *
 * A check adds findings with rule_hit(); it returns nothing, stops at nothing, does no I/O and
 * keeps no state. If the check itself cannot be carried out (a pattern hit its limit, a library
 * failed) it calls rule_broken(): the item is then blocked under this rule's id, never passed.
 * Parameters are declared in the row and read by index through rule_int() and friends; the
 * engine has resolved them for the item's profile and date.
 */
#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include "formats/base/finding.h"
#include "formats/base/str.h"
#include "policy/facts.h"

enum { /* scopes: which items a rule speaks about; a profile's level and the CA decide */
       SCOPE_DV = 1,
       SCOPE_OV = 2,
       SCOPE_IV = 4,
       SCOPE_EV = 8,
       SCOPE_SMIME = 16,
       SCOPE_PRIVATE = 32,
       SCOPE_LOCAL = 64, /* only the embedded CA */
       SCOPE_TLS = SCOPE_DV | SCOPE_OV | SCOPE_IV | SCOPE_EV,
       SCOPE_ALL = SCOPE_TLS | SCOPE_SMIME | SCOPE_PRIVATE
};

enum {                   /* facts a rule needs; missing fact = the rule does not apply */
       NEEDS_CSR = 1,    /* any CSR, usable or not */
       NEEDS_USABLE = 2, /* a CSR whose subject, key and names could be read, or a certificate */
       NEEDS_KEY = 4,    /* a decoded public key */
       NEEDS_TOKEN = 8,  /* a key or the token of one to be generated */
       NEEDS_NAMES = 16, /* at least one name in any view */
       NEEDS_ORDER = 32, /* an order item (not a file linted alone) */
       NEEDS_PRIOR = 64,
       NEEDS_REVOCATION = 128,
       NEEDS_BATCH = 256,    /* runs once over all items (struct batch_facts) */
       NEEDS_CERT = 512,     /* a certificate under judgement (file or issued) */
       NEEDS_REQUEST = 1024, /* that certificate was issued for a known order */
       /* The settings of a CA, of an order or revocation or of a configuration linted alone. Only
        * rules with this bit see SUBJECT_CA; a finding about a setting has hit.ca_key. */
       NEEDS_CA = 2048
};

enum param_kind { PARAM_INT, PARAM_BOOL, PARAM_STRINGS, PARAM_PATTERNS, PARAM_FILES };
struct param {
    const char *name;
    enum param_kind kind;
    const char *fallback;      /* "2048", "false", "rsa-2048 rsa-3072" (blank-separated), "" */
    int64_t min, max;          /* INT; max 0 = none */
    const char *const *tokens; /* STRINGS: allowed words, NULL-closed; NULL = any */
    const char *help;
};
enum { RULE_PARAMS_MAX = 4 };

/* The one certain mend of the name a rule points at; `lint --fix`, SARIF and the language server
 * offer it. Anything that needs a decision is no mend. */
enum mend { MEND_NONE, MEND_LOWER_CASE, MEND_LAST_DOT, MEND_A_LABEL, MEND_REMOVE };

struct rule_run; /* one rule on one item: engine internals in policy/engine.h */

struct rule {
    const char *id;
    enum severity severity;
    enum severity floor; /* a policy may not go below; SEV_DISABLED = none */
    bool unwaivable;
    unsigned scope, needs;
    const char *ca;    /* only for items of this type of CA ("certinext"); NULL = any */
    const char *title; /* one line: "RSA modulus is shorter than allowed" */
    const char *why;   /* one to three sentences */
    const char *fix;   /* what to change */
    const char *cite;
    const char *from, *until; /* effective dates "2022-09-01", half-open; NULL = open */
    const struct param *params;
    size_t nparams;
    void (*check)(struct rule_run *run);
    int arg; /* lets one check serve many rows (csr defects) */
    enum mend mend;
    const char *bad, *good; /* samples: `explain` shows them, the tests run them. Syntax: a YAML
                               flow mapping of item keys ("{common_name: www_1.example.com}";
                               `ca:` may be a mapping, the settings of the CA in the config;
                               `action: revoke` makes it a revocation; `cert:` a certificate,
                               `request:` the order it answers), or "csr:FILE", "cert:FILE",
                               "pem:TEXT", "policy:TEXT", "batch:TEXT" with FILE under
                               tests/samples/ */
};

extern const struct rule *const rule_groups[]; /* arrays joined by rules.c */
size_t rule_count(void);
const struct rule *rule_at(size_t index);
const struct rule *rule_find(const char *id);
size_t rule_index(const struct rule *r);

/* --- what a check uses --- */
const struct facts *rule_facts(const struct rule_run *run);
const struct rule *rule_row(const struct rule_run *run);
struct arena *rule_arena(const struct rule_run *run); /* scratch */
unsigned rule_scope(const struct rule_run *run);      /* of the item: one or more SCOPE_ bits */
int64_t rule_int(const struct rule_run *run, size_t param);
bool rule_bool(const struct rule_run *run, size_t param);
const struct strlist *rule_strings(const struct rule_run *run, size_t param);

/* Where a finding points; zero-initialise and set what is known. The engine fills item, file,
 * position of the item, cite and fix. */
struct hit {
    const struct name_fact *name; /* takes position, offset, view and value from it */
    const struct attr_fact *attr;
    const char *key;    /* manifest key of the item to point at: "product", "dcv.method" */
    const char *ca_key; /* key of the CA in the configuration to point at: "requestor.email" */
    struct pos pos;     /* or an explicit place */
    int64_t offset;     /* in the CSR; 0 = none (no fact starts at octet 0) */
    uint32_t csr_line;  /* line in the CSR's PEM text; 0 = none */
    unsigned view;
    const char *value;      /* foreign text; escaped by the engine */
    size_t value_n;         /* 0 = strlen */
    enum severity severity; /* another severity than the row's; SEV_DISABLED = the row's */
};
void rule_hit(struct rule_run *run, struct hit where, const char *fmt, ...) PRINTF(3, 4);
void rule_broken(struct rule_run *run, const char *fmt, ...) PRINTF(2, 3);
/* A data file the rule needs is not configured: state NOT-CHECKED, reported as info. */
void rule_not_checked(struct rule_run *run, const char *fmt, ...) PRINTF(2, 3);

/* What the profile says about names, products and validity, for the rules that enforce it. */
enum match_kind { MATCH_EXACT, MATCH_TREE, MATCH_GLOB, MATCH_CIDR, MATCH_REGEX };
struct matcher {
    enum match_kind kind;
    enum gn_type type;   /* what it is matched against; GN_OTHER: any text */
    const char *text;    /* dns: lower-case A-labels */
    const char *why;     /* of a deny entry */
    struct regex *regex; /* compiled, MATCH_REGEX */
    struct pos pos;
};
struct matchers {
    bool present; /* absent list = everything; empty list = nothing */
    struct matcher *v;
    size_t n;
};
struct name_policy { /* per type: dns, ip, email, uri */
    struct matchers allow, deny;
    bool wildcard_present, wildcard_allow;
    struct strlist wildcard_zones;
};
enum { NAME_POLICY_DNS, NAME_POLICY_IP, NAME_POLICY_EMAIL, NAME_POLICY_URI, NAME_POLICY__MAX };
const struct name_policy *rule_name_policy(const struct rule_run *run, int type);
enum { MATCH_NO, MATCH_YES, MATCH_BROKEN };
int matcher_match(const struct matcher *m, const char *text); /* regex: full match under limits */

struct product_ref {
    const char *ca, *code;
    struct pos pos;
};
struct product_info {    /* from the product tables of the connectors, passed in by policy_open */
    const char *ca_type; /* connector */
    const char *ca;      /* only of the CA of this name in the configuration; NULL = any */
    const char *environment; /* "sandbox" "production" or NULL */
    const char *code, *name;
    const char *level;    /* "dv" "ov" "ev" "smime" "private" */
    bool wildcard, multi; /* wildcard product; more than one name */
    bool any_names;       /* takes one name or many, wildcards or not: the two above say nothing */
    unsigned max_san;     /* 0 = not known */
    const char *keys;     /* blank-separated tokens; NULL = any */
    bool deprecated, blocked;
    unsigned max_days; /* 0 = not known */
    const char *terms; /* terms it is sold for, blank-separated: "1y 2y 3y", "90d 199d"; years of
                          a public CA are terms of a subscription (struct ca_facts). NULL: those
                          of the CA, else not known */
};
/* The item's product in the tables: NULL when unknown. *other gets a row of another environment
 * with the same code, for the hint. */
const struct product_info *rule_product(const struct rule_run *run,
                                        const struct product_info **other);
const char *rule_profile_name(const struct rule_run *run);   /* NULL: judged by packs only */
const char *rule_level(const struct rule_run *run);          /* of the profile, or NULL */
bool rule_profile_lists_product(const struct rule_run *run); /* true too when the list is absent */

/* Row members `.params` and `.nparams` of a static table. */
#define RULE_PARAMS(table) .params = (table), .nparams = NITEMS(table)

/* A PARAM_PATTERNS parameter, compiled; present is false when the policy gives none. */
const struct matchers *rule_patterns(const struct rule_run *run, size_t param);
/* A PARAM_FILES parameter: the lines of all files, read and pinned when the policy was loaded;
 * trimmed, lower-cased, without blank lines and '#' comments, sorted by strcmp(), unique.
 * NULL when no file is configured. */
struct data_lines {
    const char *const *v;
    size_t n;
    const char *pem; /* the files as they are, when they hold certificates; NULL: none does */
};
const struct data_lines *rule_lines(const struct rule_run *run, size_t param);
/* The first line that begins with prefix, or NULL; lines may be NULL. */
const char *data_line_find(const struct data_lines *lines, const char *prefix);
/* Index of the first line that is not less than prefix (lines->n when there is none): the lines
 * that begin with it stand there, one after another. */
size_t data_lines_from(const struct data_lines *lines, const char *prefix);

/* The profile's `subject:` section: what an attribute ("O", "OU") may, must and must not say. */
struct subject_policy {
    const char *attr; /* short name as in dn_names */
    bool required;
    struct matchers allow, deny;
};
const struct subject_policy *rule_subject_policy(const struct rule_run *run, size_t *n);
/* The connector of the item's CA has a product table at all. */
bool rule_has_products(const struct rule_run *run);

/* --- what an item, its CA and its change say beyond names and key ---
 * Keys are paths: "ev.contract_signer.email". The item comes first, then the manifest's
 * `defaults:`. NULL when nobody wrote the key. The text of a key that the schema gives a type was
 * checked by the schema already. */
const struct ynode *rule_field(const struct rule_run *run, const char *path);
const char *rule_text(const struct rule_run *run, const char *path);
const struct ynode *rule_ca_field(const struct rule_run *run, const char *path);
const char *rule_ca_text(const struct rule_run *run, const char *path);
const struct ynode *rule_change_field(const struct rule_run *run, const char *path);
/* The same below any node, for rules over a whole batch; NULL when a part is missing. */
const struct ynode *field_below(const struct ynode *node, const char *path);
const char *text_below(const struct ynode *node, const char *path);

/* What a kind of CA accepts (policy/ca_facts.c): data, one row for each. */
enum { /* what can be asked of it */
       CA_CAN_NEW = 1,
       CA_CAN_RENEW = 2,
       CA_CAN_REISSUE = 4,
       CA_CAN_REVOKE = 8,
       CA_CAN_HOLD = 16
};
struct ca_facts {
    const char *type, *title;
    unsigned can;            /* CA_CAN_ bits */
    unsigned reasons;        /* bit 1u << n for every revocation reason n it takes */
    const char *keys;        /* blank-separated key tokens; NULL = not known */
    const char *sans;        /* blank-separated: "dns ip email uri"; NULL = not known */
    const char *dcv_methods; /* blank-separated words of `dcv: method:`; NULL = not known */
    bool names_from_order;   /* ignores the names of the CSR */
    bool public;             /* issues publicly trusted certificates */
    unsigned comment_min, comment_max; /* of a revocation, in characters; 0 = no bound */
    const char *comment_refused;       /* characters it refuses there; NULL = none */
    const char *terms;    /* of products that say no terms of their own; NULL = not known */
    bool subscription;    /* years are paid time: a certificate lives as long as one may, and is
                             issued again within them */
    unsigned pace_ms;     /* an order is taken every so many milliseconds; 0 = not known */
    unsigned burst;       /* orders taken at once before that */
    const char *no_smime; /* why no S/MIME certificate is ordered there by us; NULL = one may be */
    const char *caa_issuer; /* blank-separated domain names it answers to in CAA records */
    /* The row of a CA with these settings (NULL: none are known), where one kind of CA accepts
     * different things in several ways. NULL function: this one, always. */
    const struct ca_facts *(*with)(const struct ynode *settings);
};
const struct ca_facts *ca_facts_find(const char *type); /* NULL when unknown */
const struct ca_facts *ca_facts_of(const char *type, const struct ynode *settings);
extern const struct ca_facts ca_facts_rows[]; /* closed by a row without type */
/* The `fields:` of an order that a kind of CA knows (policy/ca_fields.c). */
enum ca_field_kind { CA_FIELD_TEXT, CA_FIELD_NUMBER, CA_FIELD_BOOL, CA_FIELD_LIST, CA_FIELD_MAP };
struct ca_field {
    const char *name;
    enum ca_field_kind kind;
    const char *help;
};
/* NULL when there is no table for that kind of CA; *n 0 when it has no fields at all. */
const struct ca_field *ca_fields_of(const char *type, size_t *n);
/* NULL, or what is wrong with the value: "must be ...". */
const char *ca_field_problem(const struct ca_field *field, const struct ynode *value);
/* Of the item's CA; NULL when the CA is not known. */
const struct ca_facts *rule_ca(const struct rule_run *run);

/* The organization an item is for: `organization:` of the item, else of its profile; a record of
 * the policy's `organizations:`. NULL when none is named. */
struct organization {
    const char *name, *legal_name;
    const struct dn_value *subject; /* O, C, ST, L ... as they must be spelled */
    size_t nsubject;
    const char *business_category, *serial, *jurisdiction_country, *jurisdiction_state,
        *jurisdiction_locality;
    struct regex *serial_format; /* compiled; NULL = none */
    const char *serial_format_text;
    int64_t validated_ov, validated_ev; /* TIME_NONE = not known */
    struct strlist domains;             /* lower-case A-labels */
    const struct ynode *ids;            /* CA name or type: organization number there */
    struct pos pos;
};
const struct organization *rule_organization(const struct rule_run *run);
/* A named organization that the policy does not have: its name, for the finding; else NULL. */
const char *rule_organization_unknown(const struct rule_run *run);

/* The policy's `calendars:`, all of them. Half-open, UTC. */
struct freeze {
    const char *calendar, *why;
    int64_t from, to;
    struct pos pos;
};
const struct freeze *rule_freezes(const struct rule_run *run, size_t *n);

/* Longest validity the profile grants, in days; 0 = it says nothing. */
int64_t rule_validity_days(const struct rule_run *run);

/* --- batch rules --- */
struct profile; /* policy/engine.h */
struct batch_member {
    const char *id, *file, *action, *ca, *product, *serial; /* set by policy_judge() */
    const char *ca_type, *ca_environment;                   /* so too */
    const char *after, *ticket; /* with outputs and limits: set by the caller, in a member that was
                                   zeroed; policy_judge() leaves them alone */
    double orders_per_second;   /* the configuration's limits for the CA; 0 = none */
    int64_t burst;
    enum subject_kind kind;
    const struct ynode *node;
    bool has_csr, has_spki;
    uint8_t csr_sha256[SHA256_SIZE], spki_sha256[SHA256_SIZE];
    struct span rsa_n;  /* copied; empty unless RSA */
    const char **names; /* effective, normalised, sorted, "dns:www.example.com"; of a revocation
                           those of the certificate, when it was given */
    size_t nnames;
    bool has_prior; /* certificate that is renewed or revoked */
    uint8_t prior_spki_sha256[SHA256_SIZE];
    const char *const *outputs; /* output file names, NULL-closed; may be NULL */
    int reason;
    const struct profile *profile; /* that judged it; set by policy_judge() */
};
const struct batch_member *rule_members(const struct rule_run *run, size_t *n);
/* The manifest as a tree, its file name and the date the batch is judged at. root may be NULL. */
const struct ynode *rule_root(const struct rule_run *run);
const char *rule_root_file(const struct rule_run *run);
int64_t rule_as_of(const struct rule_run *run);
/* key: path of a key of the item to point at; NULL or not written = the item. */
void rule_hit_member(struct rule_run *run, const struct batch_member *m, const char *key,
                     const char *value, const char *fmt, ...) PRINTF(5, 6);
/* With another severity than the row's; SEV_DISABLED = the row's. */
void rule_hit_member_as(struct rule_run *run, const struct batch_member *m, enum severity asked,
                        const char *key, const char *value, const char *fmt, ...) PRINTF(6, 7);

#endif
