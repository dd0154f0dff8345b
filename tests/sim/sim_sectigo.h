/* SPDX-License-Identifier: Apache-2.0
 *
 * Sectigo Certificate Manager as the simulator plays it: the legacy REST API (/api with login,
 * password and customerUri; /private/api with login and customerUri, the client certificate being
 * the matter of whoever stands in front) and the Admin Operations API (/api with a bearer token of
 * /oauth/token). login is --account, password the access key, customerUri --group, the
 * organization --organization. Orders of OV products wait for an approver, EV ones for another
 * than the requester; names below .test are not validated; EV wants the custom field CostCentre.
 */
#ifndef TESTS_SIM_SIM_SECTIGO_H
#define TESTS_SIM_SIM_SECTIGO_H

#include "tests/sim/sim_http.h"
#include "tests/sim/sim_orders.h"
#include "tests/sim/sim_shape.h"

bool sectigo_scm(struct request *q, struct reply *r);
enum sim_kind sectigo_scm_kind(const char *method, const char *path);

struct scm_call {
    const char *method, *path; /* behind the prefix; ends in "/" when the rest is an id */
    enum sim_kind kind;
    const struct shape *shapes; /* NULL: no body is wanted */
    size_t nshapes;
    bool of_order; /* the id is that of an order, which there must be */
    void (*handle)(struct request *q, struct reply *r, struct order *o, const char *id);
};
extern const struct scm_call scm_calls[];
extern const size_t scm_calls_count;

bool scm_is_admin_api(const struct request *q); /* the request came with a bearer token */
void scm_error(struct request *q, struct reply *r, int status, int code, const char *text);
void scm_good(struct request *q, struct reply *r, json_t *tree); /* NULL: 204 */
const char *scm_status(struct sim *s, struct order *o, bool poll);
/* "00:D2:1F" */
const char *scm_serial(struct arena *a, const struct order *o);
json_t *scm_number(const char *text);

#define SCM_HANDLER(name)                                                                          \
    void name(struct request *q, struct reply *r, struct order *o, const char *id)
SCM_HANDLER(scm_types);
SCM_HANDLER(scm_custom_fields);
SCM_HANDLER(scm_organizations);
SCM_HANDLER(scm_organization);
SCM_HANDLER(scm_enroll);
SCM_HANDLER(scm_renew);
SCM_HANDLER(scm_replace);
SCM_HANDLER(scm_approve);
SCM_HANDLER(scm_decline);
SCM_HANDLER(scm_revoke);
SCM_HANDLER(scm_revoke_serial);
SCM_HANDLER(scm_collect);
SCM_HANDLER(scm_details);
SCM_HANDLER(scm_list);
SCM_HANDLER(scm_report);

#endif
