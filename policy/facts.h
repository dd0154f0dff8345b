/* SPDX-License-Identifier: Apache-2.0
 *
 * What rules look at.
 *
 * struct subject is what the layers above (batch, lint) say about one thing to be judged: an
 * order, a revocation, or a file linted alone. It is plain data; every pointer is owned by the
 * caller and outlives the judgement. facts_make() derives from it what several rules need (the
 * names of the three views, normalised; the effective subject) once, in the scratch arena.
 *
 * Three views of names: `csr` (in the request), `order` (in the manifest), `effective` (what the
 * connector really sends or the CA really reads: the order fields for most CAs, the CSR for
 * AD CS and EST). An order without any name of its own, and a file linted alone,
 * are effective as the CSR or certificate says. A rule on names runs on the views it lists and
 * says which failed.
 */
#ifndef POLICY_FACTS_H
#define POLICY_FACTS_H

#include "formats/base/yaml.h"
#include "formats/cert.h"
#include "formats/csr.h"
#include "policy/verified.h"

struct suppressions; /* policy/suppress.h */

enum subject_kind {
    SUBJECT_ORDER,
    SUBJECT_REVOCATION,
    SUBJECT_CSR_FILE,
    SUBJECT_CERT_FILE,
    SUBJECT_CA /* the settings of a CA, configuration linted alone: only ca_* are set */
};

struct subject {
    enum subject_kind kind;
    const char *id;               /* item id; NULL for a file */
    const char *file;             /* manifest, CSR or certificate as the user named it */
    const struct ynode *node;     /* the item's mapping, for line and column; NULL for a file */
    const struct ynode *defaults; /* the manifest's `defaults:`; NULL for a revocation */
    const struct ynode *change;   /* the manifest's `change:`, or NULL */
    const struct suppressions *suppressions; /* comments of the manifest, or NULL */
    struct verified *verified;               /* requests known to be signed well, or NULL */
    const char *action;                      /* "new" "renew" "reissue" "revoke"; NULL for a file */
    const char *ca;                          /* name in the config; NULL when unknown */
    const char *ca_type;                     /* "local" "certinext" ...; NULL when unknown */
    const char *ca_environment;              /* "sandbox" "production"; NULL when unknown */
    const struct ynode *ca_node;             /* the CA's mapping in the configuration, or NULL */
    const char *ca_file;                     /* that configuration */
    const struct cert *ca_issuer;            /* certificate that will sign (embedded CA), or NULL */
    bool ca_public;                          /* a publicly trusted CA: decides the default pack */
    bool ca_reads_csr_names;                 /* effective names are the CSR's */
    const char *product;                     /* name or code as written */
    const char *profile;                     /* named by the item, or NULL */

    const char *common_name;   /* order view; NULL when not given */
    const struct dn_value *dn; /* order view without CN */
    size_t ndn;
    const struct san_value *san;       /* order view */
    const struct ynode *const *san_at; /* parallel to san; entries may be NULL */
    size_t nsan;

    const char *key;          /* token of the key to be generated, or NULL */
    const char *key_file;     /* private key named beside a CSR, or NULL */
    int key_file_mode;        /* st_mode & 07777 of key_file, or -1 */
    bool key_file_matches;    /* of key_file against the CSR; true when not checked */
    int64_t validity_seconds; /* asked for; 0 = the product's */
    int64_t order_date;       /* planned; rules' dates are judged at it */
    int64_t today;            /* of the run; 0 = not known. Only for "is the plan in the past" */

    const struct csr *csr;    /* given or generated request, or NULL (not generated yet) */
    const char *csr_file;     /* path as written, or NULL when generated */
    const struct cert *cert;  /* SUBJECT_CERT_FILE: the certificate under judgement */
    const struct cert *chain; /* beside it, issuer first; may be NULL */
    size_t nchain;
    const struct subject *request; /* the order it was issued for, or NULL */
    const struct cert *prior;      /* certificate being renewed, or NULL */

    int reason;         /* revocation reason, REASON_* */
    const char *serial; /* normalised, of the certificate to revoke or renew */
    /* what inventories say of the certificate to revoke; NULL = nothing: */
    const char *places;  /* where it is in use, one text */
    const char *revoked; /* who says that it is revoked already: "inventory.csv, row 3" */
};

enum { VIEW_CSR = 1, VIEW_ORDER = 2, VIEW_EFFECTIVE = 4 };

struct name_fact {
    enum gn_type type;
    unsigned views;   /* which lists hold it */
    bool is_cn;       /* stands only in the CN of these views */
    const char *text; /* as written */
    size_t text_n;
    const char *norm; /* dns: lower-case A-labels, no trailing dot; ip: canonical; email: lower-case
                         domain; else text. A NUL in text is U+FFFD here */
    struct pos pos;   /* in the manifest, else line 0 */
    const struct ynode *node;      /* where it is written in the manifest, or NULL */
    int64_t offset;                /* in the CSR, else -1 */
    const struct general_name *gn; /* when from a CSR or certificate */
};

struct attr_fact {
    const char *name; /* short name "O" */
    const char *text;
    size_t text_n;
    unsigned views;
    struct pos pos;
    int64_t offset;
    const struct dn_attr *attr; /* when from a CSR or certificate */
};

struct facts {
    const struct subject *s;
    const struct csr *csr;
    const struct cert *cert;
    const struct spki *key;  /* of csr or cert; NULL when there is only a token */
    const char *key_token;   /* of key, or of the key to be generated */
    struct name_fact *names; /* every view, CN last */
    size_t nnames;
    const struct name_fact **by_norm; /* the same, sorted: see facts_named() */
    size_t ncut; /* names beyond LIMIT_SANS of a list or LIMIT_DN_ATTRS: not among them */
    struct attr_fact *attrs; /* every view */
    size_t nattrs;
    struct public_key *public_key; /* of `key`, made by the first check that needs it */
    struct span sig_algorithm;     /* of csr or cert; empty otherwise */
};

void facts_make(struct arena *a, const struct subject *s, struct facts *out);
/* The *n facts of this type and norm, in the order of names. Lists are long in hostile requests:
 * rules look names up instead of comparing all with all. */
const struct name_fact *const *facts_named(const struct facts *f, enum gn_type type,
                                           const char *norm, size_t *n);
/* Of a certificate alone: its names and attributes, all of them effective. */
void cert_facts(struct arena *a, const struct cert *cert, struct facts *out);

/* A name as people write it: "dns:NAME" "ip:ADDRESS" "email:ADDRESS" "uri:URI", or bare: an
 * address, a URI (has "://"), a mailbox (has "@"), else a DNS name. out->text points into text. */
void san_value_parse(const char *text, struct san_value *out);
/* The norm of struct name_fact. */
const char *name_norm(struct arena *a, enum gn_type type, const char *text, size_t n);

#endif
