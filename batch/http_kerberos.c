/* SPDX-License-Identifier: Apache-2.0
 *
 * Where Negotiate takes its ticket from. libcurl hands no credential to GSS-API: the library takes
 * that of the process, from the cache of `kinit` or, by KRB5_CLIENT_KTNAME, with a key table
 * (krb5.conf(5), MIT krb5 1.11 on). What it gets that way goes into a cache of our own in memory:
 * the user's may belong to somebody else, and is not ours to write.
 */
#include "batch/http.h"

#include "formats/base/fs.h"
#include "formats/base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define TABLE "KRB5_CLIENT_KTNAME"
#define CACHE "KRB5CCNAME"

bool http_kerberos_keytab(const char *path, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    static bool chosen; /* by an earlier call; what was there before us is the user's */
    const char *name = arena_printf(&a, "FILE:%s", path);
    if (access(path, R_OK) != 0) {
        return err_sys(err, errno, "%s", path);
    }
    if (chosen && !str_eq(getenv(TABLE), name)) {
        return err_set(err, ERR_INPUT,
                       "a process has one Kerberos identity, and another CA has %s: give these CAs "
                       "batches of their own",
                       getenv(TABLE));
    }
    chosen = true;
    return (setenv(TABLE, name, 1) == 0 && setenv(CACHE, "MEMORY:certbatch", 1) == 0) ||
           err_sys(err, errno, "the environment");
}
