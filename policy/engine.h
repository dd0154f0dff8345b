/* SPDX-License-Identifier: Apache-2.0
 *
 * Internals of policy/: what a loaded policy is made of. Nobody outside policy/ includes this.
 *
 * From text to verdict:
 *
 *   policy_load.c     files and packs -> struct policy_file (schema tables of policy_schema.c)
 *   policy_rules.c    `rules:` sections -> struct override, checked against the rule table
 *   policy_resolve.c  layers in order -> struct profile: every enabled rule with its severity,
 *                     parameters and dated steps, ready to run
 *   engine.c          profile x subject -> findings
 *
 * After policy_open() everything here is read only, except the counters of waivers (atomic).
 * All memory is the policy's arena; compiled patterns are freed by policy_free().
 */
#ifndef POLICY_ENGINE_H
#define POLICY_ENGINE_H

#include "formats/base/schema.h"
#include "formats/base/sha.h"
#include "policy/policy.h"

#include <stdatomic.h>

/* The arrays of rules_*.c, each closed by a row without id. */
extern const struct rule rules_csr[], rules_sig[], rules_key[], rules_subject[], rules_san[],
    rules_dns[], rules_name[], rules_wildcard[], rules_product[], rules_batch[], rules_change[],
    rules_policy[], rules_shape[], rules_idn[], rules_ip[], rules_other_names[], rules_email[],
    rules_uri[], rules_ext[], rules_level[], rules_ev[], rules_validity[], rules_dcv[],
    rules_certinext[], rules_certinext_fields[], rules_certinext_names[], rules_certinext_org[],
    rules_digicert[], rules_sectigo[], rules_entrust[], rules_adcs[], rules_emca[], rules_local[],
    rules_capability[], rules_smime[], rules_revoke[], rules_renew[], rules_manifest[],
    rules_export[], rules_issued[], rules_suppress[];

/* First instant a row is in force, first instant it is no more; INT64_MIN and INT64_MAX = open. */
void rule_window(const struct rule *r, int64_t *from, int64_t *until);
/* SHA-256 over what rows decide by themselves: ids, severities, floors, scopes, dates, params. */
void rule_table_digest(char out[SHA256_HEX]);
/* A finding of a row that loaders report: severity, fix and cite are the row's. */
void rule_report(struct findings *list, const char *id, struct pos pos, const char *fmt, ...)
    PRINTF(4, 5);

/* --- a rule as a profile has it --- */
struct param_value {
    int64_t number;                 /* INT, BOOL */
    struct strlist strings;         /* STRINGS; PATTERNS and FILES as written */
    struct matchers patterns;       /* PATTERNS */
    const struct data_lines *lines; /* FILES; NULL = none configured */
};

struct setting {
    int64_t from, until; /* of a step, half-open; a base setting is open */
    enum severity severity;
    struct param_value params[RULE_PARAMS_MAX];
};

struct waiver;
struct active {
    const struct rule *row;
    int64_t from, until; /* the row's own dates */
    struct setting base;
    struct setting *steps; /* the first that covers the date counts, else base */
    size_t nsteps;
    const struct ca_facts *ca; /* of the row's kind of CA; NULL = any */
    bool unsuppressable;       /* no comment, no baseline (rule row or policy) */
    struct waiver **waivers;   /* those that name this rule for this profile */
    size_t nwaivers;
};

enum policy_level {
    LEVEL_NONE,
    LEVEL_TLS,
    LEVEL_DV,
    LEVEL_OV,
    LEVEL_IV,
    LEVEL_EV,
    LEVEL_SMIME,
    LEVEL_PRIVATE,
    LEVEL__MAX
};
extern const struct word policy_level_words[];
enum policy_level policy_level_parse(const char *text); /* LEVEL_NONE when unknown */
const char *policy_level_name(enum policy_level level);
unsigned policy_level_scope(enum policy_level level);

/* Without any policy named, which pack an item is judged by. */
enum base_kind { BASE_PRIVATE, BASE_TLS, BASE_SMIME, BASE__MAX };
extern const char *const base_packs[BASE__MAX];

