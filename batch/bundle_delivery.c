/* SPDX-License-Identifier: Apache-2.0
 *
 * The delivery bundle: a folder per issued item with what its server loads. Certificate and
 * outputs must be the ones the journal speaks of; a clear private key or a password never goes in.
 */
#include "batch/bundle_parts.h"

#include "batch/outputs.h"
#include "formats/archive.h"
#include "formats/base/json_in.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/cert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct delivery {
    const struct bundle_source *source;
    struct archive_out *archive;
    struct buf certificate, chain, file; /* reused from item to item */
};

static bool put(struct delivery *d, const char *id, const char *name, struct span data, mode_t mode,
                struct err *err)
{
    char path[LIMIT_PATH];
    (void)snprintf(path, sizeof path, "%s-delivery/%s/%s", d->source->name, id, name);
    return secret_scan_bytes(d->source->secrets, path, data, true, err) &&
           archive_add(d->archive, path, data, mode, err);
}

/* I3: the certificate in the state is the one that was matched and journalled. */
static bool check_certificate(const struct item_record *r, struct span pem, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct cert *certs;
    size_t n;
    char hex[SHA256_HEX];
    if (!certs_read(&a, "certificate.pem", pem, &certs, &n, err)) {
        return false;
    }
    hex_encode(certs[0].sha256, SHA256_SIZE, hex);
    return (n == 1 && str_eq(hex, r->sha256)) ||
           err_set(err, ERR_ENV, "certificate.pem is not the certificate of the journal");
}

static bool put_certificates(struct delivery *d, int dir, const struct item_record *r,
                             struct err *err)
{
    bool there, has_chain;
    if (!bundle_read_item(dir, "certificate.pem", &d->certificate, &there, err) ||
        !bundle_read_item(dir, "chain.pem", &d->chain, &has_chain, err)) {
        return false;
    }
    if (!there) {
        return err_set(err, ERR_ENV, "certificate.pem is missing in the state directory");
    }
    if (!check_certificate(r, buf_span(&d->certificate), err) ||
        !put(d, r->id, "certificate.pem", buf_span(&d->certificate), 0644, err)) {
        return false;
    }
    if (has_chain && !put(d, r->id, "chain.pem", buf_span(&d->chain), 0644, err)) {
        return false;
    }
    buf_add(&d->certificate, d->chain.p, has_chain ? d->chain.n : 0);
    return put(d, r->id, "fullchain.pem", buf_span(&d->certificate), 0644, err);
}

/* The state keeps equal bytes once, under the name of the first path that has them. */
static void stored_name(const json_t *list, const json_t *output, char *out, size_t n)
{
    const char *sum = json_get_str(output, "sha256");
    const json_t *first = output;
    for (size_t i = json_array_size(list); sum && i-- > 0;) {
        const json_t *other = json_array_get(list, i);
        first = str_eq(json_get_str(other, "sha256"), sum) ? other : first;
    }
    const char *path = json_get_str(first, "path");
    output_stored_name(path ? path : "", out, n);
}

/* Keys and key stores; snippets and certificates are nobody's secret. */
static bool is_locked(const char *path)
{
    const char *name = path_base(path);
    return str_ends(name, ".p12") || str_ends(name, ".jks") || str_starts(name, "key");
}

static bool put_output(struct delivery *d, int out, const char *id, const json_t *list,
                       const json_t *output, struct err *err)
{
    char hex[SHA256_HEX], stored[LIMIT_PATH];
    const char *path = json_get_str(output, "path");
    if (!path || !archive_name_ok(path)) {
        return err_set(err, ERR_ENV, "the journal names an output that cannot be a file");
    }
    buf_wipe(&d->file);
    stored_name(list, output, stored, sizeof stored);
    if (!fs_read_at(out, stored, &d->file, err)) {
        return false;
    }
    sha256_hex(d->file.p, d->file.n, hex);
    if (!str_eq(hex, json_get_str(output, "sha256"))) {
        return err_set(err, ERR_ENV, "%s is not the file that was made and journalled", path);
    }
    return put(d, id, path, buf_span(&d->file), is_locked(path) ? 0600 : 0644, err);
}

static int by_path(const void *a, const void *b)
{
    const char *pa = json_get_str(*(json_t *const *)a, "path");
    const char *pb = json_get_str(*(json_t *const *)b, "path");
    return strcmp(pa ? pa : "", pb ? pb : "");
}

