/* SPDX-License-Identifier: Apache-2.0
 *
 * A secret: password, token or key text. It lives in OpenSSL's secure heap (locked, not dumped)
 * when that could be set up, is wiped on release, and nothing can print it: there is no
 * formatter for the type and its bytes are reached only through secret_bytes(), whose uses the
 * gate tests/lint/secrets.sh lists.
 */
#ifndef FORMATS_BASE_SECRET_H
#define FORMATS_BASE_SECRET_H

#include "formats/base/buf.h"

struct secret {
    uint8_t *p;
    size_t n;
};
#define SECRET_INIT                                                                                \
    {                                                                                              \
        0                                                                                          \
    }

/* Sets up the locked heap; once, before threads. False (errno set) when mlock is refused: the
 * program goes on and the run report says so. */
bool secret_heap_init(void);

/* More than half of it is in use. libcrypto keeps the private numbers of keys there too, and cannot
 * make or read another key when it is full: who holds keys that can be read again lets them go. */
bool secret_heap_crowded(void) MUST_USE;

void secret_set(struct secret *s, const void *p, size_t n);
/* A password of `chars` characters from [A-Za-z0-9] without look-alikes; 22 give 128 bits. */
void secret_random_password(struct secret *s, size_t chars);
bool secret_is_set(const struct secret *s) MUST_USE;
/* NUL terminated; n excludes the NUL. */
const char *secret_bytes(const struct secret *s);
void secret_release(struct secret *s);

#endif
