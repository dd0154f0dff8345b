/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: bytes -> manifest -> items -> every rule, suppression comments included, as `lint`
 * judges an editor's buffer; then the certain mends, whose result is judged again. The directory of
 * the manifest is empty, so that no file is read.
 */
#include "batch/batch.h"
#include "formats/base/edit.h"
#include "formats/base/time.h"

#include <stdio.h>
#include <stdlib.h>

static const char *manifest_path(void)
{
    static char path[64];
    if (!path[0]) {
        char dir[] = "/tmp/certbatch-fuzz.XXXXXX";
        if (!mkdtemp(dir)) {
            abort();
        }
        (void)snprintf(path, sizeof path, "%s/f.batch.yaml", dir);
    }
    return path;
}

/* True when `out` got the mended text. */
static bool judge(struct span text, struct buf *out)
{
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct err err = ERR_INIT;
    struct batch batch = {0};
    struct batch_options o = {
        .manifest = manifest_path(), .text = text, .as_of = TIME_NONE, .lint = true};
    size_t edits = 0;
    if (!time_parse_date("2026-11-21", &o.as_of)) {
        abort();
    }
    const bool whole = batch_open(&batch, &o, &findings, &err);
    if (whole != (err.code == ERR_NONE)) {
        abort(); /* a failure says why, a success says nothing */
    }
    if (batch.policy) {
        batch_judge(&batch, 1, &findings);
    }
    bool mended = edits_apply(text, &findings, o.manifest, out, &edits) && edits;
    batch_release(&batch);
    return mended;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(buf_release) struct buf once = BUF_INIT(64u << 20);
    CLEANUP(buf_release) struct buf twice = BUF_INIT(64u << 20);
    if (size && judge((struct span){data, size}, &once) && once.n) {
        (void)judge(buf_span(&once), &twice);
    }
    return 0;
}
