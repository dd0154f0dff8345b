/* SPDX-License-Identifier: Apache-2.0
 *
 * certbatch.yaml: the CAs, signing and timestamping settings, site policies. A CA's own keys are
 * the `config` schema of its connector; common keys (tls, proxy, limits, timeouts) are added to
 * every connector here. Secrets are references; batch/secret.c reads them when needed.
 */
#ifndef BATCH_CONFIG_H
#define BATCH_CONFIG_H

#include "batch/ca.h"
#include "formats/base/secret.h"
#include "formats/base/schema.h"

struct ca_tls {
    const char *ca_file, *client_certificate;
    struct secret_ref client_key;
    struct {
        const char *file, *type, *alias;
        struct secret_ref password;
    } client_keystore, truststore;
};
struct ca_proxy {
    const char *host;
    int64_t port;
    const char *username;
    struct secret_ref password;
};
struct ca_limits {
    int64_t in_flight;
    double orders_per_second;
    int64_t burst;
    double requests_per_second;
};
struct ca_timeouts {
    int64_t connect_seconds, request_seconds;
};

struct ca_common {
    struct ca_tls tls;
    struct ca_proxy proxy;
    struct ca_limits limits;
    struct ca_timeouts timeouts;
    bool enabled;
    bool publicly_trusted;   /* only when written: ca_is_public() */
    struct objects products; /* struct ca_product */
};

/* A product of one customer, which no table of a connector can have. */
struct ca_product {
    const char *name, *code;
    const struct ynode *node;
    int level; /* index into ca_level_words, 0 = not said */
    bool wildcard, multi;
    int64_t max_san;
    struct strings terms, keys; /* durations; key tokens */
};
extern const struct word ca_level_words[];

struct ca_config {
    const char *name; /* key under `cas:` */
    const struct ynode *node;
    const struct ca_type *type; /* never NULL in a config that loaded */
    struct ca_common common;
    void *own;                           /* struct of type->config, arena */
    const struct product_info *products; /* `products:` of this CA */
    size_t nproducts;
};

/* Who signs audit bundles. Exactly one of key and key_uri is there. */
struct signing {
    const char *certificate, *chain; /* chain may be NULL */
    struct secret_ref key, key_password;
    const char *key_uri; /* "pkcs11:..." */
};
/* Who timestamps them; how its server is reached is said as for a CA. */
struct timestamp {
    const char *url, *ca_file; /* ca_file NULL: the TSA's certificate is not judged */
    bool required;
    const char *policy, *hash; /* OID or NULL; "sha256" */
    struct ca_common common;   /* tls, proxy, timeouts */
};

struct config {
    const struct ynode *node;
    int64_t version;
    struct ca_config *cas;
    size_t ncas;
    struct strings policy;
    struct signing *signing;
    struct timestamp *timestamp;
    bool allow_outside_paths; /* `paths: {allow_outside: true}` */

    struct arena arena;
    const char *path, *dir; /* NULL path: no config file, only the built-in `local` CA */
    char sha256[65];
};

/* Finds the file (explicit path, $CERTBATCH_CONFIG, ./certbatch.yaml, XDG) and reads it. With no
 * file at all the config holds one CA `local` whose directory is ./local-ca beside the manifest.
 * False (err set, ERR_INPUT) when the file cannot be read or a finding is an error. */
bool config_read(struct config *c, const char *explicit_path, struct findings *findings,
                 struct err *err) MUST_USE;
/* The same with the text at hand instead of what the file `path` holds. */
bool config_read_text(struct config *c, const char *path, struct span text,
                      struct findings *findings, struct err *err) MUST_USE;
/* For lint, which judges many directories from one place: the configuration beside a manifest, when
 * there is none where config_read() looks first. NULL otherwise. */
const char *config_beside(struct arena *a, const char *manifest_dir);
/* Host of an http:// or https:// URL, brackets of IPv6 cut. False when there is none, it does not
 * fit, or the authority is odd in any way (user-info included). */
bool url_host(const char *url, char *host, size_t size) MUST_USE;
/* An http:// or https:// URL whose host is "localhost" or a loopback address, by how it is written:
 * nothing is resolved. */
bool url_is_loopback(const char *url) MUST_USE;
const struct ca_config *config_ca(const struct config *c, const char *name);
void config_release(struct config *c);
/* The products of all connectors and of this configuration, for policy_open(). */
const struct product_info *config_products(const struct config *c, struct arena *a, size_t *n);

/* Judges every enabled CA of a configuration that was read, by the policies it names and those of
 * the command line, without any batch. False (err) when a policy cannot be used. */
struct config_judge_options {
    const char *const *policies; /* --policy, may be empty */
    size_t npolicies;
    const char *profile; /* --profile, or NULL */
    int64_t as_of;       /* --as-of, or TIME_NONE */
};
struct policy;
/* The policies it names and those of the command line, loaded; the caller frees *out. */
bool config_policy(const struct config *c, const struct config_judge_options *o,
                   struct policy **out, struct findings *findings, struct err *err) MUST_USE;
bool config_judge(const struct config *c, const struct config_judge_options *o,
                  struct findings *findings, struct err *err) MUST_USE;

/* Every secret that the settings of a CA refer to, with the path of its key. */
void config_secrets(const struct ca_config *ca,
                    void (*fn)(void *ctx, const char *path, const struct secret_ref *ref),
                    void *ctx);

/* The schema with the connector keys of every type merged, for `certbatch schema config`. */
void config_schema_json(struct jw *j);
void config_schema_roff(struct buf *out);

/* Reads the secret a reference names: environment, file (mode checked, relative to `dir`, final
 * newline cut) or command (argv, no shell, run in `dir`). A variable is overwritten in the
 * environment when it is first read and kept as a secret, so that later references find it and
 * child processes do not. Thread safe. */
bool secret_load(const struct secret_ref *ref, const char *dir, struct secret *out,
                 struct err *err) MUST_USE;
/* The command form with a limit of its own. */
bool secret_from_command(const struct strings *argv, const char *dir, int64_t limit_ms,
                         struct secret *out, struct err *err) MUST_USE;
/* Wipes what was kept of the environment; at the end of the program. */
void secret_forget(void);

#endif
