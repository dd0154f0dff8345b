/* SPDX-License-Identifier: Apache-2.0
 *
 * index.jsonl: what the embedded CA has issued and revoked, one JSON record a line, the truth of
 * that CA. Append-only; a line counts when it is synced; nobody gets a reply before. Each line
 * ends with the SHA-256 of its own beginning. What a killed process left behind the last good
 * line is cut off under the lock; a bad line with good ones after it is damage, and refused.
 *
 * In memory a certificate costs one struct local_record (112 bytes) and three slots of one hash
 * table; its bytes stay in the file. All functions want the CA's lock or a single thread.
 */
#include "batch/ca/local.h"

#include "formats/base/fs.h"
#include "formats/base/json_in.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4 * LIMIT_CERT_BYTES, CHUNK = 1 << 20 };

/* --- lookups --- */
enum key_kind { BY_SERIAL, BY_SPKI, BY_CLIENT, KEY_KINDS };
static const struct {
    size_t offset, size;
} keys[KEY_KINDS] = {
    [BY_SERIAL] = {offsetof(struct local_record, serial), LOCAL_SERIAL},
    [BY_SPKI] = {offsetof(struct local_record, spki), SHA256_SIZE},
    [BY_CLIENT] = {offsetof(struct local_record, client), 16},
};

static const uint8_t *key_of(const struct local_record *r, enum key_kind kind)
{
    return (const uint8_t *)r + keys[kind].offset;
}

/* Serials are random and the others are digests: their first octets are a hash already. */
static size_t home(const struct local_index *x, enum key_kind kind, const uint8_t *key)
{
    uint64_t h;
    memcpy(&h, key, sizeof h);
    return (size_t)((h ^ ((uint64_t)kind * 0x9e3779b97f4a7c15u)) & (x->nslots - 1));
}

/* A slot holds record * KEY_KINDS + kind + 1; 0 is empty. */
static void insert(struct local_index *x, uint32_t record, enum key_kind kind)
{
    const uint8_t *key = key_of(&x->v[record], kind);
    size_t i = home(x, kind, key);
    while (x->slots[i]) {
        i = (i + 1) & (x->nslots - 1);
    }
    x->slots[i] = record * KEY_KINDS + (uint32_t)kind + 1;
}

static bool has_client(const struct local_record *r)
{
    static const uint8_t none[sizeof r->client];
    return memcmp(r->client, none, sizeof none) != 0;
}

static void insert_all(struct local_index *x, uint32_t record)
{
    insert(x, record, BY_SERIAL);
    insert(x, record, BY_SPKI);
    if (has_client(&x->v[record])) {
        insert(x, record, BY_CLIENT);
    }
}

static void grow(struct local_index *x)
{
    if ((x->n + 1) * KEY_KINDS * 2 <= x->nslots) {
        return;
    }
    free(x->slots);
    x->nslots = x->nslots ? x->nslots * 2 : 1024;
    while ((x->n + 1) * KEY_KINDS * 2 > x->nslots) {
        x->nslots *= 2;
    }
    x->slots = xcalloc(x->nslots, sizeof *x->slots);
    for (size_t i = 0; i < x->n; i++) {
        insert_all(x, (uint32_t)i);
    }
}

/* The next record whose key is equal, from probe *at on. */
static struct local_record *probe(const struct local_index *x, enum key_kind kind,
                                  const uint8_t *key, size_t *at)
{
    if (!x->nslots) {
        return NULL;
    }
    for (size_t start = home(x, kind, key);; (*at)++) {
        uint32_t slot = x->slots[(start + *at) & (x->nslots - 1)];
        if (!slot) {
            return NULL;
        }
        struct local_record *r = &x->v[(slot - 1) / KEY_KINDS];
        if ((slot - 1) % KEY_KINDS == (uint32_t)kind &&
            memcmp(key_of(r, kind), key, keys[kind].size) == 0) {
            (*at)++;
            return r;
        }
    }
}

static void client_hash(const char *client_key, uint8_t out[16])
{
    uint8_t full[SHA256_SIZE] = {0};
    if (client_key) {
        sha256(client_key, strlen(client_key), full);
    }
    memcpy(out, full, 16);
}

