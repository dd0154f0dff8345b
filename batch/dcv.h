/* SPDX-License-Identifier: Apache-2.0
 *
 * Domain control validation by a TXT or CNAME record, or a file on the web server, that a command
 * of the user (the hook) publishes and removes: what is published where, how the hook is called,
 * and what the journal knows about it.
 * executor_dcv.c drives it.
 *
 * The hook is called as
 *
 *     HOOK... present NAME VALUE        before the CA is asked to look
 *     HOOK... cleanup NAME VALUE        afterwards, whatever happened in between
 *
 * in the directory of the configuration, without a shell, with the environment of
 * batch/process.h and
 *
 *     CERTBATCH_DCV_ACTION        present | cleanup
 *     CERTBATCH_DCV_DOMAIN        the name that is proven, as the CA writes it (*.example.com)
 *     CERTBATCH_DCV_TYPE          dns-01 | dns-cname | http-01 | http-file
 *     CERTBATCH_DCV_RECORD_NAME   NAME: owner of the record, no dot at its end
 *     CERTBATCH_DCV_RECORD_VALUE  VALUE: text of the TXT record (dns-01), without quotes; target of
 *                                 the CNAME record (dns-cname), no dot at its end
 *     CERTBATCH_DCV_ORDER  CERTBATCH_DCV_ITEM  CERTBATCH_DCV_CA  CERTBATCH_DCV_BATCH
 *
 * With http-01 (RFC 8555, 8.3) and http-file (BR 3.2.2.4.18) NAME is the address of a file,
 * http://DOMAIN/.well-known/acme-challenge/TOKEN and http://DOMAIN/.well-known/pki-validation/FILE,
 * and VALUE what it holds; the same in parts, the last two with http-01 alone:
 *
 *     CERTBATCH_DCV_PATH (/.well-known/...)  CERTBATCH_DCV_TOKEN  CERTBATCH_DCV_KEY_AUTHORIZATION
 *
 * Exit code 0 is success. cleanup is called for every present that was begun, also for one that
 * failed, and again by the next run when its end was not recorded: it has to succeed when there is
 * nothing to remove. Several values may stand under one name, so a hook adds and removes values,
 * never the whole name; this program publishes one at a time and name.
 *
 * Name and value come from a CA and go into people's scripts: only letters, digits and a few marks
 * that mean nothing to a shell, to nsupdate or to a zone file are let through. A value of ACME may
 * begin with a hyphen: it is base64url.
 *
 * In the journal a record `dcv-present` is durable before the hook runs, `dcv-cleanup` follows its
 * end; both have the kind as `record_type`, which older journals leave to the name: class "done",
 * or "failed" with the reason, which leaves the record for the next run. The value is no secret:
 * publishing it is its purpose, and only who has it can remove it.
 */
#ifndef BATCH_DCV_H
#define BATCH_DCV_H

#include "batch/ca.h"
#include "batch/process.h"
#include "batch/record.h"

#define DCV_PRESENT "dcv-present"
#define DCV_CLEANUP "dcv-cleanup"

/* The settings that hold for a CA. False: it proves no names, or not through us. */
bool dcv_settings(const struct ca_config *config, struct ca_dcv *out) MUST_USE;

/* The name that is looked up for `domain`: lower case, without "*." and a dot at its end. What has
 * the same base shares a record, so it is proven one after the other. */
const char *dcv_base(struct arena *a, const char *domain);
const char *dcv_kind_word(enum dcv_kind kind); /* for hooks and the journal: "dns-01" */
const char *dcv_kind_name(enum dcv_kind kind); /* for people: "TXT record" */
/* What a CA said. name: NULL, then the template makes that of a TXT record; one that begins with
 * http:// is a file, whose path says of which kind. */
struct dcv_told {
    enum dcv_kind kind;
    const char *name, *value;
};
/* What proves `domain`. False (ERR_CA) when it is nothing that can be published. */
bool dcv_record_make(struct arena *a, const char *record_template, const char *domain,
                     const struct dcv_told *told, struct dcv_record *out, struct err *err) MUST_USE;

/* --- the hook --- */
struct dcv_hook {
    /* filled by the caller; lives until the hook has run */
    const struct ca_dcv *settings;
    const struct dcv_record *record;
    const struct environment *environment;
    const char *dir, *action; /* "present" "cleanup" */
    const char *order, *item, *ca, *batch;
    int64_t limit_ms;
    void *owner;

    atomic_bool cancel; /* set it and the hook is ended */
    bool ok;
    struct err err; /* why not, with the end of what the hook said */
};
void dcv_hook_run(void *hook, unsigned worker); /* pool_fn: one thread a hook */

/* --- the journal --- */
bool dcv_is_record(const char *ev) MUST_USE;
bool dcv_apply(struct history *h, struct item_record *to, const struct record *r, int64_t t,
               struct err *err) MUST_USE;
/* Published and not removed; all items together. */
size_t dcv_published(const struct history *h);

#endif
