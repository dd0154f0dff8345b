/* SPDX-License-Identifier: Apache-2.0
 *
 * See settings.h.
 */
#include "batch/ca/settings.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

/* http:// is let pass here; config.c takes it for loopback addresses only. */
bool setting_is_url(const char *text, const char **why)
{
    *why = "must be an https:// URL";
    return str_starts(text, "https://") || str_starts(text, "http://");
}

bool setting_certs(const struct ca *ca, const char *file, struct arena *a, struct cert **out,
                   size_t *n, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    *n = 0;
    if (!fs_read(path_join(a, ca->config_dir, file), &text, err)) {
        return false;
    }
    const struct span kept = {arena_memdup(a, text.p, text.n), text.n};
    return certs_read(a, file, kept, out, n, err) &&
           (*n || err_set(err, ERR_INPUT, "%s holds no certificate", file));
}

static const struct field enroll_fields[] = {
    SETTING_INT(struct ca_enroll, back_off_seconds, "2", 0, 3600,
                "base of the waits for a certificate: the n-th is this to the power n"),
    SETTING_INT(struct ca_enroll, max_back_off_seconds, "32", 1, 86400, "longest single wait"),
    SETTING_INT(struct ca_enroll, max_attempts, "5", 1, 1000,
                "looks for the certificate before the item stays pending"),
};
const struct schema ca_enroll_schema = {"enroll",
                                        "waits for a certificate that is not ready at once",
                                        enroll_fields,
                                        NITEMS(enroll_fields),
                                        sizeof(struct ca_enroll),
                                        NO_OFFSET};
