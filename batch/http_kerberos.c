/* SPDX-License-Identifier: Apache-2.0
 *
 * Where Negotiate takes its ticket from. libcurl hands no credential to GSS-API: the library takes
 * that of the process, from the cache of `kinit` or, by KRB5_CLIENT_KTNAME, with a key table
 * (krb5.conf(5), MIT krb5 1.11 on). What it gets that way goes into a cache of our own in memory:
 * the user's may belong to somebody else, and is not ours to write.
 */
#include "batch/http.h"

#include "formats/base/str.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TABLE "KRB5_CLIENT_KTNAME"
#define CACHE "KRB5CCNAME"

bool http_kerberos_keytab(const char *path, struct err *err)
{
    static char chosen[PATH_MAX + 8]; /* by an earlier call; what was there before is the user's */
    char name[sizeof chosen];
    if (access(path, R_OK) != 0) {
        return err_sys(err, errno, "%s", path);
    }
    if (snprintf(name, sizeof name, "FILE:%s", path) >= (int)sizeof name) {
        return err_set(err, ERR_INPUT, "the path is too long");
    }
    if (chosen[0] && !str_eq(chosen, name)) {
        return err_set(err, ERR_INPUT,
                       "a process has one Kerberos identity, and another CA has %s: give these CAs "
                       "batches of their own",
                       chosen);
    }
    memcpy(chosen, name, sizeof chosen);
    return (setenv(TABLE, name, 1) == 0 && setenv(CACHE, "MEMORY:certbatch", 1) == 0) ||
           err_sys(err, errno, "the environment");
}
