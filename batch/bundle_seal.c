/* SPDX-License-Identifier: Apache-2.0
 *
 * The last steps of an audit bag: the statement of what was produced from what, README.txt, and the
 * seals over the tag manifest. README.txt names the commands for the seals that are there, and it
 * is one of the files they cover: so the tag manifest is looked at ahead, and what could be had for
 * it decides which README goes in.
 */
#include "batch/bundle_parts.h"

#include "batch/provenance.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

/* --- README.txt --- */

enum { ALWAYS = 0, UNSEALED = 1, SIGNED = 2, STAMPED = 4, APPROVED = 8, BOTH = SIGNED | STAMPED };

/* Parts in order; one counts when it is for the seals that are there. */
static const struct {
    unsigned when;
    const char *text;
} parts[] = {
    {ALWAYS,
     "The record of a certificate batch, as a BagIt 1.0 bag (RFC 8493). It holds no private key\n"
     "and no password. Everything here can be checked with stock tools, in this directory:\n"
     "\n"
     "Is every file here and unchanged?\n"},
    {UNSEALED, "    sha256sum -c --strict --quiet manifest-sha256.txt tagmanifest-sha256.txt\n"},
    {BOTH, "    sha256sum -c --strict --quiet manifest-sha256.txt tagmanifest-sha256.txt "
           "seal-sha256.txt\n"},
    {SIGNED,
     "\n"
     "Who vouches for it? SIGNER-CA.pem holds the root you trust the signer by, from its owner "
     "and\n"
     "not from here. The signature is over tagmanifest-sha256.txt, and by that over every file:\n"
     "    openssl cms -verify -binary -inform DER -in tagmanifest-sha256.txt.p7s \\\n"
     "        -content tagmanifest-sha256.txt -CAfile SIGNER-CA.pem -purpose any -cades \\\n"
     "        -signer signer.pem -out /dev/null\n"},
    {STAMPED,
     "\n"
     "Since when is it so? TSA-CA.pem holds the root you trust the timestamping authority by:\n"
     "    openssl ts -verify -data tagmanifest-sha256.txt \\\n"
     "        -in tagmanifest-sha256.txt.tsr -CAfile TSA-CA.pem\n"
     "    openssl ts -reply -in tagmanifest-sha256.txt.tsr -text\n"},
    {STAMPED, "\n"
              "Once a certificate has expired, add -attime SECONDS to these commands: the time "
              "that the last\n"
              "one prints, by date -d TIME +%s. What is stamped is not younger than that.\n"},
    {SIGNED,
     "\n"
     "What was produced from what? An in-toto statement (SLSA provenance) in a DSSE envelope, "
     "signed\n"
     "by the key of signer.pem, which the command above wrote:\n"
     "    sed -n 's/^ *\"payload\": \"\\(.*\\)\",$/\\1/p' provenance.dsse.json | base64 -d "
     ">statement\n"
     "    sed -n 's/^ *\"sig\": \"\\(.*\\)\"$/\\1/p' provenance.dsse.json | base64 -d "
     ">statement.sig\n"
     "    { printf 'DSSEv1 28 application/vnd.in-toto+json %d ' \"$(wc -c <statement)\"\n"
     "      cat statement; } >statement.pae\n"
     "    openssl x509 -in signer.pem -noout -pubkey >signer.pub\n"
     "    openssl dgst -sha256 -verify signer.pub -signature statement.sig statement.pae\n"},
    {ALWAYS,
     "\n"
     "What was done, and do the numbers add up?   data/report.html (any browser), "
     "data/report.pdf,\n"
     "                                            data/report.xlsx, data/close-notes.txt; for\n"
     "                                            programs data/report.json, data/report.csv,\n"
     "                                            data/junit.xml\n"
     "What was asked, checked and planned?        data/manifest.yaml, data/policy/,\n"
     "                                            data/findings.json, data/findings.sarif,\n"
     "                                            data/plan.json\n"},
    {APPROVED,
     "Who approved the plan?                      data/approvals/; for each file there, with "
     "APPROVER-CA.pem\n"
     "the root you trust approvers by (-attime: as above, once a certificate has expired):\n"
     "    openssl cms -verify -binary -inform DER -in data/approvals/FILE.p7s \\\n"
     "        -content data/plan.json -CAfile APPROVER-CA.pem -purpose any -out /dev/null\n"},
    {ALWAYS,
     "What happened to one item?                  data/items/ID/record.json\n"
     "\n"
     "Is its certificate for the key of its request? Both print the same:\n"
     "    openssl req  -noout -pubkey -in data/items/ID/request.csr\n"
     "    openssl x509 -noout -pubkey -in data/items/ID/certificate.pem\n"
     "\n"
     "Was it signed by its chain? (whether to trust the chain is for you to say)\n"
     "    openssl verify -no_check_time -partial_chain -trusted data/items/ID/chain.pem \\\n"
     "        data/items/ID/certificate.pem\n"
     "\n"
     "Is the log unbroken? Each line of data/journal.jsonl names in \"prev\" the SHA-256 of the\n"
     "line before it, without its newline. For line N:\n"
     "    sed -n Np data/journal.jsonl | tr -d '\\n' | sha256sum\n"
     "\n"
     "All of this at once, on the packed archive:\n"},
};