struct profile {
    const char *name; /* NULL: packs and file-level settings only */
    struct pos pos;
    bool abstract, audit, require_data, inline_waivers;
    enum base_kind for_kind; /* of a base without any policy named: which items */
    const char *for_ca;      /* and which type of CA; NULL = every other */
    enum policy_level level;
    enum severity max_severity;
    const char *organization; /* NULL = items say it themselves */
    int64_t validity_days;    /* 0 = no limit by the profile */
    bool has_products;
    struct product_ref *products;
    size_t nproducts;
    struct name_policy names[NAME_POLICY__MAX];
    struct subject_policy *subject;
    size_t nsubject;
    struct active *rules; /* enabled at some date, by id; item rules */
    size_t nrules;
    struct active *batch; /* rules over the whole batch */
    size_t nbatch;
    struct active window; /* of batch.ticket.window, also when it is disabled: engine_change.c */
};

struct waiver {
    const char *id;
    struct pos pos;
    struct strings rules, profiles;
    const char *item;          /* glob; NULL = any */
    struct strlist names;      /* normalised */
    const char *spki, *serial; /* lower-case hex; normal form */
    const char *reason, *ticket, *approver;
    const char *justification; /* all of it in one line, for reports */
    int64_t created, expires;  /* in force from created until before expires */
    atomic_size_t used, late;  /* findings it waived; findings it came too late for */
};

struct policy_text {
    const char *name, *text;
    size_t n;
};

/* A file of the `data` section or of a PARAM_FILES parameter, read when the policy was loaded. */
struct data_file {
    const char *path;
    char sha256[SHA256_HEX];
    struct data_lines lines;
};
/* The joined lines of several files. */
struct data_join {
    struct strlist paths;
    struct data_lines lines;
};

struct policy_file;
struct policy {
    struct arena arena;
    const struct product_info *products;
    size_t nproducts;
    bool defaults;              /* nothing was named: packs by CA */
    struct policy_file **files; /* in layer order: parents before children */
    size_t nfiles, files_cap;
    struct policy_text *texts;
    size_t ntexts, texts_cap;
    struct data_file *data;
    size_t ndata, data_cap;
    struct data_join **joins;
    size_t njoins, joins_cap;
    struct profile **profiles; /* named ones, sorted by name */
    size_t nprofiles;
    struct profile **bases; /* without a name: [0], or one for each pack set */
    size_t nbases;
    struct waiver **waivers;
    size_t nwaivers, waivers_cap;
    struct organization *organizations; /* by name; the one of the last file that has it */
    size_t norganizations;
    struct freeze *freezes;
    size_t nfreezes;
    struct regex **regexes;
    size_t nregexes, regexes_cap;
    struct digest_cell *digest; /* made when first asked for */
};

/* Which profile judges s; never NULL. *problem: why the one it names cannot, or NULL. */
const struct profile *policy_choose(const struct policy *p, const struct subject *s,
                                    struct arena *a, const char **problem);
const struct product_info *policy_product(const struct policy *p, const struct subject *s,
                                          const struct product_info **other);
bool policy_profile_lists(const struct policy *p, const struct profile *profile,
                          const struct subject *s);

/* --- one rule at work --- */
struct batch_run {
    const struct batch_member *members;
    size_t n;
    const char *file;
    const struct ynode *root;
    int64_t as_of;
    const struct suppressions *suppressions;
};

struct rule_run {
    const struct policy *policy;
    const struct profile *profile;
    const struct active *active;
    const struct setting *setting;
    const struct subject *s; /* NULL in a batch rule */
    const struct facts *facts;
    const struct product_info *product, *product_other;
    const struct ca_facts *kind, *ca; /* of the kind of CA; of this one by its settings */
    const struct batch_run *batch;    /* NULL in an item rule */
    unsigned scope;
    struct arena *arena;
    struct findings *findings;
    size_t hits;                  /* of the running rule on this item; beyond LIMIT_HITS: */
    size_t unlisted;              /* findings that are only counted */
    enum severity unlisted_worst; /* of those that no waiver covers */
};
/* engine_hit.c: one finding for those that were only counted. After every check. */
void rule_summarize(struct rule_run *run);
const struct setting *setting_at(const struct active *a, int64_t at); /* NULL: not in force */
/* The day the item is judged at: its order date, today when it has none. Without this a subject
 * without a date would fall before every dated rule. */
