/* SPDX-License-Identifier: Apache-2.0
 *
 * The cursor in which a search travels from one request to the next: connectors keep nothing
 * between two calls. As text: "2/3;4711,4712;4713" is page 2 of 3, two candidates still to be
 * looked at, one hit. Numbers of orders hold no comma, semicolon or slash where this is used: a
 * connector refuses others before it adds them.
 */
#ifndef BATCH_CA_SEARCH_H
#define BATCH_CA_SEARCH_H

#include "batch/ca.h"

struct search {
    uint64_t page, pages;
    struct strlist todo, hits; /* views into the arena that the text was read into */
};
/* NULL text: the beginning, page 1 of 1. False: it is no cursor. */
bool search_read(struct arena *a, const char *text, struct search *out) MUST_USE;
/* NULL: longer than a cursor may be; half a list would be wrong. */
const char *search_write(struct arena *a, const struct search *s);
void search_add_once(struct strlist *l, const char *id);
/* The hits as the answer to FIND. */
void search_give(struct ca_result *out, const struct search *s);
void search_release(struct search *s);

#endif
