/* SPDX-License-Identifier: Apache-2.0
 *
 * measure COMMAND...: wall seconds, CPU seconds and peak memory (KiB) of one command, on stderr's
 * last line as "wall cpu rss exit". Peak memory is the child's own (wait4), not ours.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    struct rusage u;
    int status;
    double start = now();
    if (argc < 2) {
        return 2;
    }
    pid_t pid = fork();
    if (pid == 0) {
        (void)execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &u) != pid) {
        return 1;
    }
    (void)fprintf(stderr, "%.4f %.4f %ld %d\n", now() - start,
                  seconds(u.ru_utime) + seconds(u.ru_stime), u.ru_maxrss,
                  WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    return 0;
}
