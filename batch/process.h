/* SPDX-License-Identifier: Apache-2.0
 *
 * A user's command, run as a child process to its end: secret commands and hooks. The only place
 * that starts processes.
 *
 *     struct process p = {.what = "hook", .argv = argv, .dir = dir, .env = env.v, .limit_ms =
 * 60000}; CLEANUP(buf_wipe) struct buf out = BUF_INIT(4096); p.out = &out; enum process_end how =
 * process_run(&p, &err)
 *
 * The command is a list of arguments and never goes through a shell. The child gets /dev/null as
 * standard input, no other descriptor of ours (not even one that somebody forgot to mark), default
 * signal dispositions, an empty signal mask, and a process group of its own. At the limit, or when
 * `cancel` is set, the group gets SIGTERM, after grace_ms SIGKILL; nothing of it is left. A command
 * that ended well may leave processes behind as long as they do not hold its output.
 *
 * Its output goes to `out`, whose ceiling is the cap. What is more is read and dropped, or, with
 * `whole`, ends the command. Thread safe as long as nobody changes the environment at the same
 * time; a command with an environment of its own (`env`) does not look at ours.
 */
#ifndef BATCH_PROCESS_H
#define BATCH_PROCESS_H

#include "formats/base/arena.h"
#include "formats/base/buf.h"
#include "formats/base/err.h"

#include <stdatomic.h>

struct process {
    const char *what;        /* "secret command", "hook": for messages */
    const char *const *argv; /* NULL-closed; argv[0] with a slash is relative to dir */
    const char *dir;         /* working directory; NULL: ours */
    const char *const *env;  /* "NAME=value", NULL-closed, the whole of it; NULL: ours */
    int64_t limit_ms;
    int64_t grace_ms;          /* 0: SIGKILL at once */
    const atomic_bool *cancel; /* may be NULL; ends the command as the limit does */
    struct buf *out;
    bool errors; /* standard error goes to `out` too, else to ours */
    bool whole;  /* more output than `out` takes ends the command */
};

enum process_end {
    PROCESS_OK,        /* exit code 0 */
    PROCESS_NO_START,  /* there is no such program, or none can be started */
    PROCESS_CODE,      /* another exit code */
    PROCESS_SIGNAL,    /* ended by a signal that was not ours */
    PROCESS_SLOW,      /* the limit */
    PROCESS_CANCELLED, /* `cancel` */
    PROCESS_LONG,      /* `whole`, and more output than that */
    PROCESS_BROKEN     /* the system failed us */
};
/* Anything but PROCESS_OK sets err (ERR_INPUT; ERR_ENV for PROCESS_BROKEN) to one sentence that
 * names the program and never its output. */
enum process_end process_run(const struct process *p, struct err *err) MUST_USE;

/* The environment of a hook: of ours only what programs need to find their way (PATH, HOME, the
 * locale, the time zone, proxies, Kerberos) and CERTBATCH_HOOK_*, which is there to hand something
 * to a hook. A credential of certbatch in another variable does not get through. Not thread safe;
 * strings are copies in `a`. */
struct environment {
    const char **v; /* NULL-closed, in the arena */
    size_t n, cap;
};
void environment_begin(struct environment *e, struct arena *a);
void environment_copy(struct environment *e, struct arena *a, const struct environment *from);
void environment_add(struct environment *e, struct arena *a, const char *name, const char *value);

#endif
