/* SPDX-License-Identifier: Apache-2.0
 *
 * The delivered files of one issued item: encrypted key.pem, <id>.p12, <id>.jks. Each is made,
 * opened again and compared with what went in before it is handed on. CPU only: where the bytes
 * go is the sink's business. Thread safe.
 */
#ifndef BATCH_OUTPUTS_H
#define BATCH_OUTPUTS_H

#include "batch/batch.h"
#include "formats/keystore.h"

struct passwords;

/* Everything is a view. */
struct outputs_request {
    const char *id;
    const struct outputs *outputs;
    const struct key *key;    /* NULL: its owner has it; no output holds a key then */
    struct span leaf;         /* DER */
    const struct span *chain; /* DER, leaf's issuer first */
    size_t nchain;
    int64_t created;                /* entry time in a JKS: the certificate's notBefore */
    const struct secret *generated; /* the item's generated password */
    const struct passwords *given;  /* what the references of the outputs named */
};
/* One finished file. password: set when it was generated and belongs into passwords.csv. */
struct output_file {
    const char *name, *alias;
    struct span bytes;
    bool generated;
};
typedef bool output_sink(void *ctx, const struct output_file *f, struct err *err);

/* False when an output cannot be made (err says which) or the sink failed. */
bool outputs_make(const struct outputs_request *r, output_sink *sink, void *ctx,
                  struct err *err) MUST_USE;
/* True when an output of the order needs the private key itself. */
bool outputs_need_key(const struct outputs *o);

#endif
