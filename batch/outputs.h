/* SPDX-License-Identifier: Apache-2.0
 *
 * The delivered files of one issued item: encrypted key.pem, <id>.p12, <id>.jks, and a folder for
 * each server (formats/preset.h) with what it loads: key.pem or key store, fullchain.pem without
 * the root, configuration snippet. Each key and store is made, opened again and compared with what
 * went in before it is handed on; where two of them would be the same (tomcat and jetty read one
 * PFX) the bytes are made once and handed on twice. CPU only: where the bytes go is the sink's
 * business. Thread safe.
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
/* One finished file. name: path in the item's folder. generated: it opens with the generated
 * password and belongs into passwords.csv. */
struct output_file {
    const char *name, *alias;
    struct span bytes;
    bool generated;
};
/* Files of one output at most: itself, fullchain.pem, snippet. */
enum { OUTPUT_FILES = 3 };
typedef bool output_sink(void *ctx, const struct output_file *f, struct err *err);

/* False when an output cannot be made (err says which) or the sink failed. */
bool outputs_make(const struct outputs_request *r, output_sink *sink, void *ctx,
                  struct err *err) MUST_USE;
/* True when an output of the order needs the private key itself; a server makes do without. */
bool outputs_need_key(const struct outputs *o);
/* Where the state keeps the file of this path: one directory, so a '/' becomes '+'. */
void output_stored_name(const char *path, char *out, size_t n);

#endif
