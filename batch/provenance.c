/* SPDX-License-Identifier: Apache-2.0
 *
 * See provenance.h. What a file of the payload is to the batch is said by one table of patterns.
 * Checking does not trust the statement with anything: it makes the list that the bag and the
 * journal ask for and compares.
 */
#include "batch/provenance.h"

#include "formats/base/json.h"
#include "formats/base/json_in.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define PREDICATE_TYPE "https://slsa.dev/provenance/v1"
#define BUILD_TYPE     "urn:certbatch:batch:1"
#define BUILDER_ID     "urn:certbatch:program"

enum { PROBLEMS_MAX = 20 };

/* What went in; all else came out. */
static const char *const inputs[] = {"data/manifest.yaml", "data/policy/*",
                                     "data/items/*/request.csr"};

static bool is_input(const char *path)
{
    for (size_t i = 0; i < NITEMS(inputs); i++) {
        if (glob_match(inputs[i], path)) {
            return true;
        }
    }
    return false;
}

/* --- descriptors: name and digest --- */

struct descriptor {
    const char *name, *sha256;
    bool input;
};
struct descriptors {
    struct descriptor *v;
    size_t n, cap;
    struct arena arena;
};

static void descriptors_release(struct descriptors *d)
{
    free(d->v);
    arena_release(&d->arena);
}

static void add(struct descriptors *d, const char *name, const char *sha256, bool input)
{
    struct descriptor one = {arena_strdup(&d->arena, name), arena_strdup(&d->arena, sha256), input};
    VEC_PUSH(d, one);
}

static void add_payload(void *ctx, const char *path, const uint8_t sha256[SHA256_SIZE])
{
    char hex[SHA256_HEX];
    hex_encode(sha256, SHA256_SIZE, hex);
    add(ctx, path, hex, is_input(path));
}

/* What the journal says was made of an item: "<batch>-delivery/<id>/<file>". */
static bool add_outputs(struct descriptors *d, const struct history *h, const struct item_record *r,
                        struct err *err)
{
    if (!r->outputs || r->state != STATE_ISSUED) {
        return true;
    }
    CLEANUP(json_tree_release)
    json_t *list = json_parse("outputs", r->outputs, strlen(r->outputs), err);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *path = json_get_str(json_array_get(list, i), "path");
        const char *sha = json_get_str(json_array_get(list, i), "sha256");
        if (path && sha) {
            add(d, arena_printf(&d->arena, "%s-delivery/%s/%s", h->batch, r->id, path), sha, false);
        }
    }
    return list != NULL;
}

static bool add_delivery(struct descriptors *d, const struct history *h, struct err *err)
{
    for (size_t i = 0; i < h->n; i++) {
        if (!add_outputs(d, h, &h->v[i], err)) {
            return err_wrap(err, "item %s", h->v[i].id);
        }
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct descriptor *)a)->name, ((const struct descriptor *)b)->name);
}

static void sort(struct descriptors *d)
{
    if (d->n > 1) {
        qsort(d->v, d->n, sizeof *d->v, by_name);
    }
}

/* --- writing --- */

static void put_descriptors(struct jw *j, const char *key, const struct descriptors *d, bool input)
{
    jw_array(j, key);
    for (size_t i = 0; i < d->n; i++) {
        if (d->v[i].input == input) {
            jw_object(j, NULL);
            jw_str(j, "name", d->v[i].name);
            jw_object(j, "digest");
            jw_str(j, "sha256", d->v[i].sha256);
            jw_end(j);
            jw_end(j);
        }
    }
    jw_end(j);
}

static void put_definition(struct jw *j, const struct descriptors *d, const struct history *h,
                           const char *ticket)
{
    jw_object(j, "buildDefinition");
    jw_str(j, "buildType", BUILD_TYPE);
    jw_object(j, "externalParameters");
    jw_str(j, "batch", h->batch);
    jw_str(j, "ticket", ticket);
    jw_end(j);
    jw_object(j, "internalParameters");
    jw_str(j, "plan_digest", h->plan_digest);
    jw_str(j, "policy_sha256", h->policy_sha256);
    jw_end(j);
    put_descriptors(j, "resolvedDependencies", d, true);
    jw_end(j);
}

static void put_details(struct jw *j, const struct history *h)
{
    jw_object(j, "runDetails");
    jw_object(j, "builder");
    jw_str(j, "id", BUILDER_ID);
    jw_object(j, "version");
    jw_str(j, "certbatch", CERTBATCH_VERSION);
    jw_end(j);
    jw_end(j);
    jw_object(j, "metadata");
    jw_str(j, "invocationId", h->batch);
    jw_str(j, "startedOn", h->opened);
    jw_str(j, "finishedOn", h->closed);
    jw_end(j);
    jw_end(j);
}

