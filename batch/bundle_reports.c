/* SPDX-License-Identifier: Apache-2.0
 *
 * The reports of an audit bundle are made on a thread of their own while the bundle takes
 * everything else: drawing the PDF and filling the spreadsheet take as long as all the records. A
 * report goes through a temporary: its size must be known before its first byte is archived.
 */
#include "batch/bundle_parts.h"

#include "batch/report.h"
#include "formats/base/pool.h"

#include <stdlib.h>

struct bundle_report {
    const struct report *report;
    const struct report_format *format;
    int dirfd;
    struct fs_temp temp;
    bool ok;
    struct err err;
};

struct bundle_reports {
    struct pool *pool;
    struct bundle_report *v;
};

static void make(void *job, unsigned worker)
{
    struct bundle_report *r = job;
    (void)worker;
    r->ok = (fs_temp_open(&r->temp, r->dirfd, 0600, &r->err) &&
             r->format->write(r->report, report_to_fd, &r->temp.fd, &r->err)) ||
            err_wrap(&r->err, "%s", r->format->bag_name);
}

struct bundle_reports *bundle_reports_begin(const struct report *report, int dirfd)
{
    struct bundle_reports *all = xcalloc(1, sizeof *all);
    all->pool = pool_new(1); /* one after the other: in their order, and memory stays flat */
    all->v = xcalloc(report_formats_count, sizeof *all->v);
    for (size_t i = 0; i < report_formats_count; i++) {
        struct bundle_report *r = &all->v[i];
        *r = (struct bundle_report){
            .report = report, .format = &report_formats[i], .dirfd = dirfd, .temp = {.fd = -1}};
        if (r->format->bag_name) {
            pool_submit(all->pool, make, r);
        }
    }
    return all;
}

const char *bundle_reports_next(struct bundle_reports *all, int *fd, struct err *err)
{
    const struct bundle_report *r = pool_next(all->pool, -1);
    *fd = r && r->ok ? r->temp.fd : -1;
    if (r && !r->ok) {
        *err = r->err;
    }
    return r ? r->format->bag_name : NULL;
}

void bundle_reports_end(struct bundle_reports *all)
{
    if (all) {
        pool_free(all->pool); /* waits for what is being made */
        for (size_t i = 0; i < report_formats_count; i++) {
            fs_temp_discard(&all->v[i].temp);
        }
        free(all->v);
        free(all);
    }
}
