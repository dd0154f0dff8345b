/* SPDX-License-Identifier: Apache-2.0
 *
 * Checking a bag, see bag.h. Entries stream by once; afterwards the lists of what is there and of
 * what the manifests say are sorted and walked side by side. Never trusts a name or a number in
 * the bag, and never stops at the first problem.
 */
#include "formats/bag.h"

#include "formats/bag_list.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PROBLEMS_MAX = 100 }; /* one broken manifest must not print 300,000 lines */

struct check {
    const char *file;
    archive_fn *fn, *tag;
    void *ctx;
    struct findings *findings;
    size_t problems;
    char *root; /* top directory, from the first entry */
    bool roots_differ;
    struct bag_list payload, tags;
    uint64_t octets;
    struct buf declaration, info, manifest, tagmanifest;
    bool has_declaration, has_info, has_manifest, has_tagmanifest;
};

/* Tag files whose content is needed. */
static const struct captured {
    const char *name;
    size_t content, present;
} captured[] = {
    {"bagit.txt", offsetof(struct check, declaration), offsetof(struct check, has_declaration)},
    {"bag-info.txt", offsetof(struct check, info), offsetof(struct check, has_info)},
    {"manifest-sha256.txt", offsetof(struct check, manifest), offsetof(struct check, has_manifest)},
    {"tagmanifest-sha256.txt", offsetof(struct check, tagmanifest),
     offsetof(struct check, has_tagmanifest)},
};

PRINTF(3, 4)
static void problem(struct check *c, enum severity severity, const char *fmt, ...)
{
    if (++c->problems > PROBLEMS_MAX) {
        return;
    }
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MESSAGE);
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    findings_report(c->findings, "verify.bag", severity, (struct pos){.file = c->file}, "%s",
                    buf_text(&text));
}

static void capture(struct check *c, const char *path, struct span data)
{
    for (size_t i = 0; i < NITEMS(captured); i++) {
        if (str_eq(path, captured[i].name)) {
            buf_add((struct buf *)((char *)c + captured[i].content), data.p, data.n);
            *(bool *)((char *)c + captured[i].present) = true;
        }
    }
}

/* The path below the root, or NULL for a file beside the root directory. */
static const char *below_root(struct check *c, const char *name)
{
    const char *slash = strchr(name, '/');
    size_t n = slash ? (size_t)(slash - name) : 0;
    if (!c->root && slash) {
        c->root = xcalloc(n + 1, 1);
        memcpy(c->root, name, n);
    }
    if (!slash || strncmp(c->root, name, n) != 0 || c->root[n]) {
        c->roots_differ = true;
        return NULL;
    }
    return slash + 1;
}

static bool take_entry(void *ctx, const char *name, struct span data, struct err *err)
{
    struct check *c = ctx;
    uint8_t digest[SHA256_SIZE];
    const char *path = below_root(c, name);
    if (!path) {
        return true;
    }
    sha256(data.p, data.n, digest);
    if (!str_starts(path, "data/")) {
        bag_list_add(&c->tags, path, digest);
        capture(c, path, data);
        return !c->tag || c->tag(c->ctx, path, data, err);
    }
    bag_list_add(&c->payload, path, digest);
    c->octets += data.n;
    return c->fn(c->ctx, path + strlen("data/"), data, err);
}

/* "<64 hex digits><blanks>[*]<path>"; false when it is something else. */
static bool manifest_line(const char *line, size_t n, struct bag_list *out)
{
    uint8_t digest[SHA256_SIZE];
    const size_t hex = (size_t)2 * SHA256_SIZE;
    char path[LIMIT_ARCHIVE_NAME + 1];
    if (n < hex + 2 || !hex_decode(line, hex, digest) || (line[hex] != ' ' && line[hex] != '\t')) {
        return false;
    }
    size_t at = hex;
    while (at < n && (line[at] == ' ' || line[at] == '\t')) {
        at++;
    }
    at += at < n && line[at] == '*';
    if (n - at == 0 || n - at >= sizeof path) {
        return false;
    }
    memcpy(path, line + at, n - at);
    path[n - at] = '\0';
    if (!archive_name_ok(path)) {
        return false;
    }
    bag_list_add(out, path, digest);
    return true;
}

static void read_manifest(struct check *c, const char *name, const struct buf *text,
                          struct bag_list *out)
{
    const char *p = buf_text(text);
    for (size_t line = 1; *p; line++) {
        size_t n = strcspn(p, "\n");
        size_t bare = n - (n && p[n - 1] == '\r');
        if (!manifest_line(p, bare, out)) {
            problem(c, SEV_ERROR, "line %zu of %s is not a digest and a path", line, name);
        }
        p += n + (p[n] == '\n');
    }
    if (strlen(buf_text(text)) != text->n) {
        problem(c, SEV_ERROR, "%s contains a NUL", name);
    }
    bag_list_sort(out);
    for (size_t i = 1; i < out->n; i++) {
        if (str_eq(out->v[i - 1].path, out->v[i].path)) {
            problem(c, SEV_ERROR, "%s lists %s twice", name, out->v[i].path);
        }
    }
}