static bool put_outputs(struct delivery *d, int dir, const struct item_record *r, struct err *err)
{
    if (!r->outputs) {
        return true;
    }
    CLEANUP(json_tree_release)
    json_t *list = json_parse("outputs", r->outputs, strlen(r->outputs), err);
    CLEANUP(closep) int out = list ? fs_open_dir_at(dir, "out", err) : -1;
    size_t n = json_array_size(list);
    CLEANUP(freep) json_t **sorted = xcalloc(n + 1, sizeof *sorted);
    for (size_t i = 0; i < n; i++) {
        sorted[i] = json_array_get(list, i);
    }
    qsort(sorted, n, sizeof *sorted, by_path);
    bool ok = out >= 0;
    for (size_t i = 0; ok && i < n; i++) {
        ok = put_output(d, out, r->id, list, sorted[i], err);
    }
    return ok;
}

/* --- README.txt --- */

#define README "README.txt"

static const char readme_head[] =
    "Certificates and keys of the batch %s, one folder an item.\n"
    "\n"
    "certificate.pem  the certificate\n"
    "chain.pem        the certificates above it; the root, when it is there, is the last\n"
    "fullchain.pem    both\n"
    "key.pem          the private key, encrypted (PKCS#8, AES-256)\n"
    "ITEM.p12         PKCS#12 key store with key and chain\n"
    "ITEM.jks         Java key store with key and chain\n"
    "\n"
    "A folder named after a server has what that server loads and a configuration snippet, which\n"
    "says where the files go, how the server gets the password, and how to check the result. A\n"
    "folder without key or key store is of an item whose key stays where its request was made.\n"
    "\n"
    "Passwords\n"
    "\n"
    "Every key and key store has a password, and none is in this archive. They are rows of\n"
    "item,output,alias,password; the second column is the path in the item's folder.\n";
static const char readme_sealed[] =
    "They come as %s-passwords.cms, which opens with the key of a recipient:\n"
    "\n"
    "    certbatch open-passwords %s-passwords.cms --key KEY.pem\n"
    "    openssl cms -decrypt -inform DER -in %s-passwords.cms -inkey KEY.pem\n";
static const char readme_plain[] =
    "They are in %s-passwords.csv, which only its owner can read. Send it on another way than\n"
    "this archive, to those who deploy, and delete it when they have it.\n";
static const char readme_tail[] =
    "\n"
    "One of them, without the others:\n"
    "\n"
    "    sed -n 's|^ITEM,key.pem,[^,]*,||p' PASSWORDS.csv\n"
    "\n"
    "`certbatch verify %s-delivery.tar.gz --passwords PASSWORDS.csv` opens every key and\n"
    "key store and compares it with its certificate.\n";

static bool put_readme(struct delivery *d, struct err *err)
{
    const char *name = d->source->name;
    char path[LIMIT_PATH];
    if (history_item(d->source->history, README)) {
        return true; /* an item of that name has its folder there */
    }
    buf_reset(&d->file);
    buf_printf(&d->file, readme_head, name);
    if (d->source->sealed) {
        buf_printf(&d->file, readme_sealed, name, name, name);
    } else {
        buf_printf(&d->file, readme_plain, name);
    }
    buf_printf(&d->file, readme_tail, name);
    (void)snprintf(path, sizeof path, "%s-delivery/" README, name);
    return archive_add(d->archive, path, buf_span(&d->file), 0644, err);
}

static bool put_item(struct delivery *d, const struct item_record *r, struct err *err)
{
    CLEANUP(closep) int dir = statedir_item(d->source->state, r->id, false, err);
    return (dir >= 0 && put_certificates(d, dir, r, err) && put_outputs(d, dir, r, err)) ||
           err_wrap(err, "item %s", r->id);
}

bool bundle_write_delivery(const struct bundle_source *s, int fd, uint8_t digest[SHA256_SIZE],
                           struct err *err)
{
    struct delivery d = {.source = s,
                         .certificate = BUF_INIT(LIMIT_INPUT_BYTES),
                         .chain = BUF_INIT(LIMIT_INPUT_BYTES),
                         .file = BUF_INIT(LIMIT_INPUT_BYTES)};
    size_t *order;
    size_t n = bundle_order(s->history, true, &order);
    d.archive = archive_create(fd, s->mtime, err);
    bool ok = d.archive && put_readme(&d, err);
    for (size_t i = 0; ok && i < n; i++) {
        ok = put_item(&d, &s->history->v[order[i]], err);
    }
    if (ok) {
        archive_digest(d.archive, digest);
        ok = archive_finish(&d.archive, err);
    } else {
        archive_abandon(&d.archive);
    }
    free(order);
    buf_release(&d.certificate);
    buf_release(&d.chain);
    buf_wipe(&d.file);
    return ok;
}
