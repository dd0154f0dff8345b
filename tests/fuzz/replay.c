/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a fuzz target over files, without a fuzzing engine: every file and every prefix-cut and
 * byte-flip of it that a fixed sequence picks. `make check` replays the corpora this way.
 */
#include "formats/base/buf.h"
#include "formats/base/fs.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* xorshift: the same sequence on every machine */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void mutate(struct span input, uint32_t *state)
{
    uint8_t *copy = xmalloc(input.n);
    for (int round = 0; round < 16 && input.n; round++) {
        memcpy(copy, input.p, input.n);
        size_t n = round % 4 == 3 ? next_random(state) % input.n : input.n;
        for (int flips = 0; flips < 1 + round % 3 && n; flips++) {
            copy[next_random(state) % n] = (uint8_t)next_random(state);
        }
        (void)LLVMFuzzerTestOneInput(copy, n);
    }
    freep(&copy);
}

int main(int argc, char **argv)
{
    uint32_t state = 0x5EED;
    for (int i = 1; i < argc; i++) {
        CLEANUP(buf_release) struct buf b = BUF_INIT(8u << 20);
        struct err err = ERR_INIT;
        if (!fs_read(argv[i], &b, &err)) {
            (void)fprintf(stderr, "%s\n", err.msg);
            return 1;
        }
        (void)LLVMFuzzerTestOneInput((const uint8_t *)b.p, b.n);
        mutate(buf_span(&b), &state);
    }
    (void)printf("%d files replayed\n", argc - 1);
    return argc > 1 ? 0 : 1;
}
