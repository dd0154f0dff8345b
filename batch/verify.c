/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch verify BUNDLE`, see bundle.h: which kind of bundle it is, and the summary.
 */
#include "batch/verify.h"

#include "batch/prove.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

static const struct kind {
    const char *title;
    bool (*verify)(struct verify *v, struct buf *summary, struct err *err);
} audit_kind = {"audit bundle", verify_audit}, delivery_kind = {"delivery bundle", verify_delivery},
  proof_kind = {"proof of one item", verify_proof};

/* Stops at the first entry: its top directory says what this is. */
static bool first_name(void *ctx, const char *name, struct span data, struct err *err)
{
    char *root = ctx;
    size_t n = strcspn(name, "/");
    (void)data;
    memcpy(root, name, n);
    root[n] = '\0';
    return err_set(err, ERR_NONE, "seen");
}

/* A damaged archive counts as an audit bundle: its check then says what is damaged. */
static bool find_kind(const char *file, const struct kind **kind, struct err *err)
{
    char root[LIMIT_ARCHIVE_NAME + 1] = "";
    if (!archive_read_file(file, first_name, root, err) && err->code != ERR_NONE &&
        err->code != ERR_FINDINGS) {
        return false;
    }
    err_clear(err);
    *kind = str_ends(root, "-delivery")    ? &delivery_kind
            : str_ends(root, PROVE_SUFFIX) ? &proof_kind
                                           : &audit_kind;
    return true;
}

static bool read_trust(const char *option, const char *path, struct trust **out, struct err *err)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(LIMIT_INPUT_BYTES);
    return !path || (fs_read(path, &pem, err) && trust_read(path, buf_span(&pem), out, err)) ||
           err_wrap(err, "%s", option);
}

/* What a delivery bundle cannot have must not seem to have been checked. */
static void no_seals(struct verify *v)
{
    if (v->signers || v->tsas || v->approvers) {
        const char *rule = v->signers ? RULE_SIGNATURE : v->tsas ? RULE_TIMESTAMP : RULE_APPROVAL;
        verify_problem(v->findings, v->file, rule, SEV_ERROR, NULL,
                       "a delivery bundle carries no signature, no timestamp and no approval: the "
                       "audit bundle does, with the digests of these files");
    }
}

static bool run(struct verify *v, const char *passwords, struct buf *summary, struct err *err)
{
    const struct kind *kind;
    CLEANUP(buf_release) struct buf facts = BUF_INIT(1u << 16);
    if (!find_kind(v->file, &kind, err)) {
        return false;
    }
    v->passwords = passwords ? verify_passwords_read(passwords, &v->secrets, err) : NULL;
    if (!passwords) {
        v->secrets = secret_scan_from("", err);
    }
    if (!v->secrets || !kind->verify(v, &facts, err)) {
        return false;
    }
    if (kind == &delivery_kind) {
        no_seals(v);
    }
    size_t errors = findings_count(v->findings, SEV_ERROR);
    buf_printf(summary, "%s: %s, %s\n", v->file, kind->title, errors ? "NOT VALID" : "valid");
    if (errors) {
        buf_printf(summary, "  failed checks %zu\n", errors);
    }
    buf_add(summary, facts.p, facts.n);
    return true;
}

bool bundle_verify(const struct verify_options *o, struct findings *findings, struct buf *summary,
                   struct err *err)
{
    struct verify v = {.file = o->bundle, .findings = findings};
    v.pool = pool_new(pool_default_workers());
    bool ok = read_trust("--signer-ca", o->signer_ca, &v.signers, err) &&
              read_trust("--tsa-ca", o->tsa_ca, &v.tsas, err) &&
              read_trust("--approver-ca", o->approver_ca, &v.approvers, err) &&
              run(&v, o->passwords, summary, err);
    pool_free(v.pool);
    secret_scan_close(v.secrets);
    verify_passwords_free(v.passwords);
    verify_seal_free(v.seal);
    verify_approvals_free(v.approvals);
    trust_free(v.signers);
    trust_free(v.tsas);
    trust_free(v.approvers);
    return ok;
}
