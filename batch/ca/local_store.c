/* SPDX-License-Identifier: Apache-2.0
 *
 * The directory of the embedded CA: made on first use, locked while anything in it changes, its
 * issuer loaded and checked.
 *
 * Making it is safe against a kill at any point: keys and certificates are synced under their
 * names first, ca.json is renamed into place last, and without ca.json nothing here counts: the
 * next run makes everything again, and nothing can have been issued meanwhile. A directory with
 * an index but no ca.json has lost its CA; it is refused, never overwritten.
 */
#include "batch/ca/local.h"

#include "batch/config.h"
#include "formats/base/fs.h"
#include "formats/base/json_in.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MARKER "ca.json"
#define INDEX  "index.jsonl"

/* --- lock --- */
enum { LOCK_WAIT_MS = 30000, LOCK_STEP_MS = 20 };

/* Bounded: whoever holds it serves one group and lets go, unless it was stopped. */
bool local_lock(struct local *l, struct err *err)
{
    int64_t deadline = time_monotonic_ms() + LOCK_WAIT_MS;
    while (flock(l->lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return err_sys(err, errno, "cannot lock the CA directory %s", l->config->directory);
        }
        if (time_monotonic_ms() >= deadline) {
            err_set(err, ERR_ENV,
                    "another process has held the lock of the CA directory %s for "
                    "%d seconds",
                    l->config->directory, LOCK_WAIT_MS / 1000);
            err_hint(err, "find it with fuser on the file `lock` in that directory");
            return false;
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = LOCK_STEP_MS * 1000000L}, NULL);
    }
    return true;
}

void local_unlock(struct local *l)
{
    (void)flock(l->lock, LOCK_UN);
}

/* --- certificates and keys from files --- */
struct pair {
    struct key key;
    struct cert *certs; /* the certificate, then its chain */
    size_t n;
};
#define PAIR_INIT                                                                                  \
    {                                                                                              \
        .key = KEY_INIT                                                                            \
    }

static void pair_release(struct pair *p)
{
    key_release(&p->key);
}

static bool parse_certs(struct arena *a, const char *name, const struct buf *text, struct pair *out,
                        struct err *err)
{
    struct span bytes = {arena_memdup(a, text->p, text->n), text->n};
    return certs_read(a, name, bytes, &out->certs, &out->n, err) &&
           (out->n > 0 || err_set(err, ERR_INPUT, "%s holds no certificate", name));
}

static bool read_supplied(struct local *l, const char *config_dir, const struct local_pair *from,
                          struct pair *out, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(secret_release) struct secret pem = SECRET_INIT;
    CLEANUP(secret_release) struct secret password = SECRET_INIT;
    if (!fs_read(path_join(&l->arena, config_dir, from->certificate), &text, err) ||
        !parse_certs(&l->arena, from->certificate, &text, out, err) ||
        !secret_load(&from->key, config_dir, &pem, err)) {
        return false;
    }
    bool locked = from->key_password.kind != SECRET_NONE;
    if (locked && !secret_load(&from->key_password, config_dir, &password, err)) {
        return false;
    }
    struct span key = {(const uint8_t *)secret_bytes(&pem), pem.n};
    return key_read(key, locked ? &password : NULL, &out->key, err) ||
           err_wrap(err, "the key of %s", from->certificate);
}

static bool read_own(struct local *l, const char *cert, const char *key, struct pair *out,
                     struct err *err)
{
    struct stat st;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(buf_wipe) struct buf pem = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!fs_read_at(l->dirfd, cert, &text, err) || !parse_certs(&l->arena, cert, &text, out, err)) {
        return false;
    }
    if (!key) {
        return true;
    }
    if (fstatat(l->dirfd, key, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & 077)) {
        err_set(err, ERR_ENV, "%s/%s can be read by others (mode %04o)", l->config->directory, key,
                (unsigned)st.st_mode & 07777);
        err_hint(err, "a CA key must have mode 0600; think about who may have copied it");
        return false;
    }
    return fs_read_at(l->dirfd, key, &pem, err) && key_read(buf_span(&pem), NULL, &out->key, err);
}

/* --- making a CA --- */
struct making {
    struct local *l;
    struct fs_group files;
    int64_t now;
    char tag[9]; /* tells one local CA from another in its names */
};

static bool ca_name(struct making *m, const char *what, struct buf *out, struct err *err)
{
    const struct dn_value name[] = {
        {"O", m->l->config->organization},
        {"CN", arena_printf(&m->l->arena, "%s %s", what, m->tag)},
    };
    const struct x509_names names = {.subject = name, .nsubject = NITEMS(name)};
    return x509_put_dn(out, &names, err);
}