struct local_record *local_by_serial(const struct local_index *x,
                                     const uint8_t serial[LOCAL_SERIAL])
{
    size_t at = 0;
    return probe(x, BY_SERIAL, serial, &at);
}

struct local_record *local_by_client(const struct local_index *x, const char *client_key)
{
    size_t at = 0;
    uint8_t hash[16];
    client_hash(client_key, hash);
    return client_key ? probe(x, BY_CLIENT, hash, &at) : NULL;
}

struct local_record *local_next_by_spki(const struct local_index *x,
                                        const uint8_t spki[SHA256_SIZE], size_t *at)
{
    return probe(x, BY_SPKI, spki, at);
}

/* --- writing lines --- */
static void begin_line(struct jw *j, struct buf *out, const char *ev, int64_t t)
{
    jw_begin(j, out, JW_COMPACT);
    jw_object(j, NULL);
    jw_int(j, "v", 1);
    jw_str(j, "ev", ev);
    jw_int(j, "t", t);
}

static void end_line(struct jw *j, struct buf *out, size_t start)
{
    char sum[SHA256_HEX];
    struct err err = ERR_INIT;
    jw_end(j);
    if (!jw_finish(j, &err) || buf_failed(out)) {
        out->failed = true; /* seen by local_index_append() */
        return;
    }
    out->n--; /* the closing brace comes after the sum */
    sha256_hex(out->p + start, out->n - start, sum);
    buf_printf(out, ",\"sum\":\"%s\"}\n", sum);
}

static void put_hex(struct jw *j, const char *key, const uint8_t *p, size_t n)
{
    char text[2 * SHA256_SIZE + 1];
    hex_encode(p, n, text);
    jw_str(j, key, text);
}

/* Base64 needs no escaping, so it need not be looked at character by character. */
void local_put_cert(struct jw *j, struct span der)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LINE_MAX_BYTES);
    buf_putc(&text, '"');
    base64_encode(&text, der.p, der.n, 0);
    buf_putc(&text, '"');
    jw_raw(j, "cert", buf_text(&text));
}

void local_put_issue(struct buf *out, const struct local_line *line)
{
    struct jw j;
    uint8_t client[16];
    size_t start = out->n;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LINE_MAX_BYTES);
    client_hash(line->client_key, client);
    begin_line(&j, out, "issue", line->issued);
    put_hex(&j, "serial", line->serial, LOCAL_SERIAL);
    put_hex(&j, "spki", line->spki, SHA256_SIZE);
    put_hex(&j, "client", client, sizeof client);
    jw_str(&j, "item", line->item);
    jw_str(&j, "product", line->product);
    jw_str(&j, "common_name", line->common_name);
    jw_array(&j, "san");
    for (size_t i = 0; i < line->nsan; i++) {
        buf_reset(&text);
        buf_printf(&text, "%s:%s", gn_type_names[line->san[i].type], line->san[i].text);
        jw_str(&j, NULL, buf_text(&text));
    }
    jw_end(&j);
    jw_int(&j, "not_before", line->not_before);
    jw_int(&j, "not_after", line->not_after);
    local_put_cert(&j, line->cert);
    end_line(&j, out, start);
}

void local_put_revoke(struct buf *out, const uint8_t serial[LOCAL_SERIAL], int reason, int64_t when,
                      int64_t invalidity)
{
    struct jw j;
    size_t start = out->n;
    begin_line(&j, out, "revoke", when);
    put_hex(&j, "serial", serial, LOCAL_SERIAL);
    jw_int(&j, "reason", reason);
    if (invalidity != TIME_NONE) {
        jw_int(&j, "invalidity", invalidity);
    }
    end_line(&j, out, start);
}

void local_put_crl(struct buf *out, uint64_t number, int64_t this_update, int64_t next_update)
{
    struct jw j;
    size_t start = out->n;
    begin_line(&j, out, "crl", this_update);
    jw_int(&j, "number", (int64_t)number);
    jw_int(&j, "next_update", next_update);
    end_line(&j, out, start);
}

