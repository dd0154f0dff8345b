/* SPDX-License-Identifier: Apache-2.0
 *
 * Sealing an audit bundle: the signature over its tag manifest (CMS, with a timestamp over the
 * signature where a TSA is configured), the timestamp over the tag manifest, and the signed
 * statement of what was produced from what.
 *
 *     seal_open(path, stop, &seal, &err)         before anything is sent: key, certificate and TSA
 *                                                settings are read and fit; NULL: none configured
 *     seal_statement(seal, state, ...)           while a bundle is made
 *     seal_tag_manifest(seal, state, ...)
 *     seal_free(seal)
 *
 * What was made is kept in <state>/seal/, under the digest of what it is about:
 *     <sha256 of the statement>.dsse.json  <sha256 of the tag manifest>.p7s and .tsr
 * So one state gives one sequence of bytes although signatures are random, the TSA is asked once,
 * and a bundle can be made again where neither key nor TSA is at hand (seal NULL). What is kept
 * there is checked before it is used; a signature by another certificate than the configured one is
 * made anew.
 *
 * One thread at a time.
 */
#ifndef BATCH_SEAL_H
#define BATCH_SEAL_H

#include "batch/config.h"

#include <signal.h>

/* Files in the root of an audit bundle. */
#define SEAL_SIGNATURE  "tagmanifest-sha256.txt.p7s"
#define SEAL_TIMESTAMP  "tagmanifest-sha256.txt.tsr"
#define SEAL_DIGESTS    "seal-sha256.txt" /* of those two, for sha256sum -c */
#define SEAL_PROVENANCE "provenance.dsse.json"
#define SEAL_DIR        "seal" /* of the state */

struct seal;
/* Reads the configuration file of that path (NULL: there is none) for itself, so that it outlives
 * the batch. False: what is configured cannot be used (ERR_INPUT, ERR_ENV). For a batch that is
 * finished *out, unless NULL, still finds what its state keeps, and fails with that very error
 * where something would have to be made. */
bool seal_open(const char *config_path, const volatile sig_atomic_t *stop, struct seal **out,
               struct err *err) MUST_USE;
void seal_free(struct seal *s); /* NULL is fine */

enum seal_made {
    SEAL_MADE,
    SEAL_NONE,      /* nobody is configured to make it and the state has none */
    SEAL_UNSTAMPED, /* the TSA did not stamp, and it need not: err says why */
    SEAL_FAILED     /* err */
};

/* The signed envelope around a statement. */
enum seal_made seal_statement(struct seal *s, int state, struct span statement,
                              struct buf *envelope, struct err *err) MUST_USE;

struct seal_files {
    struct buf signature, timestamp; /* empty: none */
};
#define SEAL_FILES_INIT                                                                            \
    {                                                                                              \
        .signature = BUF_INIT(1u << 20), .timestamp = BUF_INIT(1u << 20)                           \
    }
/* The seals over the text of a tag manifest: which ones is said by `sign` and `stamp`; all of them
 * or none. With both the signature itself is stamped too. */
enum seal_made seal_tag_manifest(struct seal *s, int state, struct span text, bool sign, bool stamp,
                                 struct seal_files *out, struct err *err) MUST_USE;
void seal_files_release(struct seal_files *f);
/* The lines of SEAL_DIGESTS. */
void seal_digests(const struct seal_files *f, struct buf *out);

#endif
