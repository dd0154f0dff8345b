/* SPDX-License-Identifier: Apache-2.0
 *
 * Inventories as people have them: what they say of a certificate, and what they cannot say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "batch/deployed.h"
#include "formats/base/fs.h"
#include "formats/base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    char dir[64];
    struct deployed *d;
    struct findings findings;
    struct err err;
} t;

static int setup(void **ctx UNUSED)
{
    memset(&t, 0, sizeof t);
    (void)snprintf(t.dir, sizeof t.dir, "/tmp/t_deployed.XXXXXX");
    t.d = deployed_new();
    return mkdtemp(t.dir) ? 0 : -1;
}

static int teardown(void **ctx UNUSED)
{
    deployed_free(t.d);
    findings_release(&t.findings);
    int parent = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fs_remove_tree_at(parent, path_base(t.dir));
    return close(parent);
}

static bool read_two(const char *one, const char *two)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *const texts[] = {one, two};
    const char *files[2];
    size_t n = 0;
    for (; n < 2 && texts[n]; n++) {
        files[n] = arena_printf(&a, "%s/%zu.csv", t.dir, n + 1);
        const struct span bytes = {(const uint8_t *)texts[n], strlen(texts[n])};
        assert_true(fs_write_atomic(files[n], bytes, 0600, &t.err));
    }
    return deployed_read(t.d, files, n, &t.findings, &t.err);
}

static void rows_of_one_certificate_are_joined(void **ctx UNUSED)
{
    assert_true(read_two("Serial Number;Location\n0a:1b;b:443\n00 0A 1B;a:443\n0A1B;b:443\n0A1C;\n",
                         "order id,scan ip address,scan port,SERIAL\n77,192.0.2.1,8443,0x0A1B\n"));
    const struct deployed_certificate *c = deployed_find(t.d, "0A1B", NULL);
    assert_non_null(c);
    assert_string_equal(c->places, "b:443, a:443, 192.0.2.1:8443");
    assert_null(c->revoked);
    assert_ptr_not_equal(deployed_find(t.d, NULL, "77"), NULL);
    assert_string_equal(deployed_find(t.d, "FFFF", "77")->places, "192.0.2.1:8443");
    assert_null(deployed_find(t.d, "0A1C", NULL)->places);
    assert_null(deployed_find(t.d, "77", NULL)); /* a serial number is no order number */
    assert_null(deployed_find(t.d, NULL, NULL));
    assert_int_equal(t.findings.n, 0);
}

static void what_is_revoked_already(void **ctx UNUSED)
{
    assert_true(read_two("serial,status\n01,Revoked\n02,deployed\n03,Not revoked\n",
                         "serial,revoked,status\n03,TRUE,Issued\n04,false,Issued\n"));
    assert_string_equal(deployed_find(t.d, "01", NULL)->revoked, "1.csv, row 2");
    assert_null(deployed_find(t.d, "01", NULL)->places);
    assert_non_null(strstr(deployed_find(t.d, "02", NULL)->places, "row 3: deployed"));
    assert_string_equal(deployed_find(t.d, "03", NULL)->revoked, "2.csv, row 2");
    assert_null(deployed_find(t.d, "04", NULL)->revoked);
    assert_null(deployed_find(t.d, "04", NULL)->places);
}

static void many_places_are_counted(void **ctx UNUSED)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 16);
    buf_puts(&b, "Serial,Host\n");
    for (int i = 0; i < 40; i++) {
        buf_printf(&b, "0B,host-%d\n", i);
    }
    assert_true(read_two(buf_text(&b), NULL));
    assert_string_equal(deployed_find(t.d, "0B", NULL)->places,
                        "host-0, host-1, host-2, host-3, host-4, host-5, and 34 more");
}

/* Silence would read as "in use nowhere". */
static void a_spoilt_serial_number_is_told(void **ctx UNUSED)
{
    assert_true(read_two("Serial,Host\n1.2E+30,a\n0B,b\n6.8E+31,c\n", NULL));
    assert_int_equal(t.findings.n, 1);
    assert_int_equal(t.findings.v[0].line, 2);
    assert_int_equal(t.findings.v[0].severity, SEV_WARNING);
    assert_non_null(strstr(t.findings.v[0].message, "2 rows are without a serial number"));
    assert_string_equal(deployed_find(t.d, "0B", NULL)->places, "b");
}

static void no_inventory(void **ctx UNUSED)
{
    assert_false(read_two("name,colour\nx,red\n", NULL));
    assert_int_equal(t.err.code, ERR_INPUT);
    assert_non_null(strstr(t.err.msg, "no inventory"));
    err_clear(&t.err);
    assert_false(read_two("", NULL));
    assert_int_equal(t.err.code, ERR_INPUT);
    err_clear(&t.err);
    static const char *const nothing[] = {"/nonexistent/inventory.csv"};
    assert_false(deployed_read(t.d, nothing, 1, &t.findings, &t.err));
    assert_int_equal(t.err.code, ERR_INPUT);
}

/* A terminal is not driven by somebody's host name. */
static void foreign_text_is_escaped(void **ctx UNUSED)
{
    assert_true(read_two("Serial,Host\n0B,\"a\xe2\x80\xae\x62\"\n", NULL));
    assert_null(strstr(deployed_find(t.d, "0B", NULL)->places, "\xe2\x80\xae"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {T(rows_of_one_certificate_are_joined),
                                       T(what_is_revoked_already),
                                       T(many_places_are_counted),
                                       T(a_spoilt_serial_number_is_told),
                                       T(no_inventory),
                                       T(foreign_text_is_escaped)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