/* A key and its certificate, issued by `by` or self-signed, parsed again as a reader sees it. */
static bool make_pair(struct making *m, const struct issue_profile *profile, const char *what,
                      const struct pair *by, int64_t seconds, struct pair *out, struct err *err)
{
    struct local *l = m->l;
    uint8_t serial[LOCAL_SERIAL];
    CLEANUP(buf_release) struct buf name = BUF_INIT(LIMIT_CERT_BYTES);
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CERT_BYTES);
    if (!key_generate((enum key_type)l->config->key, &out->key, err) ||
        !ca_name(m, what, &name, err)) {
        return false;
    }
    random_bytes(serial, sizeof serial);
    serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, always 16 octets */
    int64_t not_after = m->now + seconds - 1;
    if (by && not_after > by->certs[0].not_after) {
        not_after = by->certs[0].not_after;
    }
    const struct issue_parts parts = {.profile = profile,
                                      .serial = {serial, sizeof serial},
                                      .subject = buf_span(&name),
                                      .spki = buf_span(&out->key.spki),
                                      .not_before = m->now,
                                      .not_after = not_after};
    if (!issue_certificate(by ? &by->key : &out->key, by ? &by->certs[0] : NULL, &parts, &der,
                           err)) {
        return false;
    }
    out->certs = arena_alloc(&l->arena, sizeof *out->certs);
    out->n = 1;
    struct span bytes = {arena_memdup(&l->arena, der.p, der.n), der.n};
    return cert_parse(&l->arena, bytes, out->certs, err);
}

static bool add_pair(struct making *m, const char *cert, const char *key, const struct pair *p,
                     struct err *err)
{
    CLEANUP(buf_wipe) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    if (key) {
        key_pem(&p->key, &text);
        if (!fs_group_add(&m->files, m->l->dirfd, key, buf_span(&text), 0600, err)) {
            return false;
        }
        buf_reset(&text);
    }
    for (size_t i = 0; i < p->n; i++) {
        cert_pem(&text, p->certs[i].der);
    }
    return fs_group_add(&m->files, m->l->dirfd, cert, buf_span(&text), 0644, err);
}

static bool make_files(struct making *m, const char *config_dir, struct err *err)
{
    const struct local_config *c = m->l->config;
    CLEANUP(pair_release) struct pair root = PAIR_INIT;
    CLEANUP(pair_release) struct pair issuing = PAIR_INIT;
    bool supplied = c->root != NULL;
    bool have_root =
        supplied ? read_supplied(m->l, config_dir, c->root, &root, err) &&
                       issuer_check(&root.certs[0], &root.key, m->now, 1, err)
                 : make_pair(m, &issue_root, "Local Root CA", NULL, c->root_validity, &root, err);
    return have_root &&
           make_pair(m, &issue_issuing, "Local Issuing CA", &root, c->issuing_validity, &issuing,
                     err) &&
           add_pair(m, "root.pem", supplied ? NULL : "root.key", &root, err) &&
           add_pair(m, "issuing.pem", "issuing.key", &issuing, err) &&
           fs_group_commit(&m->files, err);
}

static bool write_marker(struct local *l, const uint8_t spki[SHA256_SIZE], int64_t now,
                         struct err *err)
{
    struct jw j;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MESSAGE);
    jw_begin(&j, &text, JW_PRETTY);
    jw_object(&j, NULL);
    jw_int(&j, "certbatch_ca", 1);
    jw_time(&j, "created", now);
    jw_str(&j, "issuer_spki_sha256", hex_dup(&l->arena, spki, SHA256_SIZE));
    jw_end(&j);
    return jw_finish(&j, err) && fs_write_atomic_at(l->dirfd, MARKER, buf_span(&text), 0644, err);
}

static bool make_ca(struct local *l, const char *config_dir, struct err *err)
{
    if (fs_exists_at(l->dirfd, INDEX)) {
        err_set(err, ERR_ENV, "%s has an %s but no %s: part of the CA is lost",
                l->config->directory, INDEX, MARKER);
        err_hint(err, "restore the directory from a backup, or name another directory");
        return false;
    }
    uint8_t random[4];
    struct making m = {.l = l, .now = time_now()};
    random_bytes(random, sizeof random);
    hex_encode(random, sizeof random, m.tag);
    fs_group_init(&m.files);
    bool ok = make_files(&m, config_dir, err);
    fs_group_release(&m.files);
    return ok;
}