/* --- reading lines --- */
static bool sum_fits(const char *line, size_t n)
{
    static const char mark[] = ",\"sum\":\"";
    const size_t tail = sizeof mark - 1 + SHA256_HEX - 1 + 2; /* mark, digest, "} */
    char sum[SHA256_HEX];
    if (n <= tail || memcmp(line + n - tail, mark, sizeof mark - 1) != 0) {
        return false;
    }
    sha256_hex(line, n - tail, sum);
    return memcmp(line + n - 2 - (SHA256_HEX - 1), sum, SHA256_HEX - 1) == 0 &&
           memcmp(line + n - 2, "\"}", 2) == 0;
}

static bool get_hex(const json_t *t, const char *key, uint8_t *out, size_t n)
{
    const char *text = json_get_str(t, key);
    return text && strlen(text) == 2 * n && hex_decode(text, 2 * n, out);
}

static bool take_issue(struct local_index *x, const json_t *t, uint64_t offset, size_t length)
{
    struct local_record r = {.offset = offset,
                             .length = (uint32_t)length,
                             .reason = REASON_NONE,
                             .issued = json_get_int(t, "t", 0),
                             .not_after = json_get_int(t, "not_after", 0),
                             .revoked = TIME_NONE,
                             .invalidity = TIME_NONE};
    if (!get_hex(t, "serial", r.serial, sizeof r.serial) ||
        !get_hex(t, "spki", r.spki, sizeof r.spki) ||
        !get_hex(t, "client", r.client, sizeof r.client) || local_by_serial(x, r.serial)) {
        return false;
    }
    grow(x);
    vec_reserve((void **)&x->v, &x->cap, x->n + 1, sizeof *x->v);
    x->v[x->n++] = r;
    insert_all(x, (uint32_t)(x->n - 1));
    return true;
}

static bool take_revoke(struct local_index *x, const json_t *t)
{
    uint8_t serial[LOCAL_SERIAL];
    struct local_record *r =
        get_hex(t, "serial", serial, sizeof serial) ? local_by_serial(x, serial) : NULL;
    if (!r) {
        return false;
    }
    x->revocations += r->revoked == TIME_NONE;
    r->reason = (int16_t)json_get_int(t, "reason", REASON_UNSPECIFIED);
    r->revoked = json_get_int(t, "t", 0);
    r->invalidity = json_get_int(t, "invalidity", TIME_NONE);
    return true;
}

static bool take_crl(struct local_index *x, const json_t *t)
{
    x->crl_number = (uint64_t)json_get_int(t, "number", 0);
    x->crl_next = json_get_int(t, "next_update", 0);
    return true;
}

static bool take_line(struct local_index *x, const char *line, size_t n, uint64_t offset)
{
    struct err ignored = ERR_INIT;
    CLEANUP(json_tree_release)
    json_t *t = sum_fits(line, n) ? json_parse("index", line, n, &ignored) : NULL;
    const char *ev = t ? json_get_str(t, "ev") : NULL;
    if (str_eq(ev, "issue")) {
        return take_issue(x, t, offset, n);
    }
    return str_eq(ev, "revoke") ? take_revoke(x, t) : str_eq(ev, "crl") && take_crl(x, t);
}

struct scan {
    uint64_t good; /* end of the last good line */
    bool bad;      /* a bad line was seen after it */
};

/* Takes in the complete lines of a chunk that begins at `offset`; how many bytes they are. */
static bool take_chunk(struct local_index *x, struct scan *s, const struct buf *b, uint64_t offset,
                       size_t *used, struct err *err)
{
    *used = 0;
    for (;;) {
        const char *line = b->p + *used;
        const char *end = b->n > *used ? memchr(line, '\n', b->n - *used) : NULL;
        if (!end) {
            return true;
        }
        size_t n = (size_t)(end - line);
        if (!take_line(x, line, n, offset + *used)) {
            s->bad = true;
        } else if (s->bad) {
            err_set(err, ERR_ENV, "index.jsonl of the local CA is damaged after byte %llu",
                    (unsigned long long)s->good);
            err_hint(err, "restore the CA directory from a backup");
            return false;
        } else {
            s->good = offset + *used + n + 1;
        }
        *used += n + 1;
    }
}

