/* SPDX-License-Identifier: Apache-2.0
 *
 * BagIt: what is written passes `sha256sum -c --strict` in the bag's root, and every way to
 * change a bag (RFC 8493) is found by the check, each with its own words.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/bag.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[64];
static char path[128];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/cb-bag-XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/b.tar.gz", dir);
    return 0;
}

static int tear_down(void **state)
{
    char command[128];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command);
}

static struct span span_of(const char *s)
{
    return (struct span){(const uint8_t *)s, strlen(s)};
}

static void write_bag(void)
{
    struct err err = ERR_INIT;
    uint8_t digest[SHA256_SIZE];
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct bag *b = bag_create(fd, "CHG1-audit", 1795000000, &err);
    assert_non_null(b);
    assert_true(bag_add(b, "report.json", span_of("{}\n"), &err));
    assert_true(bag_add(b, "items/www/request.csr", span_of("request\n"), &err));
    bag_info(b, "External-Identifier", "CHG1\nPayload-Oxum: 1.1");
    assert_true(bag_tag(b, "README.txt", span_of("read me\n"), &err));
    assert_true(bag_finish(&b, digest, &err));
    assert_null(b);
    assert_true(archive_check(fd, digest, NULL, &err));
    close(fd);
}

/* What bag_preview() says of a tag manifest is what comes to stand in the bag, byte for byte. */
struct tag_manifest {
    struct buf text;
    size_t tags, beside;
};

static bool payload_seen(void *ctx, const char *name, struct span data, struct err *err)
{
    (void)ctx;
    (void)name;
    (void)data;
    (void)err;
    return true;
}

static bool tag_seen(void *ctx, const char *name, struct span data, struct err *err)
{
    struct tag_manifest *t = ctx;
    (void)err;
    t->tags++;
    t->beside += str_eq(name, "tagmanifest-sha256.txt.p7s");
    if (str_eq(name, "tagmanifest-sha256.txt")) {
        buf_add(&t->text, data.p, data.n);
    }
    return true;
}

static void preview_is_what_comes(void **state)
{
    (void)state;
    CLEANUP(findings_release) struct findings none = FINDINGS_INIT;
    CLEANUP(buf_release) struct buf ahead = BUF_INIT(65536);
    struct tag_manifest t = {.text = BUF_INIT(65536)};
    struct err err = ERR_INIT;
    uint8_t digest[SHA256_SIZE];
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct bag *b = bag_create(fd, "CHG1-audit", 1795000000, &err);
    assert_true(bag_add(b, "z", span_of("z"), &err));
    assert_true(bag_add(b, "a", span_of("a"), &err));
    bag_info(b, "External-Identifier", "CHG1");
    assert_true(bag_tag(b, "zz.txt", span_of("tag"), &err));
    assert_true(bag_preview(b, "README.txt", span_of("read me"), &ahead, &err));
    assert_true(bag_tag(b, "README.txt", span_of("read me"), &err));
    assert_true(bag_beside(b, "tagmanifest-sha256.txt.p7s", span_of("seal"), &err));
    assert_true(bag_finish(&b, digest, &err));
    close(fd);
    assert_true(bag_check(path, payload_seen, tag_seen, &t, &none, &err));
    assert_int_equal(none.n, 0);
    assert_string_equal(buf_text(&t.text), buf_text(&ahead));
    assert_int_equal(t.tags, 7);
    assert_int_equal(t.beside, 1);
    assert_null(strstr(buf_text(&ahead), ".p7s"));
    buf_release(&t.text);
}

/* --- a bag as a list of files, to be changed and packed again --- */

struct file {
    char name[128];
    struct buf data;
};
struct files {
    struct file v[16];
    size_t n;
};

