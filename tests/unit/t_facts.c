/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts: three views of names and attributes, merged where they agree, apart where they do not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/str.h"
#include "policy/facts.h"

#include <string.h>

#define ALL (VIEW_CSR | VIEW_ORDER | VIEW_EFFECTIVE)

static const struct name_fact *name_of(const struct facts *f, const char *norm, bool cn)
{
    static const struct name_fact none;
    for (size_t i = 0; i < f->nnames; i++) {
        if (str_eq(f->names[i].norm, norm) && f->names[i].is_cn == cn) {
            return &f->names[i];
        }
    }
    fail_msg("no fact %s", norm);
    return &none;
}

static struct csr csr_with(struct general_name *names, size_t n, struct dn_attr *attrs, size_t na)
{
    struct csr csr = {.usable = true};
    csr.san = (struct general_names){names, n};
    csr.subject = (struct dn){.v = attrs, .n = na};
    csr.key.token = "ec-p256";
    return csr;
}

static void views_merge(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct general_name in_csr[] = {
        {.type = GN_DNS, .text = "WWW.example.com", .text_n = 15, .offset = 90},
        {.type = GN_DNS, .text = "only-csr.example.com", .text_n = 20, .offset = 120},
        {.type = GN_DNS, .text = "only-csr.example.com", .text_n = 20, .offset = 150},
    };
    const struct san_value in_order[] = {{GN_DNS, "www.example.com."},
                                         {GN_DNS, "only-order.example.com"}};
    struct csr csr = csr_with(in_csr, 3, NULL, 0);
    struct subject s = {
        .kind = SUBJECT_ORDER, .file = "m.yaml", .san = in_order, .nsan = 2, .csr = &csr};
    struct facts f;

    facts_make(&a, &s, &f);
    assert_int_equal(f.nnames, 4);
    const struct name_fact *both = name_of(&f, "www.example.com", false);
    assert_int_equal(both->views, ALL);
    assert_int_equal(both->offset, 90);
    assert_ptr_equal(both->gn, &in_csr[0]);
    assert_int_equal(name_of(&f, "only-order.example.com", false)->views,
                     VIEW_ORDER | VIEW_EFFECTIVE);
    assert_int_equal(name_of(&f, "only-csr.example.com", false)->views, VIEW_CSR);

    s.ca_reads_csr_names = true;
    facts_make(&a, &s, &f);
    assert_int_equal(name_of(&f, "only-order.example.com", false)->views, VIEW_ORDER);
    assert_int_equal(name_of(&f, "only-csr.example.com", false)->views, VIEW_CSR | VIEW_EFFECTIVE);

    s.ca_reads_csr_names = false;
    s.nsan = 0; /* an order that is silent about names sends those of the request */
    facts_make(&a, &s, &f);
    assert_int_equal(f.nnames, 3);
    assert_int_equal(f.names[0].views, VIEW_CSR | VIEW_EFFECTIVE);

    s.csr = NULL; /* nothing generated yet: a CA that reads CSRs gets one made from the order */
    s.nsan = 2;
    s.ca_reads_csr_names = true;
    facts_make(&a, &s, &f);
    assert_int_equal(f.nnames, 2);
    assert_int_equal(f.names[0].views, VIEW_ORDER | VIEW_EFFECTIVE);
    arena_release(&a);
}