static bool read_lines(struct local_index *x, struct scan *s, uint64_t *size, struct err *err)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LINE_MAX_BYTES + CHUNK);
    uint64_t offset = x->size;
    char *chunk = xmalloc(CHUNK);
    CLEANUP(freep) void *owner = chunk;
    for (;;) {
        ssize_t n = pread(x->fd, chunk, CHUNK, (off_t)(offset + b.n));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return err_sys(err, errno, "cannot read the index of the local CA");
        }
        if (n == 0) {
            *size = offset + b.n;
            return true;
        }
        size_t used = 0;
        buf_add(&b, chunk, (size_t)n);
        if (buf_failed(&b)) {
            return err_set(err, ERR_ENV, "index.jsonl of the local CA has a line without an end");
        }
        if (!take_chunk(x, s, &b, offset, &used, err)) {
            return false;
        }
        memmove(b.p, b.p + used, b.n - used);
        b.n -= used;
        offset += used;
    }
}

bool local_index_refresh(struct local_index *x, struct err *err)
{
    struct stat st;
    if (fstat(x->fd, &st) == 0 && (uint64_t)st.st_size == x->size) {
        return true;
    }
    struct scan s = {.good = x->size};
    uint64_t size = 0;
    if (!read_lines(x, &s, &size, err)) {
        x->broken = true;
        return false;
    }
    if (s.good < size && ftruncate(x->fd, (off_t)s.good) != 0) {
        x->broken = true;
        return err_sys(err, errno, "cannot cut the torn end off the index of the local CA");
    }
    x->size = s.good;
    return true;
}

/* --- life --- */
bool local_index_open(struct local_index *x, int dirfd, struct err *err)
{
    bool fresh = !fs_exists_at(dirfd, "index.jsonl");
    x->fd =
        openat(dirfd, "index.jsonl", O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (x->fd < 0) {
        bool failed = err_sys(err, errno, "cannot open index.jsonl of the local CA");
        err->code = ERR_ENV;
        return failed;
    }
    return !fresh || fs_sync(dirfd, "the CA directory", err);
}

void local_index_close(struct local_index *x)
{
    closep(&x->fd);
    free(x->v);
    free(x->slots);
    *x = (struct local_index){.fd = -1};
}

/* Read back on purpose: what is answered is what the file says. */
bool local_index_append(struct local_index *x, const struct buf *lines, struct err *err)
{
    if (x->broken) {
        return err_set(err, ERR_ENV, "the index of the local CA could not be written before");
    }
    if (buf_failed(lines)) {
        return err_set(err, ERR_INTERNAL, "a group of records is too large for the index");
    }
    if (!lines->n) {
        return true;
    }
    if (!fs_write_all(x->fd, lines->p, lines->n, err) ||
        !fs_datasync(x->fd, "the index of the local CA", err)) {
        x->broken = true; /* what is on disk now is for the next process to find out */
        return false;
    }
    uint64_t expected = x->size + lines->n;
    if (!local_index_refresh(x, err)) {
        return false;
    }
    x->broken = x->size != expected;
    return !x->broken || err_set(err, ERR_ENV, "the index of the local CA reads back differently");
}

json_t *local_read_record(const struct local_index *x, const struct local_record *r,
                          struct err *err)
{
    CLEANUP(freep) char *line = xmalloc(r->length);
    size_t have = 0;
    while (have < r->length) {
        ssize_t n = pread(x->fd, line + have, r->length - have, (off_t)(r->offset + have));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            err_sys(err, n < 0 ? errno : EIO, "cannot read the index of the local CA");
            return NULL;
        }
        have += (size_t)n;
    }
    return json_parse("index", line, r->length, err);
}

bool local_read_cert(const struct local_index *x, const struct local_record *r, struct buf *out,
                     struct err *err)
{
    CLEANUP(json_tree_release) json_t *t = local_read_record(x, r, err);
    const char *cert = t ? json_get_str(t, "cert") : NULL;
    return t && ((cert && base64_decode(out, cert, strlen(cert))) ||
                 err_set(err, ERR_ENV, "a record of the local CA does not decode"));
}