bool provenance_write(const struct bag *bag, const struct history *h, const char *ticket,
                      struct buf *out, struct err *err)
{
    struct jw j;
    CLEANUP(descriptors_release) struct descriptors d = {0};
    bag_each(bag, add_payload, &d);
    if (!add_delivery(&d, h, err)) {
        return false;
    }
    sort(&d);
    jw_begin(&j, out, JW_COMPACT);
    jw_object(&j, NULL);
    jw_str(&j, "_type", STATEMENT_TYPE);
    put_descriptors(&j, "subject", &d, false);
    jw_str(&j, "predicateType", PREDICATE_TYPE);
    jw_object(&j, "predicate");
    put_definition(&j, &d, h, ticket);
    put_details(&j, h);
    jw_end(&j);
    jw_end(&j);
    return jw_finish(&j, err);
}

/* --- checking --- */

struct check {
    void (*problem)(void *ctx, const char *text);
    void *ctx;
    size_t problems;
};

PRINTF(2, 3) static void say(struct check *c, const char *fmt, ...)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MESSAGE);
    va_list ap;
    if (c->problems++ >= PROBLEMS_MAX) {
        return;
    }
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    c->problem(c->ctx, buf_text(&text));
}

/* Lines of a payload manifest that was checked before: "<hex>  <path>". */
static void add_manifest(struct descriptors *d, const char *text)
{
    for (const char *p = text; *p;) {
        const size_t n = strcspn(p, "\n");
        const size_t hex = (size_t)2 * SHA256_SIZE;
        if (n > hex + 2) {
            const char *path = arena_strndup(&d->arena, p + hex + 2, n - hex - 2);
            add(d, path, str_lower(&d->arena, arena_strndup(&d->arena, p, hex)), is_input(path));
        }
        p += n + (p[n] == '\n');
    }
}

static void add_stated(struct descriptors *d, const json_t *list, bool input)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *name = json_get_str(one, "name");
        const char *sha = json_get_str(json_get(one, "digest"), "sha256");
        add(d, name ? name : "", sha ? sha : "", input);
    }
}

static const char *shown(struct descriptors *d, const char *name)
{
    return str_vis_dup(&d->arena, name, strlen(name));
}

static void compare(struct check *c, struct descriptors *want, struct descriptors *said)
{
    size_t i = 0;
    size_t k = 0;
    sort(want);
    sort(said);
    while (i < want->n || k < said->n) {
        int order = i == want->n ? 1 : k == said->n ? -1 : strcmp(want->v[i].name, said->v[k].name);
        if (order < 0) {
            say(c, "it does not speak of %s", shown(want, want->v[i].name));
        } else if (order > 0) {
            say(c, "it speaks of %s, which is not there", shown(said, said->v[k].name));
        } else if (!str_eq(want->v[i].sha256, said->v[k].sha256) ||
                   want->v[i].input != said->v[k].input) {
            say(c, "it speaks of another %s", shown(want, want->v[i].name));
        }
        i += order <= 0;
        k += order >= 0;
    }
}

static void check_members(struct check *c, const json_t *t, const struct history *h)
{
    const json_t *p = json_get(t, "predicate");
    const json_t *definition = json_get(p, "buildDefinition");
    const json_t *details = json_get(p, "runDetails");
    const struct {
        const char *what;
        const json_t *object;
        const char *key, *want;
    } members[] = {
        {"_type", t, "_type", STATEMENT_TYPE},
        {"predicateType", t, "predicateType", PREDICATE_TYPE},
        {"buildType", definition, "buildType", BUILD_TYPE},
        {"batch", json_get(definition, "externalParameters"), "batch", h->batch},
        {"plan", json_get(definition, "internalParameters"), "plan_digest", h->plan_digest},
        {"policy", json_get(definition, "internalParameters"), "policy_sha256", h->policy_sha256},
        {"start", json_get(details, "metadata"), "startedOn", h->opened},
        {"end", json_get(details, "metadata"), "finishedOn", h->closed},
    };
    for (size_t i = 0; i < NITEMS(members); i++) {
        if (!str_eq(json_get_str(members[i].object, members[i].key), members[i].want)) {
            say(c, "its %s is not that of this batch", members[i].what);
        }
    }
}

void provenance_check(struct span statement, const char *manifest, const struct history *h,
                      void (*problem)(void *ctx, const char *text), void *ctx)
{
    struct check c = {.problem = problem, .ctx = ctx};
    struct err err = ERR_INIT;
    CLEANUP(descriptors_release) struct descriptors want = {0};
    CLEANUP(descriptors_release) struct descriptors said = {0};
    CLEANUP(json_tree_release)
    json_t *t = json_parse("statement", (const char *)statement.p, statement.n, &err);
    if (!t) {
        say(&c, "%s", err.msg);
        return;
    }
    check_members(&c, t, h);
    add_manifest(&want, manifest);
    if (!add_delivery(&want, h, &err)) {
        say(&c, "%s", err.msg);
    }
    const json_t *definition = json_get(json_get(t, "predicate"), "buildDefinition");
    add_stated(&said, json_get(t, "subject"), false);
    add_stated(&said, json_get(definition, "resolvedDependencies"), true);
    compare(&c, &want, &said);
}
