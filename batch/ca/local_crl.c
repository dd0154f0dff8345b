/* SPDX-License-Identifier: Apache-2.0
 *
 * The revocation list of the embedded CA. It is derived: whatever happens to the files, the index
 * makes them again. Its number is recorded in the index first and only grows (RFC 5280 5.2.3).
 */
#include "batch/ca/local.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <stdio.h>
#include <string.h>

bool local_crl_current(const struct local *l)
{
    struct err ignored = ERR_INIT;
    struct crl crl;
    char number[20];
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!fs_read_at(l->dirfd, "crl.der", &der, &ignored) ||
        !crl_parse(&a, buf_span(&der), &crl, &ignored)) {
        return false;
    }
    uint64_t n = l->index.crl_number;
    (void)snprintf(number, sizeof number, "%llX", (unsigned long long)n);
    const char *have = crl.number_hex ? crl.number_hex : "";
    have += strspn(have, "0");
    return str_ieq(have, number) && fs_exists_at(l->dirfd, "crl.pem");
}

/* Renewed at half of its life, so that a reader that fetches seldom never meets an old one. */
bool local_crl_due(const struct local *l, int64_t now)
{
    return l->crl_stale || l->index.crl_number == 0 ||
           now >= l->index.crl_next - l->config->crl_validity / 2;
}

void local_crl_plan(const struct local *l, int64_t now, struct buf *lines)
{
    local_put_crl(lines, l->index.crl_number + 1, now, now + l->config->crl_validity);
}

/* An entry stays for one list after the certificate's own end (RFC 5280 3.3). */
static size_t entries(const struct local *l, struct arena *a, int64_t now, struct crl_entry *out)
{
    size_t n = 0;
    for (size_t i = 0; i < l->index.n; i++) {
        const struct local_record *r = &l->index.v[i];
        if (r->revoked != TIME_NONE && r->not_after + 2 * l->config->crl_validity >= now) {
            out[n++] = (struct crl_entry){
                .serial_hex = hex_dup_upper(a, r->serial, sizeof r->serial),
                .revoked = r->revoked,
                .reason = r->reason == REASON_UNSPECIFIED ? REASON_NONE : r->reason,
                .invalidity = r->invalidity};
        }
    }
    return n;
}

bool local_crl_write(struct local *l, int64_t now, struct err *err)
{
    struct fs_group files;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(buf_release) struct buf pem = BUF_INIT(2 * LIMIT_INPUT_BYTES);
    struct crl_entry *v = arena_array(&a, l->index.revocations, sizeof *v);
    size_t n = entries(l, &a, now, v);
    l->crl_stale = true; /* until both files are there */
    if (!crl_build(&l->key, &l->issuer, l->index.crl_number, now, l->index.crl_next, v, n, &der,
                   err)) {
        return false;
    }
    pem_write(&pem, "X509 CRL", buf_span(&der));
    fs_group_init(&files);
    bool ok = fs_group_add(&files, l->dirfd, "crl.pem", buf_span(&pem), 0644, err) &&
              fs_group_add(&files, l->dirfd, "crl.der", buf_span(&der), 0644, err) &&
              fs_group_commit(&files, err);
    fs_group_release(&files);
    l->crl_stale = !ok;
    return ok;
}
