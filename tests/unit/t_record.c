/* SPDX-License-Identifier: Apache-2.0
 *
 * Records: members are read in any order, unknown ones are passed over, and a value of another kind
 * than the field's is damage that is named. What a record about a renewal may do to an item.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/record.h"
#include "formats/base/str.h"
#include "formats/base/json_in.h"

#include <string.h>

static bool read_tree(const json_t *t, struct arena *scratch, struct record *r, struct err *err)
{
    const struct journal_record in = {.ev = "reply", .item = "a", .fields = t};
    assert_non_null(t);
    return record_read(&in, scratch, r, err);
}

/* Another writer may order its members as it likes, and say more. */
static void members_are_read_in_any_order(void **ctx UNUSED)
{
    static const char text[] =
        "{\"user\":\"u\",\"unknown\":[1],\"attempt\":7,\"class\":\"accepted\",\"ev\":\"reply\","
        "\"outputs\":[{\"a\":1}],\"not_after\":\"2026-11-21T04:31:00Z\",\"order\":\"o-1\"}";
    CLEANUP(arena_release) struct arena scratch = ARENA_INIT;
    struct err err = ERR_INIT;
    struct record r; /* its texts are the tree's */
    CLEANUP(json_tree_release) json_t *t = json_parse("test", text, sizeof text - 1, &err);
    assert_true(read_tree(t, &scratch, &r, &err));
    assert_string_equal(r.user, "u");
    assert_string_equal(r.reply_class, "accepted");
    assert_string_equal(r.order_id, "o-1");
    assert_string_equal(r.outputs, "[{\"a\":1}]");
    assert_int_equal(r.attempt, 7);
    assert_true(r.not_after != TIME_NONE && r.not_before == TIME_NONE);
    assert_null(r.code);
}

static void a_value_of_another_kind_is_damage(void **ctx UNUSED)
{
    static const struct {
        const char *text, *field;
    } rows[] = {
        {"{\"order\":1}", "\"order\""},         {"{\"order\":null}", "\"order\""},
        {"{\"attempt\":\"7\"}", "\"attempt\""}, {"{\"attempt\":7.5}", "\"attempt\""},
        {"{\"not_after\":5}", "\"not_after\""}, {"{\"not_after\":\"tomorrow\"}", "\"not_after\""},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        CLEANUP(arena_release) struct arena scratch = ARENA_INIT;
        struct err err = ERR_INIT;
        struct record r;
        CLEANUP(json_tree_release)
        json_t *t = json_parse("test", rows[i].text, strlen(rows[i].text), &err);
        assert_false(read_tree(t, &scratch, &r, &err));
        assert_int_equal(err.code, ERR_ENV);
        assert_non_null(strstr(err.msg, rows[i].field));
    }
}

static bool apply(struct history *h, const struct record *r, struct err *err)
{
    return history_apply(h, r, 1795252530, err);
}

/* A word about a renewal holds an order back before it is placed, and nothing else, ever. */
static void a_renewal_waits_only_before_its_order(void **ctx UNUSED)
{
    struct history h = HISTORY_INIT;
    struct err err = ERR_INIT;
    struct record item = {.ev = "item", .item = "a", .kind = "order", RECORD_NONE};
    struct record early = {.ev = RECORD_RENEWAL,
                           .reply_class = RENEWAL_EARLY,
                           .item = "a",
                           .message = "not yet",
                           RECORD_NONE};
    struct record told = early;
    struct record intent = RECORD(EV_INTENT, "a");
    struct record key = RECORD(EV_KEYGEN, "a");
    told.reply_class = RENEWAL_TOLD;
    assert_true(apply(&h, &item, &err));
    assert_false(apply(&h, &early, &err)); /* until when? */
    early.chosen = 1796000000;
    early.again = 1795300000;
    assert_true(apply(&h, &early, &err));
    const struct item_record *r = history_item(&h, "a");
    assert_string_equal(r->error_code, RENEWAL_CODE);
    assert_string_equal(r->error_message, "not yet");
    assert_int_equal(r->renewal_time, early.chosen);
    assert_int_equal(r->renewal_again, early.again);
    assert_true(apply(&h, &told, &err)); /* the CA changed its mind */
    assert_null(r->error_code);
    assert_int_equal(r->renewal_time, TIME_NONE);
    assert_true(apply(&h, &early, &err));
    assert_true(apply(&h, &key, &err)); /* its time has come */
    assert_null(r->error_code);
    assert_true(apply(&h, &early, &err)); /* keyed, not ordered */
    assert_int_equal(r->state, STATE_KEYED);
    assert_true(apply(&h, &intent, &err));
    assert_false(apply(&h, &early, &err));
    assert_non_null(strstr(err.msg, "impossible"));
    assert_true(apply(&h, &told, &err)); /* changes nothing */
    assert_int_equal(r->state, STATE_INTENT);
    told.message = NULL;
    assert_false(apply(&h, &told, &err));

    item.item = early.item = "r";
    item.kind = "revocation";
    assert_true(apply(&h, &item, &err));
    assert_false(apply(&h, &early, &err));
    history_release(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_read_in_any_order),
        cmocka_unit_test(a_value_of_another_kind_is_damage),
        cmocka_unit_test(a_renewal_waits_only_before_its_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
