/* SPDX-License-Identifier: Apache-2.0
 *
 * The last look before bytes leave in a bundle: is a private key or one of the generated
 * passwords in them? Invariant I5. A hit stops the bundle.
 *
 * Passwords shorter than SECRET_SCAN_MIN are not looked for: they would be found by chance in any
 * base64 text. Those that certbatch generates have 22 characters.
 */
#ifndef BATCH_SECRET_SCAN_H
#define BATCH_SECRET_SCAN_H

#include "formats/base/buf.h"
#include "formats/base/err.h"

enum { SECRET_SCAN_MIN = 8 };

struct secret_scan;
/* Reads passwords.csv under dirfd; without one only keys are looked for. */
struct secret_scan *secret_scan_open(int dirfd, struct err *err) MUST_USE;
/* The same from the text of a passwords.csv. */
struct secret_scan *secret_scan_from(const char *csv, struct err *err) MUST_USE;
/* encrypted_keys: PEM blocks "ENCRYPTED PRIVATE KEY" are fine. `what` is for the message. */
bool secret_scan_bytes(const struct secret_scan *s, const char *what, struct span bytes,
                       bool encrypted_keys, struct err *err) MUST_USE;
/* The first `size` bytes of a file, from its start; leaves it positioned there. */
bool secret_scan_fd(const struct secret_scan *s, const char *what, int fd, uint64_t size,
                    struct err *err) MUST_USE;
void secret_scan_close(struct secret_scan *s);

#endif
