/* SPDX-License-Identifier: Apache-2.0
 *
 * See delivery.h. The files of a manifest are read beneath its directory; those of a config are
 * the site's own and lie where it says.
 */
#include "batch/batch_parts.h"

#include "formats/base/limits.h"
#include "formats/cms_envelope.h"

struct reading {
    struct batch *b;
    struct findings *findings;
    const char *file, *dir; /* of the manifest or config that names them */
    bool beneath;
    struct buf pem;
};

static bool read_file(const struct reading *r, const char *path, struct buf *out, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    return r->beneath ? fs_read_beneath(&r->b->root, path, out, err)
                      : fs_read(*path == '/' ? path : path_join(&a, r->dir, path), out, err);
}

/* The first certificate of the file is the recipient's; a chain may follow. */
static void read_one(struct reading *r, const char *path, const struct ynode *at)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    struct err err = ERR_INIT;
    struct cert *certs;
    size_t n = 0;
    if (!read_file(r, path, &text, &err) ||
        !certs_read(&a, path, buf_span(&text), &certs, &n, &err)) {
        findings_report(r->findings, RULE_RECIPIENT, SEV_ERROR, yaml_pos(r->file, at),
                        "the recipient cannot be read: %s", err.msg);
        return;
    }
    const char *why =
        n ? cms_recipient_problem(&certs[0], batch_date(r->b, NULL)) : "holds no certificate";
    if (why) {
        findings_report(r->findings, RULE_RECIPIENT, SEV_ERROR, yaml_pos(r->file, at),
                        "the recipient %s", why);
        return;
    }
    cert_pem(&r->pem, certs[0].der);
    r->b->recipients.n++;
}

void recipients_read(struct batch *b, struct findings *findings)
{
    const bool own = b->manifest.delivery != NULL;
    const struct delivery_settings *d = own ? b->manifest.delivery : b->config.delivery;
    struct reading r = {.b = b,
                        .findings = findings,
                        .file = own ? b->manifest.path : b->config.path,
                        .dir = b->config.dir,
                        .beneath = own,
                        .pem = BUF_INIT(LIMIT_INPUT_BYTES)};
    if (!d) {
        return;
    }
    if (d->recipients.n > CMS_RECIPIENTS_MAX) {
        findings_report(findings, RULE_RECIPIENT, SEV_ERROR, yaml_pos(r.file, d->node),
                        "%zu recipients; at most %d can open one file", d->recipients.n,
                        CMS_RECIPIENTS_MAX);
        return;
    }
    for (size_t i = 0; i < d->recipients.n; i++) {
        read_one(&r, d->recipients.v[i], d->recipients.at[i]);
    }
    b->recipients.pem = (struct span){arena_memdup(&b->arena, r.pem.p, r.pem.n), r.pem.n};
    buf_release(&r.pem);
}
