/* SPDX-License-Identifier: Apache-2.0
 *
 * passwords.csv of the state directory (0600; item,output,alias,password) and the passwords that
 * the configuration of outputs refers to. One generated password per item serves all its outputs;
 * a row is durable before anything that is locked with it counts. A password that is in the file
 * from a run that was killed is used again. Coordinator thread only; workers get a copy.
 */
#ifndef BATCH_PASSWORDS_H
#define BATCH_PASSWORDS_H

#include "batch/batch.h"
#include "formats/base/secret.h"

#define PASSWORDS_NAME "passwords.csv"

struct passwords;
struct passwords *passwords_open(int dirfd, struct err *err) MUST_USE;
/* Reads what the outputs of an order refer to ({env:}, {file:}, {command:}), once per reference:
 * the environment is overwritten by reading. False names the output that has no password. */
bool passwords_load(struct passwords *p, const struct order *order, const char *dir,
                    struct err *err) MUST_USE;
/* NULL for SECRET_NONE; the reference was loaded before. */
const struct secret *passwords_given(const struct passwords *p, const struct secret_ref *ref);
/* The item's generated password: from the file, else a new one. */
void passwords_item(const struct passwords *p, const char *item, struct secret *out);
void passwords_add(struct passwords *p, const char *item, const char *output, const char *alias,
                   const struct secret *password);
bool passwords_sync(struct passwords *p, struct err *err) MUST_USE;
void passwords_close(struct passwords *p);

#endif
