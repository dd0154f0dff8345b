/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of the AD CS connector: an opened CA without any network, one request at a time looked
 * at, one page at a time fed back.
 */
#ifndef TESTS_UNIT_ADCS_FIXTURE_H
#define TESTS_UNIT_ADCS_FIXTURE_H

#include "tests/unit/connector_fixture.h"

#include "batch/ca/adcs.h"

#define PAGE(title, inner)                                                                         \
    "<HTML>\r\n<Script>\r\n var nNoise=0x80070005;\r\n</Script>\r\n<P ID=locPageTitle> <B> " title \
    " </B>\r\n" inner "</HTML>\r\n"
#define LABEL(id, value) "<DT ID=" id ">x:</DT><DD>\r\n\t\t" value "\r\n\t</DD>\r\n"

/* `keys`: further keys of the CA, each line with four blanks; base_url is there. */
static void bench_begin(struct bench *b, const char *keys)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *config = arena_printf(&a,
                                      "certbatch_config: 1\ncas:\n  corp:\n    type: adcs\n"
                                      "    base_url: https://ca01.corp.example/certsrv/\n%s",
                                      keys);
    bench_open(b, &(struct bench_setup){&ca_adcs, config, "password", "open sesame", NULL, 0});
    b->revoke.serial = "1A2B3C";
}

static struct ca_call bench_call(const struct bench *b, enum ca_step step)
{
    const bool revocation = step == STEP_REVOKE || step == STEP_REVOKED;
    return (struct ca_call){.step = step,
                            .order = revocation ? NULL : &b->order,
                            .revoke = revocation ? &b->revoke : NULL,
                            .order_id = "417",
                            .client_key = step_changes_state(step) ? OUR_KEY : NULL,
                            .attempt = 1,
                            .phase = b->phase,
                            .page = b->page,
                            .now = NOW};
}

static bool bench_try(struct bench *b, enum ca_step step, struct err *err)
{
    const struct ca_call call = bench_call(b, step);
    return bench_ask(b, &call, err);
}

UNUSED static const struct ca_request *bench_get(struct bench *b, enum ca_step step)
{
    struct err err = ERR_INIT;
    if (!bench_try(b, step, &err)) {
        fail_msg("%s", err.msg);
    }
    return &b->request;
}

UNUSED static const char *bench_denied(struct bench *b, enum ca_step step)
{
    struct err err = ERR_INIT;
    assert_false(bench_try(b, step, &err));
    return arena_strdup(&b->f.arena, err.msg);
}

static const struct ca_result *bench_bytes(struct bench *b, enum ca_step step, int status,
                                           const void *text, size_t n)
{
    const struct ca_call call = bench_call(b, step);
    struct ca_reply reply = {.transport = OUTCOME_ACCEPTED,
                             .http_status = status,
                             .body = BUF_INIT(16 << 20),
                             .retry_after_seconds = -1,
                             .date = TIME_NONE,
                             .headers = b->headers,
                             .nheaders = b->headers[0].name ? NITEMS(b->headers) : 0};
    buf_add(&reply.body, text, n);
    b->result = (struct ca_result){.arena = &b->f.arena,
                                   .outcome = OUTCOME_UNKNOWN,
                                   .again_seconds = -1,
                                   .settle_seconds = -1};
    adcs_ops.answer(&b->ca, &call, &reply, &b->result);
    buf_release(&reply.body);
    return &b->result;
}

UNUSED static const struct ca_result *bench_hear(struct bench *b, enum ca_step step, int status,
                                                 const char *text)
{
    return bench_bytes(b, step, status, text, strlen(text));
}

/* A field of the form that was asked with, decoded. */
UNUSED static const char *bench_field(struct bench *b, const char *name)
{
    const char *at = buf_text(&b->request.body);
    const size_t k = strlen(name);
    while (*at && !(strncmp(at, name, k) == 0 && at[k] == '=')) {
        at += strcspn(at, "&");
        at += *at == '&';
    }
    if (!*at) {
        return NULL;
    }
    char *out = arena_strndup(&b->f.arena, at + k + 1, strcspn(at + k + 1, "&"));
    char *to = out;
    for (const char *p = out; *p; p++) {
        uint8_t octet = (uint8_t)*p;
        if (*p == '%') {
            assert_true(hex_decode(p + 1, 2, &octet));
            p += 2;
        }
        *to++ = (char)octet;
    }
    *to = '\0';
    return out;
}

UNUSED static bool says(const char *text, const char *word)
{
    return text && strstr(text, word);
}

#endif