static void common_names(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct dn_attr cn[] = {{.name = "CN", .text = "cn.example.com", .text_n = 14, .offset = 40}};
    struct general_name san[] = {{.type = GN_DNS, .text = "cn.example.com", .text_n = 14}};
    struct csr csr = csr_with(san, 1, cn, 1);
    struct subject s = {.kind = SUBJECT_CSR_FILE, .csr = &csr};
    struct facts f;
    facts_make(&a, &s, &f);
    assert_int_equal(f.nnames, 1); /* the SAN says it already */
    assert_false(f.names[0].is_cn);
    assert_int_equal(f.nattrs, 1);
    assert_int_equal(f.attrs[0].views, VIEW_CSR | VIEW_EFFECTIVE);

    csr.san.n = 0;
    facts_make(&a, &s, &f);
    assert_int_equal(name_of(&f, "cn.example.com", true)->type, GN_DNS);
    assert_int_equal(f.names[0].offset, 40);

    cn[0] = (struct dn_attr){.name = "CN", .text = "John Doe", .text_n = 8};
    facts_make(&a, &s, &f);
    assert_int_equal(f.nnames, 0);
    assert_int_equal(f.nattrs, 1);

    cn[0] = (struct dn_attr){.name = "CN", .text = "2001:DB8::1", .text_n = 11};
    facts_make(&a, &s, &f);
    assert_int_equal(f.names[0].type, GN_IP);
    assert_string_equal(f.names[0].norm, "2001:db8::1");

    cn[0] = (struct dn_attr){.name = "CN", .text = "a\0b.example.com", .text_n = 15};
    facts_make(&a, &s, &f);
    assert_int_equal(f.nnames, 0);

    struct subject order = {.kind = SUBJECT_ORDER, .common_name = "cn.example.com"};
    facts_make(&a, &order, &f);
    assert_int_equal(f.nnames, 1);
    assert_true(f.names[0].is_cn);
    assert_int_equal(f.names[0].views, VIEW_ORDER | VIEW_EFFECTIVE);
    arena_release(&a);
}

static void a_nul_is_no_end(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct general_name san[] = {
        {.type = GN_DNS, .text = "good.example\0.evil.test", .text_n = 23}};
    struct csr csr = csr_with(san, 1, NULL, 0);
    struct subject s = {.kind = SUBJECT_CSR_FILE, .csr = &csr};
    struct facts f;
    facts_make(&a, &s, &f);
    assert_int_equal(f.names[0].text_n, 23);
    assert_string_not_equal(f.names[0].norm, "good.example");
    assert_non_null(strstr(f.names[0].norm, "evil.test"));
    arena_release(&a);
}

static void attributes_merge(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct dn_attr attrs[] = {{.name = "O", .text = "Example Corp", .text_n = 12, .offset = 30},
                              {.name = "L", .text = "Austin", .text_n = 6, .offset = 60}};
    const struct dn_value dn[] = {{"O", "Example Corp"}, {"L", "Boston"}};
    struct csr csr = csr_with(NULL, 0, attrs, 2);
    struct subject s = {.kind = SUBJECT_ORDER, .csr = &csr, .dn = dn, .ndn = 2};
    struct facts f;
    facts_make(&a, &s, &f);
    assert_int_equal(f.nattrs, 3);
    assert_int_equal(f.attrs[0].views, ALL);
    assert_int_equal(f.attrs[0].offset, 30);
    assert_int_equal(f.attrs[1].views, VIEW_ORDER | VIEW_EFFECTIVE);
    assert_int_equal(f.attrs[2].views, VIEW_CSR);
    assert_string_equal(f.key_token, "ec-p256");
    arena_release(&a);
}

/* An attribute points at where its value was written: EV facts stand under ev, and an order takes
 * from the defaults what it does not say itself. */