int64_t subject_date(const struct subject *s);

/* mend.c: the edit that mends what the running rule points at, or NULL; in the run's arena. */
const struct edit *mend_make(const struct rule_run *run, const struct hit *where);
/* engine_hit.c: what a hit that asks for a severity gets. */
enum severity severity_of(const struct rule_run *run, enum severity asked);

/* waiver.c: marks f as waived when a waiver of the running rule covers it. */
void waiver_apply(const struct rule_run *run, const struct hit *where, struct finding *f);
void waiver_apply_member(const struct rule_run *run, const struct batch_member *m,
                         struct finding *f);
/* suppress.c: the same for comments; node is the item's mapping, or NULL. */
void suppression_apply(const struct rule_run *run, const struct ynode *node, struct finding *f);
void waivers_read(struct policy *p, const struct policy_file *file, struct findings *findings);
void waivers_attach(struct policy *p, struct profile *profile);

/* --- a policy file as it was read (policy_schema.c), before it is resolved --- */
enum edit_op { EDIT_NONE, EDIT_RESET, EDIT_SET, EDIT_LIST }; /* null; value; {add, remove} */

struct matchers_edit {
    enum edit_op op;
    struct matchers set, remove;
};
struct param_edit {
    enum edit_op op;
    int64_t number;
    struct strlist set, remove;    /* STRINGS, FILES */
    struct matchers_edit patterns; /* PATTERNS */
};
struct setting_edit {
    int64_t from, until;
    enum edit_op severity_op;
    enum severity severity;
    struct param_edit params[RULE_PARAMS_MAX];
};
struct override { /* one entry of a `rules:` section */
    const struct rule *row;
    const struct ynode *unsuppressable; /* NULL = not written */
    bool reset;                         /* null: back to what the packs say */
    struct setting_edit base;
    bool has_steps;
    struct setting_edit *steps;
    size_t nsteps;
};

struct wildcard_text {
    const struct ynode *node;
    bool allow;
    struct strings zones;
};
struct name_text {
    const struct ynode *node, *allow, *deny;
    struct wildcard_text *wildcard;
    struct matchers_edit allow_edit, deny_edit;
};
struct names_text {
    struct name_text *types[NAME_POLICY__MAX];
};
struct subject_text {
    const char *attr;
    const struct ynode *node, *allow, *deny;
    bool required;
    struct strings allowed;
    struct matchers_edit allow_edit, deny_edit;
};
struct ticket_text {
    const struct ynode *required, *pattern, *max_age;
};
struct validity_text {
    int64_t days;
};
struct settings_text { /* a profile, or the top of a file */
    const struct ynode *node;
    struct strings extends;
    bool abstract;
    int level, mode, max_severity;
    const struct ynode *require_data, *inline_waivers, *rules;
    struct objects products; /* struct product_text */
    struct validity_text *validity;
    struct names_text *names;
    struct objects subject; /* struct subject_text */
    struct ticket_text *ticket;
    const char *organization;   /* of a profile */
    struct override *overrides; /* of `rules` and `ticket` */
    size_t noverrides;
};
struct product_text {
    const char *ca, *code;
    const struct ynode *node;
};
struct profile_text {
    const char *name;
    struct settings_text set;
};
struct data_text {
    const char *name;
    const struct ynode *node;
    struct strings files;
    const char *sha256;
    int64_t max_age, updated;
};
struct jurisdiction_text {
    const char *country, *state, *locality;
};
struct validated_text {
    int64_t ov, ev;
};
struct organization_text {
    const char *name;
    const struct ynode *node, *subject, *serial_format, *ids;
    const char *legal_name, *business_category, *serial;
    struct jurisdiction_text *jurisdiction;
    struct validated_text *validated;
    struct strings domains;
    struct regex *regex; /* of serial_format */
};
struct match_text {
    const char *item, *spki, *serial;
    struct strings names;
};
struct waiver_text {
    const struct ynode *node;
    const char *id, *reason, *ticket, *approver;
    struct strings rules, profiles;
    struct match_text *match;
    int64_t created, expires;
};
struct sample_item {
    const struct ynode *node, *subject, *change;
    const char *profile, *ca, *product, *action, *common_name, *key, *csr, *certificate, *serial;
    struct strings san;
    int64_t validity, order_date;
    int reason;
};
struct sample_text {
    const struct ynode *node;
    struct sample_item *accept, *reject;
    const char *by;
};
enum { MODE_UNSET, MODE_ENFORCE, MODE_AUDIT };
struct policy_file {
    const char *path, *dir; /* path: pack name, or file as named */
    bool pack;
    bool layer;      /* counts for every item; false: only extended by profiles */
    int64_t version; /* of the language */
    const char *name, *revision, *owner, *description;
    struct settings_text base;
    struct objects profiles;      /* struct profile_text */
    struct objects waivers;       /* struct waiver_text */
    struct objects samples;       /* struct sample_text */
    struct objects data;          /* struct data_text */
    struct objects organizations; /* struct organization_text */
    struct freeze *freezes;       /* of `calendars` */
    size_t nfreezes;
};
extern const struct schema sample_item_schema;