static bool collect(void *ctx, const char *name, struct span data, struct err *err)
{
    struct files *f = ctx;
    (void)err;
    struct file *new = &f->v[f->n++];
    (void)snprintf(new->name, sizeof new->name, "%s", name);
    new->data = (struct buf)BUF_INIT(1 << 20);
    buf_add(&new->data, data.p, data.n);
    return true;
}

static void load(struct files *f)
{
    struct err err = ERR_INIT;
    f->n = 0;
    write_bag();
    assert_true(archive_read_file(path, collect, f, &err));
}

static void store(struct files *f)
{
    struct err err = ERR_INIT;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct archive_out *a = archive_create(fd, 0, &err);
    for (size_t i = 0; i < f->n; i++) {
        if (f->v[i].name[0]) {
            assert_true(archive_add(a, f->v[i].name, buf_span(&f->v[i].data), 0644, &err));
        }
        buf_release(&f->v[i].data);
    }
    assert_true(archive_finish(&a, &err));
    close(fd);
}

static struct file *find(struct files *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++) {
        if (str_ends(f->v[i].name, name)) {
            return &f->v[i];
        }
    }
    fail_msg("no %s in the bag", name);
    abort(); /* the line above does not return */
}

static void set(struct file *f, const char *text)
{
    buf_reset(&f->data);
    buf_puts(&f->data, text);
}

static void add(struct files *f, const char *name, const char *text)
{
    struct err err = ERR_INIT;
    assert_true(collect(f, name, span_of(text), &err));
}

/* Makes the tag manifest fit again after a tag file was changed on purpose. */
static void reseal(struct files *f)
{
    struct file *tm = find(f, "/tagmanifest-sha256.txt");
    buf_reset(&tm->data);
    for (size_t i = 0; i < f->n; i++) {
        const char *name = strchr(f->v[i].name, '/');
        if (name && !str_starts(name, "/data/") && !str_starts(name, "/tagmanifest")) {
            char hex[SHA256_HEX];
            sha256_hex(f->v[i].data.p, f->v[i].data.n, hex);
            buf_printf(&tm->data, "%s  %s\n", hex, name + 1);
        }
    }
}

static bool seen(void *ctx, const char *name, struct span data, struct err *err)
{
    (void)data;
    (void)err;
    struct buf *names = ctx;
    buf_printf(names, "%s ", name);
    return true;
}

static struct findings found;

static size_t check(void)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf names = BUF_INIT(4096);
    findings_release(&found);
    assert_true(bag_check(path, seen, NULL, &names, &found, &err));
    for (size_t i = 0; i < found.n; i++) {
        assert_string_equal(found.v[i].rule, "verify.bag");
    }
    return findings_count(&found, SEV_ERROR);
}

static void expect(const char *words)
{
    size_t n = check();
    for (size_t i = 0; i < found.n; i++) {
        if (strstr(found.v[i].message, words)) {
            assert_true(n > 0 || found.v[i].severity == SEV_WARNING);
            return;
        }
    }
    fail_msg("%zu findings, none says \"%s\"; first: %s", found.n, words,
             found.n ? found.v[0].message : "-");
}

/* --- tests --- */

static void sha256sum_agrees(void **state)
{
    (void)state;
    char command[512];
    write_bag();
    (void)snprintf(command, sizeof command,
                   "cd '%s' && tar xzf b.tar.gz && cd CHG1-audit && "
                   "sha256sum -c --strict --quiet manifest-sha256.txt tagmanifest-sha256.txt && "
                   "test $(wc -l < manifest-sha256.txt) = 2 && "
                   "test $(wc -l < tagmanifest-sha256.txt) = 4 && "
                   "grep -qx 'Payload-Oxum: 11.2' bag-info.txt && test $(wc -l < bag-info.txt) = 2 "
                   "&& printf 'BagIt-Version: 1.0\\nTag-File-Character-Encoding: UTF-8\\n' | "
                   "cmp - bagit.txt",
                   dir);
    assert_int_equal(system(command), 0);
}

