/* SPDX-License-Identifier: Apache-2.0
 *
 * Step 1 of `doctor`: the settings of the CA as `lint` judges them, switched on or not, and every
 * secret they refer to, read as a run would read it.
 */
#include "batch/doctor_parts.h"

#include "formats/base/fs.h"
#include "formats/base/time.h"

#include <stdlib.h>
#include <string.h>

static void say_who(struct doctor *d, struct doctor_result *r)
{
    const struct ca_config *ca = d->options.ca;
    const char *environment = ca_environment(ca);
    doctor_say(d, r, DOCTOR_OK, NULL, "CA %s in %s: %s at %s%s%s", ca->name,
               d->options.config->path ? d->options.config->path : "the built-in configuration",
               ca->type->title, ca_endpoint(ca), environment ? ", " : "",
               environment ? environment : "");
    if (!ca->common.enabled) {
        doctor_say(d, r, DOCTOR_FAILED, "set enabled: true when it is complete",
                   "the CA is switched off (enabled: false): no run sends anything to it");
    }
    if (ca->type->environment && !environment) {
        doctor_say(
            d, r, DOCTOR_WARNING, "compare the address with those the CA publishes",
            "the address is none that is known: whether it is a sandbox or production cannot "
            "be told, so product names that differ between them have no meaning here");
    }
}

/* One CA, judged even when it is switched off. */
static void judge(struct doctor *d, struct doctor_result *r)
{
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct err err = ERR_INIT;
    struct ca_config mine = *d->options.ca;
    struct config one = *d->options.config;
    const struct config_judge_options o = {.policies = d->options.policies,
                                           .npolicies = d->options.npolicies,
                                           .profile = d->options.profile,
                                           .as_of = d->options.as_of};
    mine.common.enabled = true;
    one.cas = &mine;
    one.ncas = 1;
    const bool judged = config_judge(&one, &o, &findings, &err);
    doctor_say_findings(d, r, &findings, NULL, NULL);
    if (!judged) {
        doctor_say_err(d, r, &err, NULL);
    } else if (!findings_count(&findings, SEV_WARNING)) {
        doctor_say(d, r, DOCTOR_OK, NULL, "no finding about its settings");
    }
}

struct reading {
    struct doctor *d;
    struct doctor_result *r;
    size_t read;
};

static void read_secret(void *ctx, const char *path, const struct secret_ref *ref)
{
    struct reading *x = ctx;
    struct doctor *d = x->d;
    struct err err = ERR_INIT;
    struct secret secret = SECRET_INIT;
    if (!secret_load(ref, d->options.config->dir ? d->options.config->dir : ".", &secret, &err)) {
        err_wrap(&err, "%s", path);
        doctor_say_err(d, x->r, &err,
                       err.hint ? NULL : "see that this user can read it, and that it is current");
        return;
    }
    d->secrets = xrealloc(d->secrets, (d->nsecrets + 1) * sizeof *d->secrets);
    d->secrets[d->nsecrets++] = secret;
    x->read++;
}

static void read_secrets(struct doctor *d, struct doctor_result *r)
{
    struct reading x = {.d = d, .r = r};
    for (size_t i = 0; i < d->nsecrets; i++) { /* of the first try */
        secret_release(&d->secrets[i]);
    }
    d->nsecrets = 0;
    config_secrets(d->options.ca, read_secret, &x);
    if (x.read) {
        doctor_say(d, r, DOCTOR_OK, NULL, "%zu secret%s could be read", x.read,
                   x.read == 1 ? "" : "s");
    }
}

static void look_at_files(struct doctor *d, struct doctor_result *r)
{
    const struct ca_tls *tls = &d->options.ca->common.tls;
    const struct {
        const char *key, *path;
    } files[] = {{"tls.ca_file", tls->ca_file},
                 {"tls.client_certificate", tls->client_certificate},
                 {"tls.client_keystore.file", tls->client_keystore.file},
                 {"tls.truststore.file", tls->truststore.file}};
    const char *dir = d->options.config->dir ? d->options.config->dir : ".";
    for (size_t i = 0; i < NITEMS(files); i++) {
        struct err err = ERR_INIT;
        CLEANUP(closep) int fd = -1;
        if (files[i].path && (fd = fs_open(path_join(&d->arena, dir, files[i].path), &err)) < 0) {
            err_wrap(&err, "%s", files[i].key);
            doctor_say_err(d, r, &err, NULL);
        }
    }
}

/* Secrets first: what is said after that cannot show them. */
void doctor_configuration(struct doctor *d, struct doctor_result *r)
{
    read_secrets(d, r);
    say_who(d, r);
    judge(d, r);
    look_at_files(d, r);
}
