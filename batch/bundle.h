/* SPDX-License-Identifier: Apache-2.0
 *
 * Bundles and reports made from a state directory (design 6), and their verification.
 *
 *  - delivery: <name>-delivery.tar.gz. Per issued item a folder with certificate.pem, chain.pem,
 *    fullchain.pem and what was asked for: key.pem (encrypted PKCS#8), <id>.p12, <id>.jks, and
 *    for each server a folder of its name (formats/preset.h). README.txt says how to use them.
 *    Passwords never inside: <name>-passwords.cms for recipients (batch/delivery.h), else
 *    <name>-passwords.csv (0600), beside it.
 *  - audit: <name>-audit.tar.gz, a BagIt bag, no secret in it, the same bytes whenever it is made
 *    from the same state: it holds the journal up to and including the last `close` record, and
 *    every time in it comes from the journal. Signed and timestamped where that is configured;
 *    the state keeps the seals (batch/seal.h).
 *
 * Both are written under a temporary name, synced, read back and verified, then renamed.
 */
#ifndef BATCH_BUNDLE_H
#define BATCH_BUNDLE_H

#include "batch/run.h"

#define REPORT_NAME "report.json" /* in the state directory */

struct bundle_paths {
    char *delivery, *audit, *passwords; /* NULL: not made (no issued item) */
    char *remark;                       /* for people: what the audit bundle lacks; or NULL */
    char delivery_sha256[SHA256_HEX], audit_sha256[SHA256_HEX];
    char recipients_sha256[SHA256_HEX]; /* of the passwords; empty: they are a CSV */
};
/* report.json, report.csv and the text summary of a state; items in plan order. s may be NULL:
 * then the report has no findings and no change. */
bool report_json(const struct history *h, const struct statedir *s, struct buf *out,
                 struct err *err) MUST_USE;
bool report_csv(const struct history *h, const struct statedir *s, struct buf *out,
                struct err *err) MUST_USE;
void report_text(const struct history *h, struct buf *out);
/* <state>/report.json, atomically; streams, so that memory stays flat. */
bool report_store(const struct history *h, const struct statedir *s, struct err *err) MUST_USE;
/* What takes the bytes of a report as they are made. */
typedef bool report_sink(void *ctx, struct span bytes, struct err *err);

/* seal may be NULL: then the audit bundle has the seals that the state keeps, if any. A TSA that
 * does not stamp is a remark, or ERR_CA when the timestamp is required. */
struct seal;
bool bundle_make(const struct statedir *s, const struct history *h, const char *out_dir,
                 const char *name, struct seal *seal, struct bundle_paths *out,
                 struct err *err) MUST_USE;
/* True, with paths filled, when the last `bundle` record is about the last `close` and the files it
 * names lie in out_dir unchanged. */
bool bundle_stands(const struct statedir *s, const struct history *h, const char *out_dir,
                   const char *name, struct bundle_paths *out);
void bundle_paths_release(struct bundle_paths *p);

/* `certbatch verify BUNDLE`: audit bags (bag, journal chain, completeness, certificate against
 * request and chain, report against journal, signature, timestamp, provenance) and delivery bundles
 * (chains; with passwords from `passwords` CSV: keys and key stores too). Every failed check is a
 * finding. */
struct verify_options {
    const char *bundle, *passwords; /* passwords may be NULL */
    /* PEM files of trust anchors, may be NULL. Given, the signature or timestamp is demanded and
     * must lead there; else it is checked as far as it vouches for itself. */
    const char *signer_ca, *tsa_ca, *approver_ca;
};
bool bundle_verify(const struct verify_options *o, struct findings *findings, struct buf *summary,
                   struct err *err) MUST_USE;

#endif