/* Manifests of more than a piece: sha256sum reads every line, and the preview is what comes. */
static void large_manifests(void **state)
{
    (void)state;
    enum { FILES = 2500 };
    CLEANUP(findings_release) struct findings none = FINDINGS_INIT;
    CLEANUP(buf_release) struct buf ahead = BUF_INIT(65536);
    struct tag_manifest t = {.text = BUF_INIT(65536)};
    struct err err = ERR_INIT;
    uint8_t digest[SHA256_SIZE];
    char command[512];
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct bag *b = bag_create(fd, "CHG1-audit", 1795000000, &err);
    for (unsigned i = 0; i < FILES; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "items/%u/record.json", i * 7919 % FILES);
        assert_true(bag_add(b, name, span_of(name), &err));
    }
    assert_true(bag_preview(b, "README.txt", span_of("read me"), &ahead, &err));
    assert_true(bag_tag(b, "README.txt", span_of("read me"), &err));
    assert_true(bag_finish(&b, digest, &err));
    assert_true(archive_check(fd, digest, NULL, &err));
    close(fd);
    assert_true(bag_check(path, payload_seen, tag_seen, &t, &none, &err));
    assert_int_equal(none.n, 0);
    assert_string_equal(buf_text(&t.text), buf_text(&ahead));
    buf_release(&t.text);
    (void)snprintf(command, sizeof command,
                   "cd '%s' && rm -rf CHG1-audit && tar xzf b.tar.gz && cd CHG1-audit && "
                   "sha256sum -c --strict --quiet manifest-sha256.txt tagmanifest-sha256.txt && "
                   "test $(wc -l < manifest-sha256.txt) = %d && LC_ALL=C sort -c -k2 "
                   "manifest-sha256.txt",
                   dir, FILES);
    assert_int_equal(system(command), 0);
}

static void good_bag(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf names = BUF_INIT(4096);
    write_bag();
    findings_release(&found);
    assert_true(bag_check(path, seen, NULL, &names, &found, &err));
    assert_int_equal(found.n, 0);
    assert_string_equal(buf_text(&names), "report.json items/www/request.csr ");
}

static void changed_payload(void **state)
{
    (void)state;
    struct files f;
    load(&f);
    set(find(&f, "request.csr"), "Request\n");
    store(&f);
    expect("data/items/www/request.csr has been changed");
    assert_int_equal(found.n, 1);
    load(&f);
    find(&f, "request.csr")->name[0] = '\0';
    store(&f);
    expect("lists data/items/www/request.csr, which is missing");
    expect("Payload-Oxum");
    load(&f);
    add(&f, "CHG1-audit/data/extra", "x");
    store(&f);
    expect("data/extra is not listed in manifest-sha256.txt");
}

static void changed_tags(void **state)
{
    (void)state;
    static const char *const tags[] = {"/bagit.txt", "/bag-info.txt", "/README.txt",
                                       "/manifest-sha256.txt"};
    struct files f;
    for (size_t i = 0; i < NITEMS(tags); i++) {
        load(&f);
        struct file *t = find(&f, tags[i]);
        t->data.p[t->data.n - 2] ^= 1;
        store(&f);
        expect(tags[i] + 1);
        expect("has been changed");
    }
    load(&f);
    find(&f, "/tagmanifest-sha256.txt")->name[0] = '\0';
    store(&f);
    expect("no tagmanifest-sha256.txt");
    load(&f);
    find(&f, "/manifest-sha256.txt")->name[0] = '\0';
    store(&f);
    expect("no manifest-sha256.txt");
    load(&f);
    find(&f, "/bagit.txt")->name[0] = '\0';
    store(&f);
    expect("this is not a bag");
}