/* --- loading --- */
static bool load_issuer(struct local *l, const char *config_dir, struct err *err)
{
    const struct local_config *c = l->config;
    CLEANUP(pair_release) struct pair issuing = PAIR_INIT;
    struct pair root = {.n = 0};
    bool ok = c->issuing ? read_supplied(l, config_dir, c->issuing, &issuing, err)
                         : read_own(l, "issuing.pem", "issuing.key", &issuing, err) &&
                               read_own(l, "root.pem", NULL, &root, err);
    if (!ok || !issuer_check(&issuing.certs[0], &issuing.key, time_now(), 0, err)) {
        return false;
    }
    l->key = issuing.key;
    issuing.key = (struct key)KEY_INIT;
    l->issuer = issuing.certs[0];
    l->chain = arena_array(&l->arena, issuing.n + root.n, sizeof *l->chain);
    for (size_t i = 0; i < issuing.n; i++) {
        l->chain[l->nchain++] = issuing.certs[i].der;
    }
    for (size_t i = 0; i < root.n; i++) {
        l->chain[l->nchain++] = root.certs[i].der;
    }
    return true;
}

/* The index of one issuer must not go on under another: its revocation list would be about
 * certificates that the signer never issued. A renewed certificate of the same key is fine. */
static bool check_marker(struct local *l, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!fs_read_at(l->dirfd, MARKER, &text, err)) {
        return false;
    }
    CLEANUP(json_tree_release) json_t *t = json_parse(MARKER, buf_text(&text), text.n, err);
    if (!t) {
        err->code = ERR_ENV;
        return false;
    }
    const char *spki = json_get_str(t, "issuer_spki_sha256");
    if (!str_eq(spki, hex_dup(&l->arena, l->issuer.key.sha256, SHA256_SIZE))) {
        err_set(err, ERR_INPUT, "%s belongs to another issuing key", l->config->directory);
        err_hint(err, "one directory serves one issuer: name another directory");
        return false;
    }
    return true;
}

static bool open_dir(struct local *l, const char *path, struct err *err)
{
    struct stat st;
    if (!fs_make_dirs(path, err) || (l->dirfd = fs_open_dir(path, err)) < 0) {
        return false;
    }
    if (fstat(l->dirfd, &st) != 0 || (st.st_mode & 022)) {
        err_set(err, ERR_ENV, "directory %s can be written by others", path);
        err_hint(err, "chmod 700 it, and check who put what there");
        return false;
    }
    l->lock = openat(l->dirfd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (l->lock < 0) {
        bool failed = err_sys(err, errno, "cannot open the lock in %s", path);
        err->code = ERR_ENV;
        return failed;
    }
    return true;
}

/* The entry of the new directory in its parent must be as durable as what is put into it. */
static bool sync_parent(struct local *l, const char *path, struct err *err)
{
    CLEANUP(closep) int parent = fs_open_dir(path_dir(&l->arena, path), err);
    return parent >= 0 && fs_sync(parent, path, err);
}

static bool open_locked(struct local *l, const char *config_dir, const char *path, struct err *err)
{
    bool made = !fs_exists_at(l->dirfd, MARKER);
    fs_sweep(l->dirfd); /* under the lock every temporary is of a process that was killed */
    if (made && !l->config->issuing && !make_ca(l, config_dir, err)) {
        return false;
    }
    if (!load_issuer(l, config_dir, err)) {
        return false;
    }
    if (made &&
        (!sync_parent(l, path, err) || !write_marker(l, l->issuer.key.sha256, time_now(), err))) {
        return false;
    }
    return check_marker(l, err) && local_index_open(&l->index, l->dirfd, err) &&
           local_index_refresh(&l->index, err);
}

static bool refresh_crl(struct local *l, struct err *err)
{
    int64_t now = time_now();
    l->crl_stale = !local_crl_current(l);
    if (!local_crl_due(l, now)) {
        return true;
    }
    CLEANUP(buf_release) struct buf lines = BUF_INIT(LIMIT_MESSAGE);
    local_crl_plan(l, now, &lines);
    return local_index_append(&l->index, &lines, err) && local_crl_write(l, now, err);
}

const struct cert *local_store_issuer(const struct ca_config *config, const char *config_dir,
                                      struct arena *a)
{
    const struct local_config *c = config->own;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    struct err ignored = ERR_INIT;
    struct pair p = {.n = 0};
    const char *dir = path_join(a, config_dir, c->directory);
    const char *path = c->issuing ? path_join(a, config_dir, c->issuing->certificate)
                                  : path_join(a, dir, "issuing.pem");
    /* without its marker the directory is not a CA yet, and may be made anew */
    const bool made = c->issuing || fs_exists_at(AT_FDCWD, path_join(a, dir, MARKER));
    return made && fs_read(path, &text, &ignored) && parse_certs(a, path, &text, &p, &ignored)
               ? &p.certs[0]
               : NULL;
}

bool local_store_open(struct local *l, const char *config_dir, struct err *err)
{
    const char *path = path_join(&l->arena, config_dir, l->config->directory);
    if (!open_dir(l, path, err) || !local_lock(l, err)) {
        return false;
    }
    bool ok = open_locked(l, config_dir, path, err) && refresh_crl(l, err);
    local_unlock(l);
    return ok;
}
