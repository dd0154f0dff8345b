/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch version`: the program and every library it runs on, for bug reports.
 */
#include "cmd/cmd.h"

#include <archive.h>
#include <expat.h>
#include <idn2.h>
#include <jansson.h>
#include <libpsl.h>
#include <openssl/crypto.h>
#include <xlsxwriter.h>

void version_text(struct buf *out)
{
    buf_printf(out, "certbatch %s\n", CERTBATCH_VERSION);
    buf_printf(out, "%s\n", OpenSSL_version(OPENSSL_VERSION));
    buf_printf(out, "%s\n", archive_version_details());
    buf_printf(out, "jansson %s\n", JANSSON_VERSION);
    buf_printf(out, "expat %d.%d.%d\n", XML_MAJOR_VERSION, XML_MINOR_VERSION, XML_MICRO_VERSION);
    buf_printf(out, "libidn2 %s\n", idn2_check_version(NULL));
    buf_printf(out, "libpsl %s\n", psl_get_version());
    buf_printf(out, "libxlsxwriter %s\n", lxw_version());
}

int cmd_version(const struct options *o, struct term *t)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
    if (o->quiet) {
        buf_printf(&b, "certbatch %s\n", CERTBATCH_VERSION);
    } else {
        version_text(&b);
    }
    term_out(t, buf_span(&b));
    return EXIT_DONE;
}
