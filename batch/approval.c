/* SPDX-License-Identifier: Apache-2.0
 *
 * Which approvals count, see approval.h. No I/O.
 */
#include "batch/approval.h"

#include "formats/cms.h"
#include "formats/trust.h"

#include <string.h>

/* One approver: what his certificate calls him and what the policy may know him by. */
struct person {
    struct strlist names; /* those that tell people apart; in the arena */
    uint8_t key[SHA256_SIZE];
    const struct approval *verdict;
};
struct judging {
    struct arena *a;
    struct span plan;
    const struct approval_need *need;
    struct trust *trust;
    const char *no_trust; /* why there is none although it is demanded */
    struct person *people;
    size_t npeople;
};

static void add_name(struct arena *a, const char *text, size_t n, struct strlist *out, size_t room)
{
    if (!n || strlen(text) != n || out->n == room) {
        return; /* a NUL inside would make two names look alike */
    }
    const char *shown = str_vis_dup(a, text, n);
    for (size_t i = 0; i < out->n; i++) {
        if (str_ieq(out->v[i], shown)) {
            return;
        }
    }
    out->v[out->n++] = shown;
}

void approval_names(struct arena *a, const struct cert *c, struct strlist *out)
{
    const size_t room = c->san.n + c->subject.n;
    *out = (struct strlist){.v = arena_array(a, room + 1, sizeof *out->v)};
    for (size_t i = 0; i < c->san.n; i++) {
        const struct general_name *g = &c->san.v[i];
        if (g->type == GN_EMAIL && !g->malformed && g->text) {
            add_name(a, g->text, g->text_n, out, room);
        }
    }
    for (size_t i = 0; i < c->subject.n; i++) {
        const struct dn_attr *at = &c->subject.v[i];
        if (!at->malformed && (str_eq(at->name, "emailAddress") || str_eq(at->name, "CN"))) {
            add_name(a, at->text, at->text_n, out, room);
        }
    }
}

static bool has_iname(const struct strlist *names, const char *name)
{
    for (size_t i = 0; name && i < names->n; i++) {
        if (str_ieq(names->v[i], name)) {
            return true;
        }
    }
    return false;
}

/* Of the names those that the policy lists, as it writes them; without a list all of them. */
static void names_that_count(struct judging *j, const struct strlist *names, struct strlist *out)
{
    const struct strlist *listed = j->need->policy->approvers;
    *out = *names;
    if (!listed->n) {
        return;
    }
    *out = (struct strlist){.v = arena_array(j->a, listed->n, sizeof *out->v)};
    for (size_t i = 0; i < listed->n; i++) {
        if (has_iname(names, listed->v[i])) {
            out->v[out->n++] = listed->v[i];
        }
    }
}

/* --- the steps: each says why an approval does not count, or NULL --- */

static const char *check_signature(struct judging *j, const struct approval_file *f,
                                   struct cms_result *r)
{
    const struct cms_how how = {.signers = j->trust, .now = f->at};
    bool good = cms_verify(j->a, j->plan, buf_span(&f->der), &how, r);
    if (r->faults.n) {
        return r->faults.v[0].text;
    }
    if (r->n != 1) {
        return arena_printf(j->a, "it has %zu signers; an approval is one person's", r->n);
    }
    const struct faults *faults = &r->v[0].faults;
    if (fault_has(faults, FAULT_SIGNATURE)) {
        return "it is not over the bytes of this plan: the plan was changed, or it approves "
               "another one";
    }
    if (!good) {
        return faults->n ? faults->v[0].text : "its signature does not hold";
    }
    return j->no_trust;
}

static const char *check_person(struct judging *j, const struct strlist *all,
                                const struct person *p)
{
    if (!all->n) {
        return "its certificate names nobody: no common name and no mail address";
    }
    if (has_iname(all, j->need->requester)) {
        return "its signer requested the change";
    }
    if (!p->names.n) {
        return "its signer is not one of the approvers of the policy";
    }
    for (size_t i = 0; i < j->npeople; i++) {
        const struct person *before = &j->people[i];
        if (memcmp(before->key, p->key, SHA256_SIZE) == 0) {
            return arena_printf(j->a, "it is signed by the same key as %s", before->verdict->name);
        }
        for (size_t k = 0; k < p->names.n; k++) {
            if (has_iname(&before->names, p->names.v[k])) {
                return arena_printf(j->a, "%s approved already by %s", p->names.v[k],
                                    before->verdict->name);
            }
        }
    }
    return NULL;
}

static void judge_one(struct judging *j, const struct approval_file *f, struct approval *v)
{
    struct cms_result r;
    struct strlist all;
    struct person *p = &j->people[j->npeople];
    *v = (struct approval){.name = str_vis_dup(j->a, f->name, strlen(f->name)),
                           .signed_at = TIME_NONE,
                           .der = buf_span(&f->der)};
    v->refused = check_signature(j, f, &r);
    if (r.n != 1 || !r.v[0].certificate.der.n) {
        v->refused = v->refused ? v->refused : "its signer is not known";
        return;
    }
    const struct cert *c = &r.v[0].certificate;
    hex_encode(c->sha256, SHA256_SIZE, v->certificate_sha256);
    v->signed_at = r.v[0].signing_time;
    approval_names(j->a, c, &all);
    names_that_count(j, &all, &p->names);
    v->approver = p->names.n ? p->names.v[0] : all.n ? all.v[0] : NULL;
    memcpy(p->key, c->key.sha256, SHA256_SIZE);
    p->verdict = v;
    v->refused = v->refused ? v->refused : check_person(j, &all, p);
    j->npeople += !v->refused;
}

size_t approvals_judge(struct arena *a, struct span plan, const struct approval_files *files,
                       const struct approval_need *need, struct approval *out)
{
    struct judging j = {.a = a,
                        .plan = plan,
                        .need = need,
                        .people = arena_array(a, files->n + 1, sizeof *j.people)};
    struct err err = ERR_INIT;
    const char *pem = need->policy->trusted;
    if (!pem) {
        j.no_trust = "the policy does not say by which certificates approvers are believed";
    } else if (!trust_read("trusted", (struct span){(const uint8_t *)pem, strlen(pem)}, &j.trust,
                           &err)) {
        j.no_trust = arena_strdup(a, err.msg);
    }
    for (size_t i = 0; i < files->n; i++) {
        judge_one(&j, &files->v[i], &out[i]);
    }
    trust_free(j.trust);
    return j.npeople;
}
