/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands about one CA of the configuration begin with: reading the configuration,
 * finding the CA, and a line to it.
 *
 *     struct ask_ca c;
 *     code = ask_ca_find(&c, o, t)           EXIT_DONE, or what was printed ends the command
 *     code = ask_ca_open(&c, t, CA_PRODUCTS, "list of products")
 *     ... ask(&c.asker, ...)
 *     ask_ca_close(&c)                       in every case
 */
#ifndef CMD_ASK_CA_H
#define CMD_ASK_CA_H

#include "batch/ask.h"
#include "cmd/cmd.h"

struct ask_ca {
    struct config config;
    const struct ca_config *ca;
    struct asker asker;
    bool open;
};
int ask_ca_find(struct ask_ca *c, const struct options *o, struct term *t) MUST_USE;
/* `what` is what a kind of CA without the capability does not have. */
int ask_ca_open(struct ask_ca *c, struct term *t, unsigned capability, const char *what) MUST_USE;
void ask_ca_close(struct ask_ca *c);
/* A wait, on the progress line; ctx is the terminal. */
void ask_ca_waiting(void *ctx, int64_t ms, const char *why);
/* How a question failed: interrupted, or as cmd_fail() says. */
int ask_ca_fail(struct term *t, const struct err *err);

#endif
