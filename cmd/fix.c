/* SPDX-License-Identifier: Apache-2.0
 *
 * See fix.h.
 */
#include "cmd/fix.h"

#include "batch/batch.h"
#include "formats/base/edit.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"

enum { PASSES_MAX = 8 }; /* a name has at most four mends; more passes would be a circle */

/* One pass: judge, then make every edit that fits. */
static bool pass(const struct options *o, const char *path, struct span text, struct buf *out,
                 size_t *count, struct err *err)
{
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct batch batch = {0};
    struct batch_options bo = {.manifest = path,
                               .text = text,
                               .config = o->config,
                               .policies = o->policies.v,
                               .npolicies = o->policies.n,
                               .profile = o->profile,
                               .as_of = o->as_of,
                               .lint = true};
    const bool whole = batch_open(&batch, &bo, &findings, err);
    const bool usable = whole || !batch.manifest_ok;
    if (batch.policy) {
        batch_judge(&batch, (unsigned)o->jobs, &findings);
    }
    batch_release(&batch);
    if (usable) {
        err_clear(err);
    }
    return usable && (edits_apply(text, &findings, path, out, count) ||
                      err_set(err, ERR_INTERNAL, "%s does not fit after mending", path));
}

bool fix_text(const struct options *o, const char *path, struct span text, struct buf *out,
              size_t *count, struct err *err)
{
    CLEANUP(buf_release) struct buf now = BUF_INIT(LIMIT_INPUT_BYTES * 2);
    *count = 0;
    buf_add(&now, text.p, text.n);
    for (int i = 0; i < PASSES_MAX; i++) {
        CLEANUP(buf_release) struct buf next = BUF_INIT(LIMIT_INPUT_BYTES * 2);
        size_t edits = 0;
        if (!pass(o, path, buf_span(&now), &next, &edits, err)) {
            return false;
        }
        if (edits == 0) {
            break;
        }
        *count += edits;
        buf_reset(&now);
        buf_add(&now, next.p, next.n);
    }
    buf_add(out, now.p, now.n);
    return !buf_failed(out) || err_set(err, ERR_INTERNAL, "%s does not fit after mending", path);
}

bool fix_manifest(const struct options *o, struct term *t, const char *path, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(buf_release) struct buf mended = BUF_INIT(LIMIT_INPUT_BYTES * 2);
    size_t count = 0;
    if (!fs_read(path, &text, err) || !fix_text(o, path, buf_span(&text), &mended, &count, err)) {
        return false;
    }
    if (count == 0) {
        return true;
    }
    if (!fs_replace(path, buf_span(&mended), err)) {
        return false;
    }
    if (!o->quiet) {
        term_err(t, "%s: mended %zu place%s", path, count, count == 1 ? "" : "s");
    }
    return true;
}
