/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON in: what was read does not stay in freed memory. A reply may be a credential.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/buf.h"
#include "formats/base/json_in.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 4096, TOKEN = 700, RUN = 24 };

/* Memory as the next ones get it who ask for some: parts of the token in it. */
static size_t left_behind(void)
{
    static void *blocks[BLOCKS];
    char run[RUN];
    size_t found = 0;
    memset(run, 'T', sizeof run);
    for (size_t i = 0; i < BLOCKS; i++) {
        const size_t n = 32 + (i % 128) * 16;
        blocks[i] = malloc(n);
        assert_non_null(blocks[i]);
        found += memmem(blocks[i], n, run, sizeof run) ? 1 : 0;
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    return found;
}

static void read_token(const char *end)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_wipe) struct buf text = BUF_INIT(8192);
    char *room = buf_room(&text, TOKEN + 64);
    size_t n = 0;
    memcpy(room, "{\"access_token\":\"", 17);
    n = 17;
    memset(room + n, 'T', TOKEN);
    n += TOKEN;
    memcpy(room + n, end, strlen(end));
    n += strlen(end);
    buf_grew(&text, n);
    CLEANUP(json_tree_release) json_t *t = json_parse("reply", room, n, &err);
    memset(err.msg, 0, sizeof err.msg); /* it may quote the input */
    assert_true(!t || strlen(json_get_str(t, "access_token")) == TOKEN);
}

static void nothing_stays(void **state UNUSED)
{
    read_token("\"}");
    assert_int_equal(left_behind(), 0);
    read_token("\"");
    assert_int_equal(left_behind(), 0);
    read_token("");
    assert_int_equal(left_behind(), 0);
}

/* Texts of jansson are the caller's to free(), as ever. */
static void texts_are_plain_memory(void **state UNUSED)
{
    struct err err = ERR_INIT;
    CLEANUP(json_tree_release) json_t *t = json_parse("t", "{\"a\":[1,\"x\"]}", 13, &err);
    char *text = json_dumps(t, JSON_COMPACT);
    assert_string_equal(text, "{\"a\":[1,\"x\"]}");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_stays),
        cmocka_unit_test(texts_are_plain_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
