/* SPDX-License-Identifier: Apache-2.0
 *
 * CRC-32 of gzip (RFC 1952 section 8): finds accidents, proves nothing. Each user owns its tables,
 * so there is no shared state.
 */
#ifndef FORMATS_BASE_CRC32_H
#define FORMATS_BASE_CRC32_H

#include "formats/base/buf.h"

struct crc32 {
    uint32_t value;
    uint32_t table[4][256];
};
void crc32_begin(struct crc32 *c);
void crc32_add(struct crc32 *c, struct span bytes);

#endif