static void attributes_know_their_lines(void **state)
{
    (void)state;
    static const char item[] = "subject: {street_address: Road 1}\n"
                               "ev:\n  jurisdiction: {country: US}\n  business_category: B\n";
    static const char defaults[] = "subject: {organization: Corp}\nev: {registration_number: R}\n";
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(findings_release) struct findings none = FINDINGS_INIT;
    struct ynode *node = NULL;
    struct ynode *shared = NULL;
    assert_true(yaml_parse("m", (struct span){(const uint8_t *)item, strlen(item)}, &shape_manifest,
                           &a, &none, &node));
    assert_true(yaml_parse("m", (struct span){(const uint8_t *)defaults, strlen(defaults)},
                           &shape_manifest, &a, &none, &shared));
    const struct dn_value dn[] = {{"street", "Road 1"},    {"O", "Corp"},
                                  {"jurisdictionC", "US"}, {"businessCategory", "B"},
                                  {"serialNumber", "R"},   {"L", "nowhere"}};
    static const uint32_t at[][2] = {{1, 27}, {1, 25}, {3, 27}, {4, 22}, {2, 27}, {0, 0}};
    struct subject s = {.kind = SUBJECT_ORDER,
                        .file = "m",
                        .node = node,
                        .defaults = shared,
                        .dn = dn,
                        .ndn = NITEMS(dn)};
    struct facts f;
    facts_make(&a, &s, &f);
    assert_int_equal(f.nattrs, NITEMS(dn));
    for (size_t i = 0; i < f.nattrs; i++) {
        assert_int_equal(f.attrs[i].pos.line, at[i][0]);
        assert_int_equal(f.attrs[i].pos.column, at[i][1]);
    }
}

static void unusable_csr(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct general_name san[] = {{.type = GN_DNS, .text = "x", .text_n = 1}};
    struct csr csr = csr_with(san, 1, NULL, 0);
    csr.usable = false;
    struct subject s = {.kind = SUBJECT_CSR_FILE, .csr = &csr, .key = "rsa-2048"};
    struct facts f;
    facts_make(&a, &s, &f);
    assert_ptr_equal(f.csr, &csr);
    assert_int_equal(f.nnames, 0);
    assert_null(f.key);
    assert_string_equal(f.key_token, "rsa-2048");
    arena_release(&a);
}

static void names_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum gn_type type;
        const char *value;
    } rows[] = {
        {"www.example.com", GN_DNS, "www.example.com"},
        {"dns:api.example.com", GN_DNS, "api.example.com"},
        {"ip:192.0.2.7", GN_IP, "192.0.2.7"},
        {"192.0.2.7", GN_IP, "192.0.2.7"},
        {"2001:db8::1", GN_IP, "2001:db8::1"},
        {"email:a@example.com", GN_EMAIL, "a@example.com"},
        {"a@example.com", GN_DNS, "a@example.com"}, /* pasted: dns.url says so */
        {"uri:spiffe://x/y", GN_URI, "spiffe://x/y"},
        {"https://a@example.com/", GN_DNS, "https://a@example.com/"},
        {"*.example.com", GN_DNS, "*.example.com"},
        {"192.0.2.256", GN_DNS, "192.0.2.256"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct san_value v;
        san_value_parse(rows[i].text, &v);
        assert_int_equal(v.type, rows[i].type);
        assert_string_equal(v.text, rows[i].value);
    }
}

static void norms(void **state)
{
    (void)state;
    static const struct {
        enum gn_type type;
        const char *text, *norm;
    } rows[] = {
        {GN_DNS, "WWW.Example.COM.", "www.example.com"},
        {GN_DNS, ".", "."},
        {GN_DNS, "M\xC3\xBCnchen.example", "xn--mnchen-3ya.example"},
        {GN_IP, "2001:0DB8:0:0:0:0:0:1", "2001:db8::1"},
        {GN_EMAIL, "Anna.K@Example.COM", "Anna.K@example.com"},
        {GN_URI, "HTTPS://Example.com", "HTTPS://Example.com"},
    };
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        assert_string_equal(name_norm(&a, rows[i].type, rows[i].text, strlen(rows[i].text)),
                            rows[i].norm);
    }
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_merge),
        cmocka_unit_test(common_names),
        cmocka_unit_test(a_nul_is_no_end),
        cmocka_unit_test(attributes_merge),
        cmocka_unit_test(attributes_know_their_lines),
        cmocka_unit_test(unusable_csr),
        cmocka_unit_test(names_as_people_write_them),
        cmocka_unit_test(norms),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
