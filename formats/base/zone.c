/* SPDX-License-Identifier: Apache-2.0
 *
 * See zone.h.
 */
#include "formats/base/zone.h"

#include "formats/base/fs.h"
#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

/* The header of TZif: magic, version, 15 spare octets, six counts. */
enum { HEAD = 44, ZONE_FILE_MAX = 1 << 20, HOUR = 3600 };

struct counts {
    size_t isut, isstd, leap, time, type, chars;
};

static uint32_t load32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t load64(const uint8_t *p)
{
    return (int64_t)((uint64_t)load32(p) << 32 | load32(p + 4));
}

/* The size of the block that follows the header, its times being `width` octets; 0: not TZif. */
static size_t block_size(struct span s, size_t width, struct counts *c)
{
    if (s.n < HEAD || memcmp(s.p, "TZif", 4) != 0) {
        return 0;
    }
    size_t *const counts[] = {&c->isut, &c->isstd, &c->leap, &c->time, &c->type, &c->chars};
    for (size_t i = 0; i < NITEMS(counts); i++) {
        *counts[i] = load32(s.p + 20 + 4 * i);
        if (*counts[i] > 65536) {
            return 0;
        }
    }
    const size_t n = HEAD + c->time * (width + 1) + c->type * 6 + c->chars + c->leap * (width + 4) +
                     c->isstd + c->isut;
    return c->type && n <= s.n ? n : 0;
}

static bool read_changes(struct zone *z, const uint8_t *p, const struct counts *c)
{
    const uint8_t *index = p + c->time * 8;
    const uint8_t *types = index + c->time;
    z->v = xcalloc(c->time + 1, sizeof *z->v);
    z->v[0] = (struct zone_change){INT64_MIN, (int32_t)load32(types)};
    z->n = 1;
    for (size_t i = 0; i < c->time; i++) {
        if (index[i] >= c->type) {
            return false;
        }
        z->v[z->n++] =
            (struct zone_change){load64(p + i * 8), (int32_t)load32(types + index[i] * 6u)};
        if (z->v[z->n - 1].at <= z->v[z->n - 2].at) {
            return false;
        }
    }
    return true;
}

/* Version 2 and later: a block of 32-bit times, to be passed over, then the same with 64 bits, then
 * the rule for what comes after between two line feeds. */
static bool read_tzif(struct zone *z, struct span s)
{
    struct counts c;
    const size_t first = block_size(s, 4, &c);
    if (!first || s.p[4] < '2') {
        return false;
    }
    const struct span rest = {s.p + first, s.n - first};
    const size_t second = block_size(rest, 8, &c);
    if (!second || !read_changes(z, rest.p + HEAD, &c)) {
        return false;
    }
    const struct span rule = {rest.p + second, rest.n - second};
    z->goes_on = rule.n && memchr(rule.p, ',', rule.n) != NULL;
    return true;
}

static bool read_offset(struct zone *z, const char *s)
{
    const bool two = strlen(s) == 6 && s[3] == ':' && strspn(s + 1, "0123456789") == 2 &&
                     strspn(s + 4, "0123456789") == 2;
    if (!two || (*s != '+' && *s != '-')) {
        return false;
    }
    const int64_t hours = (s[1] - '0') * 10 + s[2] - '0';
    const int64_t minutes = (s[4] - '0') * 10 + s[5] - '0';
    if (hours > 14 || minutes > 59) {
        return false;
    }
    z->v = xcalloc(1, sizeof *z->v);
    z->v[0] = (struct zone_change){INT64_MIN, (*s == '-' ? -1 : 1) * (hours * HOUR + minutes * 60)};
    z->n = 1;
    return true;
}

static bool safe_name(const char *s)
{
    for (const char *p = s; *p; p++) {
        const char c = ascii_lower(*p);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("_+-/", *p);
        if (!plain) {
            return false;
        }
    }
    return *s && *s != '/' && strlen(s) < 64;
}

bool zone_open(struct zone *z, const char *name, struct err *err)
{
    CLEANUP(buf_release) struct buf file = BUF_INIT(ZONE_FILE_MAX);
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err unreadable = ERR_INIT;
    *z = (struct zone){0};
    if (str_eq(name, "UTC") || str_eq(name, "Z") || read_offset(z, name)) {
        z->v = z->v ? z->v : xcalloc(1, sizeof *z->v);
        z->v[0].at = INT64_MIN;
        z->n = 1;
        return true;
    }
    if (safe_name(name) &&
        fs_read(path_join(&a, "/usr/share/zoneinfo", name), &file, &unreadable) &&
        read_tzif(z, buf_span(&file))) {
        return true;
    }
    zone_release(z);
    err_set(err, ERR_INPUT, "there is no time zone %s", str_vis_dup(&a, name, strlen(name)));
    err_hint(err, "a zone is UTC, an offset like +02:00, or a name like Europe/Berlin");
    return false;
}

void zone_release(struct zone *z)
{
    free(z->v);
    *z = (struct zone){0};
}

bool zone_to_utc(const struct zone *z, int64_t local, int64_t *utc, const char **why)
{
    size_t found = 0;
    for (size_t i = 0; i < z->n; i++) {
        const int64_t t = local - z->v[i].offset;
        const bool after = t >= z->v[i].at;
        const bool before = i + 1 == z->n || t < z->v[i + 1].at;
        if (after && before && !found++) {
            *utc = t;
        }
    }
    const bool last = z->n > 1 && local - z->v[z->n - 1].offset >= z->v[z->n - 1].at;
    *why = found == 0  ? "this local time does not exist: the clock goes forward"
           : found > 1 ? "this local time exists twice: the clock goes back"
           : last && z->goes_on
               ? "this time is beyond the changes of the clock that the time zone's file lists"
               : NULL;
    return !*why;
}
