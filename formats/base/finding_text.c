/* SPDX-License-Identifier: Apache-2.0
 *
 * What is said of a finding wherever it is shown, and what it is known by; see finding.h.
 */
#include "formats/base/finding.h"
#include "formats/base/sha.h"
#include "formats/base/str.h"

#include <string.h>

void finding_message(struct buf *out, const struct finding *f)
{
    buf_puts(out, f->message);
    if (f->value && !strstr(f->message, f->value)) {
        buf_printf(out, ": '%s'", f->value);
    }
    if (f->item) {
        buf_printf(out, " (item %s)", f->item);
    }
}

/* Some messages say where the other half of a conflict stands: "line 12, column 3". */
static void add_without_places(struct buf *out, const char *message)
{
    static const char *const words[] = {"line ", "column "};
    for (const char *p = message; *p;) {
        size_t len = 1;
        for (size_t i = 0; i < NITEMS(words); i++) {
            if (str_starts(p, words[i])) {
                len = strlen(words[i]);
            }
        }
        buf_add(out, p, len);
        p += len;
        if (len > 1) {
            p += strspn(p, "0123456789");
        }
    }
}

void finding_identity(const struct finding *f, char id[FINDING_ID])
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(64u << 10);
    char hex[SHA256_HEX];
    buf_add(&b, f->rule, strlen(f->rule) + 1);
    buf_puts(&b, f->item ? f->item : "");
    buf_putc(&b, '\0');
    buf_putc(&b, f->value ? 'v' : 'm');
    if (f->value) {
        buf_puts(&b, f->value);
    } else {
        add_without_places(&b, f->message);
    }
    sha256_hex(b.p, b.n, hex);
    memcpy(id, hex, FINDING_ID - 1);
    id[FINDING_ID - 1] = '\0';
}
