/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of the batch.* rows that compare items with each other (rules_batch_same.c). They sort
 * instead of comparing all pairs: a batch may have 50,000 items.
 */
#ifndef POLICY_RULES_BATCH_H
#define POLICY_RULES_BATCH_H

#include "policy/rule.h"

void batch_check_same_ids(struct rule_run *run);
void batch_check_csr_duplicate(struct rule_run *run);
void batch_check_key_duplicate(struct rule_run *run);
void batch_check_names_duplicate(struct rule_run *run);
void batch_check_names_overlap(struct rule_run *run);
void batch_check_double(struct rule_run *run);
void batch_check_output_collision(struct rule_run *run);

/* rules_batch_when.c */
void batch_check_count_per_ca(struct rule_run *run, size_t most);
void batch_check_rate(struct rule_run *run);
void batch_check_environment(struct rule_run *run);
void batch_check_blackout(struct rule_run *run);

/* Members by id, or orders by the certificate they replace; of equal keys the first member. */
struct batch_index;
struct batch_index *batch_index_ids(struct rule_run *run);
struct batch_index *batch_index_replaced(struct rule_run *run);
/* An index over any text: keys stay the caller's; batch_index_done() before the first look-up. */
struct batch_index *batch_index_new(struct rule_run *run, size_t room);
void batch_index_add(struct batch_index *index, const char *key, const struct batch_member *m);
void batch_index_done(struct batch_index *index);
const struct batch_member *batch_index_find(const struct batch_index *index, const char *key);
const struct batch_member *batch_by_id(const struct batch_index *ids, const char *id);
const struct batch_member *batch_by_replaced(struct rule_run *run, const struct batch_index *orders,
                                             const char *ca, const char *serial);

#endif
