/* SPDX-License-Identifier: Apache-2.0
 *
 * The password of --password-file or --password-env, for commands that open a key or key store.
 */
#ifndef CMD_PASSWORD_H
#define CMD_PASSWORD_H

#include "cmd/options.h"
#include "formats/base/secret.h"

/* Neither option: true, and out stays unset. */
bool cmd_password(const struct options *o, struct secret *out, struct err *err) MUST_USE;

#endif
