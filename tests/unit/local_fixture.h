/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests that need a working local CA: a fresh directory, a configuration read through the
 * connector's own table, one exchange at a time.
 */
#ifndef TESTS_UNIT_LOCAL_FIXTURE_H
#define TESTS_UNIT_LOCAL_FIXTURE_H

#include "batch/ca.h"
#include "batch/config.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"
#include "formats/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    struct arena arena;
    char dir[64];
    struct ca_config config;
};

static void fixture_begin(struct fixture *f)
{
    *f = (struct fixture){.arena = ARENA_INIT};
    (void)snprintf(f->dir, sizeof f->dir, "/tmp/certbatch-test.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
}

static void fixture_end(struct fixture *f)
{
    fs_remove_tree_at(-1, f->dir); /* absolute: the descriptor is not used */
    arena_release(&f->arena);
}

/* `keys` is YAML for the CA's own keys. */
UNUSED static void fixture_config(struct fixture *f, const char *keys)
{
    struct ynode *root = NULL;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct schema_ctx ctx = {"test", &shape_config, &f->arena, &findings};
    const struct ca_type *local = ca_type_find("local");
    assert_true(yaml_parse("test", (struct span){(const uint8_t *)keys, strlen(keys)},
                           &shape_config, &f->arena, &findings, &root));
    f->config = (struct ca_config){.name = "lab", .node = root, .type = local};
    f->config.own = arena_alloc(&f->arena, local->config->size);
    if (!schema_read(&ctx, local->config, root, f->config.own)) {
        fail_msg("%s", findings.v[0].message);
    }
}

UNUSED static struct ca *fixture_open(struct fixture *f)
{
    struct err err = ERR_INIT;
    if (!f->config.own) {
        fixture_config(f, "directory: ca\n");
    }
    struct ca *ca = ca_open(&f->config, f->dir, &err);
    if (!ca) {
        fail_msg("%s", err.msg);
    }
    return ca;
}

/* A key and a CSR with a CN of its own. */
struct request {
    struct key key;
    struct buf csr;
};

UNUSED static void request_make(struct request *r, enum key_type type, const char *cn)
{
    struct err err = ERR_INIT;
    const struct dn_value dn = {"CN", cn};
    const struct san_value san = {GN_DNS, cn};
    const struct x509_names names = {.subject = &dn, .nsubject = 1, .san = &san, .nsan = 1};
    *r = (struct request){.key = KEY_INIT, .csr = BUF_INIT(65536)};
    assert_true(key_generate(type, &r->key, &err));
    assert_true(csr_build(&r->key, &names, &r->csr, &err));
}

UNUSED static void request_release(struct request *r)
{
    key_release(&r->key);
    buf_release(&r->csr);
}

UNUSED static struct ca_order order_of(const struct request *r, const char *product)
{
    return (struct ca_order){.item = "item",
                             .product = product,
                             .action = "new",
                             .csr = buf_span(&r->csr),
                             .spki_sha256 = r->key.spki_sha256};
}

/* request, serve, answer: what the executor does, without its journal. */
UNUSED static struct ca_result exchange(struct ca *ca, const struct ca_call *call, struct arena *a)
{
    struct err err = ERR_INIT;
    struct ca_request request = {.body = BUF_INIT(1 << 20)};
    struct ca_reply reply = {.transport = OUTCOME_UNKNOWN, .body = BUF_INIT(1 << 20)};
    struct ca_exchange x = {.request = &request, .reply = &reply};
    struct ca_result result = {.arena = a};
    assert_true(ca->type->ops->request(ca, call, &request, &err));
    if (!ca->type->ops->serve(ca, &x, 1, 1, &err)) {
        fail_msg("%s", err.msg);
    }
    ca->type->ops->answer(ca, call, &reply, &result);
    buf_release(&request.body);
    buf_release(&reply.body);
    return result;
}

UNUSED static struct ca_result place(struct ca *ca, const struct ca_order *order, const char *key,
                                     struct arena *a)
{
    const struct ca_call call = {.step = STEP_ORDER, .order = order, .client_key = key};
    return exchange(ca, &call, a);
}

UNUSED static int shell(const char *dir, const char *script)
{
    char command[2048];
    (void)snprintf(command, sizeof command, "cd %s/ca && { %s\n} >>../out 2>&1", dir, script);
    return system(command);
}

UNUSED static void write_file(const struct fixture *f, const char *name, struct span data)
{
    struct err err = ERR_INIT;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    assert_true(fs_write_atomic(path_join(&a, f->dir, name), data, 0600, &err));
}

UNUSED static void write_cert(const struct fixture *f, const char *name, struct span der)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(1 << 20);
    cert_pem(&pem, der);
    write_file(f, name, buf_span(&pem));
}

UNUSED static off_t size_of(const struct fixture *f, const char *name)
{
    struct stat st;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    assert_int_equal(stat(path_join(&a, f->dir, name), &st), 0);
    return st.st_size;
}

UNUSED static struct ca_result ask_revoke(struct ca *ca, struct ca_revocation r, struct arena *a)
{
    const struct ca_call call = {.step = STEP_REVOKE, .revoke = &r};
    return exchange(ca, &call, a);
}

#endif
