/* SPDX-License-Identifier: Apache-2.0
 *
 * `inspect` for certificate requests, certificates (PEM, DER, PKCS#7) and CRLs.
 */
#include "formats/inspect_view.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/crl.h"
#include "formats/csr.h"

#include <inttypes.h>
#include <string.h>

static void csr_problems(struct view *v, const struct csr *csr)
{
    CLEANUP(buf_release) struct buf line = BUF_INIT(LIMIT_MESSAGE);
    if (!csr->nproblems) {
        return;
    }
    view_list(v, "problems");
    for (size_t i = 0; i < csr->nproblems; i++) {
        const struct csr_problem *p = &csr->problems[i];
        buf_reset(&line);
        buf_printf(&line, "%s: %s", csr_defect_rules[p->defect], p->detail);
        if (p->line) {
            buf_printf(&line, " (line %u)", p->line);
        } else if (p->offset >= 0) {
            buf_printf(&line, " (octet %" PRId64 ")", p->offset);
        }
        view_item(v, buf_text(&line), line.n);
    }
    view_list_end(v);
}

static void csr_content(struct view *v, const struct csr *csr)
{
    struct err err = ERR_INIT;
    bool valid = csr_verify(csr, &err);
    view_dn(v, "subject", &csr->subject);
    view_names(v, &csr->san);
    view_key(v, &csr->key);
    view_str(v, "signature_algorithm", sigalg_token(csr->sig_algorithm));
    view_bool(v, "signature_valid", valid);
    if (!valid) {
        view_str(v, "signature_problem", err.msg);
    }
    view_extensions(v, csr->exts, csr->nexts);
    view_hex(v, "sha256", (struct span){csr->sha256, SHA256_SIZE});
}

bool inspect_csr(struct view *v, const char *name, struct span input, const struct secret *password,
                 struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct csr csr;
    (void)name;
    (void)password;
    (void)err;
    csr_parse(&a, input, &csr);
    view_object(v, "csr", "certificate request");
    view_bool(v, "usable", csr.usable);
    if (csr.usable) {
        csr_content(v, &csr);
    }
    csr_problems(v, &csr);
    view_end(v);
    return true;
}

static void cert_content(struct view *v, const struct cert *c)
{
    view_dn(v, "subject", &c->subject);
    view_dn(v, "issuer", &c->issuer);
    view_str(v, "serial", c->serial_hex);
    view_time(v, "not_before", c->not_before);
    view_time(v, "not_after", c->not_after);
    /* both ends count, RFC 5280 4.1.2.5 */
    view_int(v, "validity_days", (c->not_after - c->not_before + DAY_SECONDS) / DAY_SECONDS);
    view_names(v, &c->san);
    view_key(v, &c->key);
    view_bool(v, "is_ca", c->is_ca);
    view_bool(v, "self_issued", cert_self_issued(c));
    view_str(v, "signature_algorithm", sigalg_token(c->sig_algorithm));
    view_extensions(v, c->exts, c->nexts);
    view_hex(v, "sha256", (struct span){c->sha256, SHA256_SIZE});
}

bool inspect_certs(struct view *v, const char *name, struct span input,
                   const struct secret *password, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct cert *certs;
    size_t n;
    (void)password;
    if (!certs_read(&a, name, input, &certs, &n, err)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        view_object(v, "certificate", "certificate");
        cert_content(v, &certs[i]);
        view_end(v);
    }
    return true;
}

static void crl_entries(struct view *v, const struct crl *crl)
{
    CLEANUP(buf_release) struct buf line = BUF_INIT(LIMIT_MESSAGE);
    view_list(v, "revoked");
    for (size_t i = 0; i < crl->n; i++) {
        const struct crl_entry *e = &crl->v[i];
        char when[TIME_TEXT];
        time_format(e->revoked, when);
        buf_reset(&line);
        buf_printf(&line, "%s %s", e->serial_hex, when);
        if (e->reason != REASON_NONE) {
            const char *reason = revocation_reason_name(e->reason);
            buf_printf(&line, " %s", reason ? reason : "unknown-reason");
        }
        view_item(v, buf_text(&line), line.n);
    }
    view_list_end(v);
}

bool inspect_crl(struct view *v, const char *name, struct span input, const struct secret *password,
                 struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct crl crl;
    (void)password;
    if (!crl_parse(&a, input, &crl, err)) {
        return err_wrap(err, "%s", name);
    }
    view_object(v, "crl", "certificate revocation list");
    view_dn(v, "issuer", &crl.issuer);
    view_str(v, "crl_number", crl.number_hex);
    view_time(v, "this_update", crl.this_update);
    view_time(v, "next_update", crl.next_update);
    view_str(v, "signature_algorithm", sigalg_token(crl.sig_algorithm));
    view_int(v, "count", (int64_t)crl.n);
    crl_entries(v, &crl);
    view_end(v);
    return true;
}
