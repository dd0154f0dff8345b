/* SPDX-License-Identifier: Apache-2.0
 *
 * See secret_scan.h. Ten thousand passwords over a hundred megabytes: every position's next eight
 * octets are looked up in a bit map, and only a hit there costs a comparison.
 */
#include "batch/secret_scan.h"

#include "formats/base/csv.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAP_BITS = 20, CHUNK = 256 * 1024, FILE_MAX = 64 * 1024 * 1024, COLUMN_PASSWORD = 3 };
static const char key_mark[] = "PRIVATE KEY-----";
static const char encrypted_mark[] = "ENCRYPTED ";

struct pattern {
    uint64_t head; /* the first eight octets */
    size_t at, n;  /* in text */
};
struct secret_scan {
    struct buf text; /* the passwords, one after the other */
    struct pattern *v;
    size_t n, cap;
    size_t longest;
    uint8_t map[1u << (MAP_BITS - 3)];
};
_Static_assert(SECRET_SCAN_MIN == sizeof(uint64_t), "a pattern has a whole head");

static uint64_t head_of(const void *p)
{
    uint64_t head;
    memcpy(&head, p, sizeof head);
    return head;
}

static size_t slot_of(uint64_t head)
{
    return (size_t)((head * 0x9E3779B97F4A7C15u) >> (64 - MAP_BITS));
}

static int by_head(const void *pa, const void *pb)
{
    uint64_t a = ((const struct pattern *)pa)->head;
    uint64_t b = ((const struct pattern *)pb)->head;
    return (a > b) - (a < b);
}

static void add_password(struct secret_scan *s, const char *password)
{
    size_t n = strlen(password);
    if (n < SECRET_SCAN_MIN) {
        return;
    }
    struct pattern p = {head_of(password), s->text.n, n};
    buf_add(&s->text, password, n);
    VEC_PUSH(s, p);
    size_t slot = slot_of(p.head);
    s->map[slot / 8] |= (uint8_t)(1u << (slot % 8));
    s->longest = n > s->longest ? n : s->longest;
}

static bool add_passwords(struct secret_scan *s, const char *csv, struct err *err)
{
    CLEANUP(buf_wipe) struct buf cells = BUF_INIT(FILE_MAX);
    const char *p = csv;
    (void)csv_row(&p, &cells); /* the header */
    for (int n; (n = csv_row(&p, &cells)) != 0;) {
        if (n != COLUMN_PASSWORD + 1) {
            return err_set(err, ERR_ENV, "passwords.csv is not item,output,alias,password");
        }
        add_password(s, csv_at(&cells, COLUMN_PASSWORD));
    }
    if (s->n > 1) {
        qsort(s->v, s->n, sizeof *s->v, by_head);
    }
    return true;
}

struct secret_scan *secret_scan_from(const char *csv, struct err *err)
{
    struct secret_scan *s = xcalloc(1, sizeof *s);
    s->text = (struct buf)BUF_INIT(FILE_MAX);
    s->longest = sizeof key_mark + sizeof encrypted_mark;
    if (!add_passwords(s, csv, err)) {
        secret_scan_close(s);
        return NULL;
    }
    return s;
}

struct secret_scan *secret_scan_open(int dirfd, struct err *err)
{
    CLEANUP(buf_wipe) struct buf text = BUF_INIT(FILE_MAX);
    if (fs_exists_at(dirfd, "passwords.csv") && !fs_read_at(dirfd, "passwords.csv", &text, err)) {
        return NULL;
    }
    return secret_scan_from(buf_text(&text), err);
}

void secret_scan_close(struct secret_scan *s)
{
    if (s) {
        buf_wipe(&s->text);
        free(s->v);
        free(s);
    }
}

static bool is_password(const struct secret_scan *s, const uint8_t *p, size_t left)
{
    uint64_t head = head_of(p);
    size_t low = 0;
    size_t high = s->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->v[mid].head < head) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    for (; low < s->n && s->v[low].head == head; low++) {
        if (s->v[low].n <= left && memcmp(p, s->text.p + s->v[low].at, s->v[low].n) == 0) {
            return true;
        }
    }
    return false;
}

static bool holds_password(const struct secret_scan *s, struct span b)
{
    for (size_t i = 0; s->n && i + SECRET_SCAN_MIN <= b.n; i++) {
        size_t slot = slot_of(head_of(b.p + i));
        if ((s->map[slot / 8] & (1u << (slot % 8))) && is_password(s, b.p + i, b.n - i)) {
            return true;
        }
    }
    return false;
}

static bool holds_key(struct span b, bool encrypted_keys)
{
    const size_t mark = sizeof key_mark - 1;
    const size_t before = sizeof encrypted_mark - 1;
    const uint8_t *end = b.p + b.n;
    const uint8_t *p = b.p;
    while (b.n && (p = memmem(p, (size_t)(end - p), key_mark, mark)) != NULL) {
        bool encrypted =
            (size_t)(p - b.p) >= before && memcmp(p - before, encrypted_mark, before) == 0;
        if (!encrypted || !encrypted_keys) {
            return true;
        }
        p += mark;
    }
    return false;
}

bool secret_scan_bytes(const struct secret_scan *s, const char *what, struct span bytes,
                       bool encrypted_keys, struct err *err)
{
    const char *found = holds_key(bytes, encrypted_keys) ? "a private key"
                        : holds_password(s, bytes)       ? "a password of passwords.csv"
                                                         : NULL;
    if (!found) {
        return true;
    }
    err_set(err, ERR_INTERNAL, "%s holds %s: the bundle was not made", what, found);
    err_hint(err, "take the secret out of the manifest or policy and run again");
    return false;
}

static ssize_t read_at(int fd, void *p, size_t n, uint64_t at)
{
    ssize_t got;
    do {
        got = pread(fd, p, n, (off_t)at);
    } while (got < 0 && errno == EINTR);
    return got;
}

bool secret_scan_fd(const struct secret_scan *s, const char *what, int fd, uint64_t size,
                    struct err *err)
{
    CLEANUP(buf_wipe) struct buf window = BUF_INIT(CHUNK + 2 * LIMIT_SECRET);
    CLEANUP(freep) char *chunk = xmalloc(CHUNK);
    for (uint64_t at = 0; at < size;) {
        size_t want = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
        ssize_t got = read_at(fd, chunk, want, at);
        if (got <= 0) {
            return err_sys(err, got < 0 ? errno : EIO, "cannot read %s", what);
        }
        buf_add(&window, chunk, (size_t)got);
        if (!secret_scan_bytes(s, what, buf_span(&window), false, err)) {
            return false;
        }
        /* what could be the beginning of a secret goes along into the next window */
        size_t keep = window.n < s->longest ? window.n : s->longest;
        memmove(window.p, window.p + window.n - keep, keep);
        window.n = keep;
        at += (uint64_t)got;
    }
    return lseek(fd, 0, SEEK_SET) == 0 || err_sys(err, errno, "cannot read %s", what);
}
