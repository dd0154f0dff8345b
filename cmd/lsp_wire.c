/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames of the base protocol: header lines, an empty line, as many octets as Content-Length says.
 * See lsp.h.
 */
#include "cmd/lsp.h"

#include "formats/base/fs.h"
#include "formats/base/str.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { HEADER_MAX = 4096, READ_STEP = 64 << 10 };

void lsp_wire_init(struct lsp_wire *w, int in, int out)
{
    *w = (struct lsp_wire){.in = in, .out = out, .pending = BUF_INIT(LSP_MESSAGE_MAX + HEADER_MAX)};
}

void lsp_wire_release(struct lsp_wire *w)
{
    buf_release(&w->pending);
}

/* What was taken makes room for what comes. */
static void compact(struct lsp_wire *w)
{
    if (w->taken) {
        memmove(w->pending.p, w->pending.p + w->taken, w->pending.n - w->taken);
        w->pending.n -= w->taken;
        w->taken = 0;
    }
}

static bool read_more(struct lsp_wire *w)
{
    char *room = buf_room(&w->pending, READ_STEP);
    ssize_t got;
    do {
        got = room ? read(w->in, room, READ_STEP) : -1;
    } while (room && got < 0 && errno == EINTR);
    w->failed |= got < 0;
    w->ended |= got == 0;
    if (got > 0) {
        buf_grew(&w->pending, (size_t)got);
    }
    return got > 0;
}

/* Value of Content-Length among the header lines; false when it is missing or odd. */
static bool content_length(const char *p, size_t n, size_t *length)
{
    static const char name[] = "Content-Length:";
    const char *end = p + n;
    while (p < end) {
        const char *eol = memmem(p, (size_t)(end - p), "\r\n", 2);
        const size_t line = eol ? (size_t)(eol - p) : (size_t)(end - p);
        if (line > sizeof name - 1 && strncasecmp(p, name, sizeof name - 1) == 0) {
            char digits[24];
            const char *v = p + sizeof name - 1;
            size_t m = line - (sizeof name - 1);
            for (; m && *v == ' '; v++, m--) {
            }
            uint64_t value;
            if (m == 0 || m >= sizeof digits) {
                return false;
            }
            memcpy(digits, v, m);
            digits[m] = '\0';
            if (!str_u64(digits, &value) || value > LSP_MESSAGE_MAX) {
                return false;
            }
            *length = (size_t)value;
            return true;
        }
        p += line + 2;
    }
    return false;
}

/* 1: a message; 0: more octets are needed; -1: broken. */
static int take(struct lsp_wire *w, struct span *message)
{
    const char *p = buf_text(&w->pending) + w->taken; /* nothing was read: still a place */
    const size_t n = w->pending.n - w->taken;
    const char *blank = n ? memmem(p, n < HEADER_MAX ? n : HEADER_MAX, "\r\n\r\n", 4) : NULL;
    size_t length = 0;
    if (!blank) {
        return n >= HEADER_MAX ? -1 : 0;
    }
    const size_t header = (size_t)(blank - p) + 4;
    if (!content_length(p, header - 4, &length)) {
        return -1;
    }
    if (n - header < length) {
        return 0;
    }
    *message = (struct span){(const uint8_t *)p + header, length};
    w->taken += header + length;
    return 1;
}

bool lsp_wire_read(struct lsp_wire *w, struct span *message)
{
    while (!w->failed) {
        const int found = take(w, message);
        if (found) {
            w->failed = found < 0;
            return found > 0;
        }
        compact(w);
        if (w->ended || !read_more(w)) {
            return false;
        }
    }
    return false;
}

bool lsp_wire_waiting(struct lsp_wire *w)
{
    struct pollfd fd = {.fd = w->in, .events = POLLIN};
    return w->pending.n > w->taken || (!w->ended && poll(&fd, 1, 0) > 0 && fd.revents & POLLIN);
}

bool lsp_wire_write(struct lsp_wire *w, struct span message)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LSP_MESSAGE_MAX * 2);
    struct err err = ERR_INIT;
    buf_printf(&b, "Content-Length: %zu\r\n\r\n", message.n);
    buf_add(&b, message.p, message.n);
    return !buf_failed(&b) && fs_write_all(w->out, b.p, b.n, &err);
}
