/* SPDX-License-Identifier: Apache-2.0
 *
 * See password.h.
 */
#include "cmd/password.h"

#include "batch/config.h"

bool cmd_password(const struct options *o, struct secret *out, struct err *err)
{
    struct secret_ref ref = {0};
    if (o->password_file) {
        ref = (struct secret_ref){.kind = SECRET_FILE, .name = o->password_file};
    } else if (o->password_env) {
        ref = (struct secret_ref){.kind = SECRET_ENV, .name = o->password_env};
    }
    return ref.kind == SECRET_NONE || secret_load(&ref, ".", out, err);
}
