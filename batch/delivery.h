/* SPDX-License-Identifier: Apache-2.0
 *
 * To whom the passwords of a batch travel: `delivery: {recipients: [FILE, ...]}` of manifest or
 * config. With recipients they leave the state directory only as <name>-passwords.cms, encrypted
 * to these certificates; without, as <name>-passwords.csv of mode 0600.
 *
 * batch_open() reads the certificates and judges them, so that lint, plan and run say before
 * anything is ordered that one has expired or cannot receive. A run keeps them in the state
 * directory (RECIPIENTS_NAME), from where bundles are made.
 */
#ifndef BATCH_DELIVERY_H
#define BATCH_DELIVERY_H

#include "formats/base/schema.h"
#include "formats/base/sha.h"

/* Certificates as PEM, in the order they were named; absent = no recipients. */
#define RECIPIENTS_NAME "recipients.pem"
#define RULE_RECIPIENT  "delivery.recipient"

struct delivery_settings {
    const struct ynode *node;
    struct strings recipients; /* certificate files */
};
extern const struct schema delivery_schema;

/* The certificates of all recipients as PEM; empty without recipients. */
struct recipients {
    struct span pem; /* arena */
    size_t n;
};

struct batch;
/* Fills b->recipients from the manifest, else the config. Every trouble is a finding of the rule
 * RULE_RECIPIENT. */
void recipients_read(struct batch *b, struct findings *findings);

#endif