struct policy_ctx { /* reading one file */
    struct schema_ctx schema;
    struct policy *policy;
    const struct policy_file *file;
};

/* policy_load.c: reads a source and what it extends into p->files, parents first. Problems are
 * findings. */
void policy_load(struct policy *p, const struct policy_source *source, struct findings *findings);
/* policy_rules.c: `rules:` and `ticket:` of one settings block. */
void overrides_read(struct policy_ctx *ctx, struct settings_text *set);
/* The value a row gives a parameter by itself. */
void param_fallback(struct policy *p, const struct param *param, struct param_value *out);
void param_apply(struct policy *p, const struct param *param, const struct param_edit *edit,
                 const struct param_value *preset, struct param_value *value);
/* policy_data.c: `data:` as settings of rules; reads one file, checks its pin (problems are
 * findings); the lines of several read files. */
void data_section_read(struct policy_ctx *ctx, struct policy_file *file);
bool data_read(struct policy_ctx *ctx, const struct ynode *at, const char *path, const char *pin);
const struct data_lines *data_lines(struct policy *p, const struct strlist *paths);
const char *data_sha256(const struct policy *p, const char *path);
/* organizations.c: `organizations:` of one file, checked; those of all files as p->organizations,
 * sorted by name, and every profile's `organization` looked up there; as JSON. */
extern const struct schema organization_schema;
void organizations_read(struct policy_ctx *ctx, struct policy_file *file);
void organizations_resolve(struct policy *p, struct findings *findings);
void organizations_write(struct jw *j, const struct policy *p);
const struct organization *organization_find(const struct policy *p, const char *name);
/* Its number at the CA of the subject, by the CA's name or else its kind; NULL = none. */
const char *organization_number(const struct organization *o, const struct subject *s);
/* calendars.c: the `calendars` section of one file into `target`, a struct policy_file; those of
 * all files into p->freezes, sorted. */
void calendars_read(struct schema_ctx *ctx, const struct ynode *node, void *target);
extern const char calendars_json_schema[];
void calendars_join(struct policy *p);
/* policy_resolve.c: p->files -> p->bases, p->profiles. */
void policy_resolve(struct policy *p, struct findings *findings);
/* policy_json.c */
struct digest_cell *digest_cell_new(void);
void digest_cell_free(struct digest_cell *c);

/* matcher.c: a list of one-key mappings ({tree: example.com, why: ...}), or {add:, remove:}.
 * Problems are findings. */
void matchers_read(struct policy_ctx *ctx, const struct ynode *node, enum gn_type type,
                   struct matchers_edit *out);
bool matcher_regex(struct policy_ctx *ctx, const struct ynode *at, const char *pattern,
                   struct matcher *out);
void matchers_apply(struct arena *a, const struct matchers_edit *edit,
                    const struct matchers *preset, struct matchers *value);
extern const struct word match_kind_words[];

/* samples.c: a subject made from sample text; strings stay in `a` or in the node's arena. */
bool sample_subject(struct arena *a, const struct sample_item *item, const char *dir,
                    struct subject *out, struct err *err) MUST_USE;

#endif