static void resealed_lies(void **state)
{
    (void)state;
    static const struct {
        const char *tag, *text, *why;
    } lies[] = {
        {"/bagit.txt", "BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n", "BagIt 1.0"},
        {"/bagit.txt",
         "\xef\xbb\xbf"
         "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
         "BagIt 1.0"},
        {"/bag-info.txt", "Payload-Oxum: 12.2\n", "Payload-Oxum"},
        {"/manifest-sha256.txt", "nonsense\n", "line 1 of manifest-sha256.txt"},
        {"/manifest-sha256.txt", "", "is not listed in manifest-sha256.txt"},
    };
    struct files f;
    for (size_t i = 0; i < NITEMS(lies); i++) {
        load(&f);
        set(find(&f, lies[i].tag), lies[i].text);
        reseal(&f);
        store(&f);
        expect(lies[i].why);
    }
}

static void manifest_names(void **state)
{
    (void)state;
    static const char *const names[] = {"../etc/passwd", "/etc/passwd", "~/x", "data/../../x",
                                        "data/a%0Ab"};
    struct files f;
    for (size_t i = 0; i < NITEMS(names); i++) {
        load(&f);
        struct file *m = find(&f, "/manifest-sha256.txt");
        char line[256];
        (void)snprintf(line, sizeof line, "%064d  %s\n", 0, names[i]);
        buf_puts(&m->data, line);
        reseal(&f);
        store(&f);
        expect("line 3 of manifest-sha256.txt");
    }
    load(&f);
    struct file *m = find(&f, "/manifest-sha256.txt");
    CLEANUP(buf_release) struct buf twice = BUF_INIT(4096);
    buf_printf(&twice, "%s%s", buf_text(&m->data), buf_text(&m->data));
    set(m, buf_text(&twice));
    reseal(&f);
    store(&f);
    expect("twice");
    load(&f);
    add(&f, "CHG1-audit/fetch.txt", "http://x 1 data/y\n");
    reseal(&f);
    store(&f);
    expect("fetch.txt");
}

static void other_layouts(void **state)
{
    (void)state;
    struct files f;
    load(&f);
    add(&f, "other/file", "x");
    store(&f);
    expect("more than one top directory");
    load(&f);
    add(&f, "file", "x");
    store(&f);
    expect("more than one top directory");
    load(&f);
    add(&f, "CHG1-audit/note.txt", "x");
    store(&f);
    expect("note.txt is not listed in tagmanifest");
    assert_int_equal(findings_count(&found, SEV_ERROR), 0); /* legal, RFC 8493 2.2.4 */
    load(&f);
    add(&f, "CHG1-audit/tagmanifest-sha256.txt.p7s", "x");
    store(&f);
    assert_int_equal(check(), 0);
    assert_int_equal(found.n, 0);
}

static void many_problems_are_capped(void **state)
{
    (void)state;
    struct files f;
    load(&f);
    struct file *m = find(&f, "/manifest-sha256.txt");
    for (int i = 0; i < 500; i++) {
        buf_puts(&m->data, "x\n");
    }
    store(&f);
    expect("further problems");
    assert_int_equal(found.n, 101);
}

static void damaged_archive_is_a_finding(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf names = BUF_INIT(4096);
    write_bag();
    assert_int_equal(truncate(path, 100), 0);
    expect("not a whole tar.gz");
    findings_release(&found);
    assert_false(bag_check("/nonexistent/bag", seen, NULL, &names, &found, &err));
    assert_int_equal(err.code, ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(preview_is_what_comes),
        cmocka_unit_test(sha256sum_agrees),
        cmocka_unit_test(large_manifests),
        cmocka_unit_test(good_bag),
        cmocka_unit_test(changed_payload),
        cmocka_unit_test(changed_tags),
        cmocka_unit_test(resealed_lies),
        cmocka_unit_test(manifest_names),
        cmocka_unit_test(other_layouts),
        cmocka_unit_test(many_problems_are_capped),
        cmocka_unit_test(damaged_archive_is_a_finding),
    };
    int failed = !!cmocka_run_group_tests(tests, set_up, tear_down);
    findings_release(&found);
    return failed;
}
