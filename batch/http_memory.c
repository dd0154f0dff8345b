/* SPDX-License-Identifier: Apache-2.0
 *
 * The memory of libcurl. It copies headers, bodies and passwords of proxies into buffers of its own
 * and frees them as they are; here everything it frees is wiped first.
 */
#include "batch/http_parts.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void wipe_and_free(void *p)
{
    if (p) {
        explicit_bzero(p, malloc_usable_size(p));
        free(p);
    }
}

/* Never in place: realloc() would leave the old copy behind. */
static void *move(void *old, size_t n)
{
    const size_t had = old ? malloc_usable_size(old) : 0;
    void *p = xmalloc(n);
    if (had) {
        memcpy(p, old, had < n ? had : n);
    }
    wipe_and_free(old);
    return p;
}

bool http_memory_init(void)
{
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, xmalloc, wipe_and_free, move, xstrdup,
                                xcalloc) == CURLE_OK;
}