/* Walks two sorted lists. `unlisted` says what a file without a line means (SEV_DISABLED: fine). */
static void compare(struct check *c, const char *manifest, const struct bag_list *listed,
                    const struct bag_list *there, enum severity (*unlisted)(const char *path))
{
    size_t i = 0;
    size_t k = 0;
    while (i < listed->n || k < there->n) {
        int order = i == listed->n  ? 1
                    : k == there->n ? -1
                                    : strcmp(listed->v[i].path, there->v[k].path);
        if (order < 0) {
            problem(c, SEV_ERROR, "%s lists %s, which is missing", manifest, listed->v[i].path);
        } else if (order > 0) {
            enum severity s = unlisted(there->v[k].path);
            if (s != SEV_DISABLED) {
                problem(c, s, "%s is not listed in %s", there->v[k].path, manifest);
            }
        } else if (memcmp(listed->v[i].sha256, there->v[k].sha256, SHA256_SIZE) != 0) {
            problem(c, SEV_ERROR, "%s has been changed: its SHA-256 is not the one in %s",
                    there->v[k].path, manifest);
        }
        i += order <= 0;
        k += order >= 0;
    }
}

static enum severity payload_unlisted(const char *path)
{
    (void)path;
    return SEV_ERROR;
}

/* RFC 8493 2.2.1: the payload manifest must be listed, tag manifests must not, others should. */
static enum severity tag_unlisted(const char *path)
{
    if (str_starts(path, "tagmanifest-") || str_starts(path, "seal-")) {
        return SEV_DISABLED; /* and the signature and timestamp over it; their digests */
    }
    return str_starts(path, "manifest-") || str_starts(path, "bag") ? SEV_ERROR : SEV_WARNING;
}

static void check_oxum(struct check *c)
{
    static const char label[] = "Payload-Oxum: ";
    CLEANUP(buf_release) struct buf want = BUF_INIT(LIMIT_MESSAGE);
    buf_printf(&want, "%" PRIu64 ".%zu", c->octets, c->payload.n);
    for (const char *p = buf_text(&c->info); *p;) {
        size_t n = strcspn(p, "\n");
        if (n > strlen(label) && strncmp(p, label, strlen(label)) == 0 &&
            (n - strlen(label) != want.n || memcmp(p + strlen(label), want.p, want.n) != 0)) {
            problem(c, SEV_ERROR, "Payload-Oxum in bag-info.txt is not the %s of the payload",
                    want.p);
        }
        p += n + (p[n] == '\n');
    }
}

static void check_tags(struct check *c)
{
    struct bag_list listed = {0};
    if (!c->has_declaration) {
        problem(c, SEV_ERROR, "there is no bagit.txt: this is not a bag");
    } else if (!str_eq(buf_text(&c->declaration), BAG_DECLARATION)) {
        problem(c, SEV_ERROR, "bagit.txt is not the declaration of BagIt 1.0");
    }
    if (!c->has_tagmanifest) {
        problem(c, SEV_ERROR, "there is no tagmanifest-sha256.txt");
        return;
    }
    read_manifest(c, "tagmanifest-sha256.txt", &c->tagmanifest, &listed);
    bag_list_sort(&c->tags);
    compare(c, "tagmanifest-sha256.txt", &listed, &c->tags, tag_unlisted);
    bag_list_release(&listed);
}

static void check_payload(struct check *c)
{
    struct bag_list listed = {0};
    for (size_t i = 0; i < c->tags.n; i++) {
        if (str_eq(c->tags.v[i].path, "fetch.txt")) {
            problem(c, SEV_ERROR, "fetch.txt: files that are elsewhere cannot be verified");
        }
    }
    if (!c->has_manifest) {
        problem(c, SEV_ERROR, "there is no manifest-sha256.txt");
        return;
    }
    read_manifest(c, "manifest-sha256.txt", &c->manifest, &listed);
    for (size_t i = 0; i < listed.n; i++) {
        if (!str_starts(listed.v[i].path, "data/")) {
            problem(c, SEV_ERROR, "manifest-sha256.txt lists %s, which is not payload",
                    listed.v[i].path);
        }
    }
    bag_list_sort(&c->payload);
    compare(c, "manifest-sha256.txt", &listed, &c->payload, payload_unlisted);
    bag_list_release(&listed);
}

static void check_release(struct check *c)
{
    free(c->root);
    bag_list_release(&c->payload);
    bag_list_release(&c->tags);
    for (size_t i = 0; i < NITEMS(captured); i++) {
        buf_release((struct buf *)((char *)c + captured[i].content));
    }
}

bool bag_check(const char *path, archive_fn *fn, archive_fn *tag, void *ctx,
               struct findings *findings, struct err *err)
{
    CLEANUP(check_release)
    struct check c = {.file = path,
                      .fn = fn,
                      .tag = tag,
                      .ctx = ctx,
                      .findings = findings,
                      .declaration = BUF_INIT(LIMIT_ARCHIVE_ENTRY),
                      .info = BUF_INIT(LIMIT_ARCHIVE_ENTRY),
                      .manifest = BUF_INIT(LIMIT_ARCHIVE_ENTRY),
                      .tagmanifest = BUF_INIT(LIMIT_ARCHIVE_ENTRY)};
    if (!archive_read_file(path, take_entry, &c, err)) {
        if (err->code != ERR_FINDINGS) {
            return false;
        }
        problem(&c, SEV_ERROR, "%s", err->msg);
        err_clear(err);
        return true; /* half an archive would only add noise */
    }
    if (c.roots_differ) {
        problem(&c, SEV_ERROR, "the archive holds more than one top directory");
    }
    check_tags(&c);
    check_payload(&c);
    check_oxum(&c);
    if (c.problems > PROBLEMS_MAX) {
        findings_report(findings, "verify.bag", SEV_ERROR, (struct pos){.file = path},
                        "%zu further problems of the bag are not listed",
                        c.problems - PROBLEMS_MAX);
    }
    return true;
}
