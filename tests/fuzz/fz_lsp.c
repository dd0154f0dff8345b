/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: a client's octets -> frames -> messages -> documents, judged -> answers.
 *
 * Input that begins with "Content-" goes through the framing as it stands. Other input is one
 * message a line, so that a changed octet does not spoil the lengths; what the server says is
 * thrown away.
 */
#include "cmd/lsp.h"
#include "formats/base/time.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void say(struct lsp *s, struct span message)
{
    if (!s->exit) {
        lsp_feed(s, message);
        lsp_publish_all(s);
    }
}

static void frames(struct lsp *s, const uint8_t *data, size_t size)
{
    struct span message;
    const int fd = memfd_create("client", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0) {
        abort();
    }
    s->wire.in = fd;
    while (!s->exit && lsp_wire_read(&s->wire, &message)) {
        say(s, message);
    }
    (void)close(fd);
}

static void lines(struct lsp *s, const uint8_t *data, size_t size)
{
    while (size) {
        const uint8_t *end = memchr(data, '\n', size);
        const size_t n = end ? (size_t)(end - data) : size;
        say(s, (struct span){data, n});
        data += n + (end != NULL);
        size -= n + (end != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int nowhere = -1;
    if (nowhere < 0) {
        nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
        /* nobody's configuration has a say */
        (void)unsetenv("CERTBATCH_CONFIG");
        (void)setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
        (void)setenv("HOME", "/nonexistent", 1);
    }
    struct term t;
    struct options o;
    options_init(&o);
    term_init(&t, 0, true);
    o.jobs = 1;
    o.as_of = 1795219200; /* 2026-11-21: the same day for ever */
    struct lsp s = {.o = &o, .t = &t, .docs = {.utf16 = true}, .memory = judge_memory_new()};
    lsp_wire_init(&s.wire, -1, nowhere);
    if (size >= 8 && memcmp(data, "Content-", 8) == 0) {
        frames(&s, data, size);
    } else {
        lines(&s, data, size);
    }
    lsp_docs_release(&s.docs);
    lsp_wire_release(&s.wire);
    judge_memory_free(s.memory);
    options_release(&o);
    return 0;
}