static void readme_text(unsigned seals, bool approved, struct buf *out)
{
    const unsigned there = (seals ? seals : UNSEALED) | (approved ? APPROVED : 0);
    for (size_t i = 0; i < NITEMS(parts); i++) {
        if (parts[i].when == ALWAYS || (parts[i].when & there)) {
            buf_puts(out, parts[i].text);
        }
    }
    buf_printf(out, "    certbatch verify %s%sNAME-audit.tar.gz\n",
               seals & SIGNED ? "--signer-ca SIGNER-CA.pem " : "",
               seals & STAMPED ? "--tsa-ca TSA-CA.pem " : "");
}

/* --- the steps --- */

/* The statement, when somebody can sign it or did: *is_signed. */
static bool put_statement(const struct bundle_source *s, struct bag *bag, const struct history *h,
                          const char *ticket, bool *is_signed, struct err *err)
{
    CLEANUP(buf_release) struct buf statement = BUF_INIT(LIMIT_ARCHIVE_ENTRY);
    CLEANUP(buf_release) struct buf envelope = BUF_INIT(LIMIT_ARCHIVE_ENTRY);
    *is_signed = false;
    if (!s->seal && !fs_exists_at(s->state->fd, SEAL_DIR)) {
        return true; /* nobody signs and nobody did */
    }
    if (!provenance_write(bag, h, ticket, &statement, err)) {
        return false;
    }
    enum seal_made made =
        seal_statement(s->seal, s->state->fd, buf_span(&statement), &envelope, err);
    *is_signed = made == SEAL_MADE;
    return made == SEAL_NONE ||
           (made == SEAL_MADE && bag_tag(bag, SEAL_PROVENANCE, buf_span(&envelope), err));
}

static bool put_seals(struct bag *bag, const struct seal_files *f, struct err *err)
{
    CLEANUP(buf_release) struct buf digests = BUF_INIT(LIMIT_MESSAGE);
    seal_digests(f, &digests);
    return (!f->signature.n || bag_beside(bag, SEAL_SIGNATURE, buf_span(&f->signature), err)) &&
           (!f->timestamp.n || bag_beside(bag, SEAL_TIMESTAMP, buf_span(&f->timestamp), err)) &&
           bag_beside(bag, SEAL_DIGESTS, buf_span(&digests), err);
}

/* README.txt for these seals, and the seals over the tag manifest with that README in it. */
static enum seal_made try_seals(const struct bundle_source *s, struct bag *bag, unsigned seals,
                                struct err *err)
{
    CLEANUP(buf_release) struct buf readme = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf tagmanifest = BUF_INIT(LIMIT_ARCHIVE_ENTRY);
    CLEANUP(seal_files_release) struct seal_files files = SEAL_FILES_INIT;
    enum seal_made made = SEAL_MADE;
    readme_text(seals, s->history->approvals.n > 0, &readme);
    if (seals) {
        if (!bag_preview(bag, "README.txt", buf_span(&readme), &tagmanifest, err)) {
            return SEAL_FAILED;
        }
        made = seal_tag_manifest(s->seal, s->state->fd, buf_span(&tagmanifest), seals & SIGNED,
                                 seals & STAMPED, &files, err);
    }
    if (made != SEAL_MADE) {
        return made;
    }
    return bag_tag(bag, "README.txt", buf_span(&readme), err) &&
                   (!seals || put_seals(bag, &files, err))
               ? SEAL_MADE
               : SEAL_FAILED;
}

/* The TSA's failure is a remark when the bundle may go without. */
static void remark(const struct bundle_source *s, const struct err *why)
{
    buf_reset(s->remark);
    buf_printf(s->remark, "the audit bundle has no timestamp: %s", why->msg);
}

bool bundle_seal(const struct bundle_source *s, struct bag *bag, const struct history *h,
                 const char *ticket, struct err *err)
{
    bool is_signed;
    if (!put_statement(s, bag, h, ticket, &is_signed, err)) {
        return false;
    }
    const unsigned base = is_signed ? SIGNED : 0;
    struct err why = ERR_INIT;
    enum seal_made made = try_seals(s, bag, base | STAMPED, &why);
    if (made == SEAL_UNSTAMPED) {
        remark(s, &why);
    }
    if (made == SEAL_UNSTAMPED || made == SEAL_NONE) {
        err_clear(&why);
        made = try_seals(s, bag, base, &why);
    }
    if (made == SEAL_NONE) {
        err_set(err, ERR_INPUT, "the state has lost the signature of this bundle");
        err_hint(err, "make it again with the configuration that names the signing key");
    } else if (made != SEAL_MADE) {
        *err = why;
        if (err->code == ERR_CA) {
            err_wrap(err, "timestamp");
            err_hint(err, "the state is whole: `certbatch bundle STATE` makes the bundles when the "
                          "TSA answers");
        }
    }
    return made == SEAL_MADE;
}
