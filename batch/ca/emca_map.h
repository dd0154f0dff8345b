/* SPDX-License-Identifier: Apache-2.0
 *
 * The endpoint map of the dialect rest-jwt: a YAML file that says, for each operation, what is sent
 * and where in the answer what is needed stands. eMudhra's collections for V4.3.1 and V5.0.0 are
 * not public as a whole, so nothing of them is built in but the token call and the names of the
 * calls; who has the collection of a deployment writes the rest down without a new program.
 */
#ifndef BATCH_CA_EMCA_MAP_H
#define BATCH_CA_EMCA_MAP_H

#include "batch/ca/emca.h"

enum emca_operation {
    EMCA_OP_TOKEN,
    EMCA_OP_ORDER,
    EMCA_OP_POLL,
    EMCA_OP_REVOKE,
    EMCA_OP_HOLD,
    EMCA_OP_STATE,
    EMCA_OP_PROFILES,
    EMCA_OP_PROBE,
    EMCA_OP__MAX
};
extern const char *const emca_operation_names[EMCA_OP__MAX];

/* One operation. Pointers are JSON pointers (RFC 6901); "" is the whole answer. */
struct emca_operation_row {
    const char *name;
    const char *call;       /* "POST /auth/token" */
    struct strings headers; /* "X-Nonce: ${nonce}" */
    const char *body;       /* JSON with ${words} inside its strings; NULL: none */
    const char *status;     /* where the answer says how it went; NULL: HTTP says it */
    struct strings success, failure, pending, revoked, held, refused_http;
    const char *certificate, *order_id, *message, *token, *expires_in, *list, *code, *title;
};
struct emca_map {
    int64_t version;
    const char *title;
    bool verified, replays_application_id;
    int64_t token_seconds;
    struct objects operations; /* struct emca_operation_row */
    const struct emca_operation_row *rows[EMCA_OP__MAX];
};

/* Of the file's text; everything in it is checked, templates too. All memory from `a`. */
bool emca_map_read(struct arena *a, const char *name, struct span text, struct emca_map *out,
                   struct err *err) MUST_USE;
/* NULL: there is nothing there. */
const json_t *emca_pointer(const json_t *root, const char *pointer);

/* Where a ${word} of a template stands decides how its value is written. */
enum emca_place { EMCA_IN_PATH, EMCA_IN_HEADER, EMCA_IN_BODY };
/* False (err): a value that is needed is not there. */
bool emca_fill(const struct rest_asked *q, const char *text, enum emca_place place,
               struct buf *out) MUST_USE;
/* NULL: every word is known and allowed; else the one that is not. */
const char *emca_strange_word(struct arena *a, const char *text, bool secrets);

#endif
