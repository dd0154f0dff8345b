/* SPDX-License-Identifier: Apache-2.0
 *
 * `verify BUNDLE` and `inspect FILE`: reading what was made, here or elsewhere.
 */
#include "batch/bundle.h"

#include "cmd/cmd.h"
#include "cmd/password.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/inspect.h"

#include <unistd.h>

static bool verify_json(const struct findings *f, const char *bundle, struct buf *out,
                        struct err *err)
{
    struct jw j;
    jw_begin(&j, out, JW_PRETTY);
    jw_object(&j, NULL);
    jw_str(&j, "bundle", bundle);
    jw_bool(&j, "valid", findings_count(f, SEV_ERROR) == 0);
    jw_array(&j, "findings");
    for (size_t i = 0; i < f->n; i++) {
        jw_object(&j, NULL);
        jw_str(&j, "rule", f->v[i].rule);
        jw_str(&j, "severity", severity_name(f->v[i].severity));
        jw_str(&j, "file", f->v[i].file);
        jw_str(&j, "item", f->v[i].item);
        jw_str(&j, "message", f->v[i].message);
        jw_end(&j);
    }
    jw_end(&j);
    jw_end(&j);
    return jw_finish(&j, err);
}

int cmd_verify(const struct options *o, struct term *t)
{
    const char *format = cmd_format(o, t, "verify");
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    CLEANUP(buf_release) struct buf summary = BUF_INIT(1u << 20);
    CLEANUP(buf_release) struct buf json = BUF_INIT(256u << 20);
    struct err err = ERR_INIT;
    struct verify_options vo = {.bundle = o->operands.v[0],
                                .passwords = o->passwords,
                                .signer_ca = o->signer_ca,
                                .tsa_ca = o->tsa_ca,
                                .approver_ca = o->approver_ca};
    if (!format) {
        return EXIT_USAGE;
    }
    if (!bundle_verify(&vo, &findings, &summary, &err)) {
        return cmd_fail(t, &err);
    }
    findings_sort(&findings);
    bool valid = findings_count(&findings, SEV_ERROR) == 0;
    if (str_eq(format, "json")) {
        if (!verify_json(&findings, vo.bundle, &json, &err)) {
            return cmd_fail(t, &err);
        }
        term_out(t, buf_span(&json));
    } else {
        cmd_print_findings(t, STDOUT_FILENO, &findings, SEV_INFO, o->verbose);
        term_out(t, buf_span(&summary));
    }
    return valid ? EXIT_DONE : EXIT_FINDINGS;
}

int cmd_inspect(const struct options *o, struct term *t)
{
    const char *format = cmd_format(o, t, "inspect");
    CLEANUP(secret_release) struct secret password = SECRET_INIT;
    struct err err = ERR_INIT;
    if (!format) {
        return EXIT_USAGE;
    }
    if (!cmd_password(o, &password, &err)) {
        return cmd_fail(t, &err);
    }
    int code = EXIT_DONE;
    for (size_t i = 0; i < o->operands.n; i++) {
        CLEANUP(buf_wipe) struct buf input = BUF_INIT(LIMIT_INPUT_BYTES); /* may be a key */
        CLEANUP(buf_release) struct buf out = BUF_INIT(256u << 20);
        const char *name = o->operands.v[i];
        const struct secret *p = secret_is_set(&password) ? &password : NULL;
        if (!fs_read(name, &input, &err) ||
            !inspect_file(name, buf_span(&input), p, str_eq(format, "json"), &out, &err)) {
            code = cmd_fail(t, &err);
            err_clear(&err);
            continue;
        }
        term_out(t, buf_span(&out));
    }
    return code;
}
