/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_ledger.h. A line is one write(2) to a file opened for appending, so that it is there
 * whole or not at all, also when the simulator is killed.
 */
#include "tests/sim/sim_ledger.h"

#include "formats/base/fs.h"
#include "formats/base/json.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim_http.h"
#include "tests/sim/sim_orders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINE = 1 << 18 };

static bool open_one(const char *path, int *fd, struct err *err)
{
    *fd = -1;
    if (!path) {
        return true;
    }
    *fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return *fd >= 0 || err_sys(err, errno, "%s", path);
}

bool ledger_open(struct ledger *l, const char *path, const char *wire, struct err *err)
{
    return open_one(path, &l->fd, err) && open_one(wire, &l->wire_fd, err);
}

/* A ledger that lost a line proves nothing: the simulator ends. */
static void put(int fd, struct buf *line, struct jw *j)
{
    struct err err = ERR_INIT;
    bool whole = jw_finish(j, &err);
    buf_putc(line, '\n');
    if (!whole || buf_failed(line) || !fs_write_all(fd, line->p, line->n, &err)) {
        (void)fprintf(stderr, "casim: ledger: %s\n", err.msg);
        _Exit(70);
    }
}

static void begin(struct jw *j, struct buf *line)
{
    char now[TIME_TEXT];
    jw_begin(j, line, JW_COMPACT);
    jw_object(j, NULL);
    time_format_ms(now);
    jw_str(j, "time", now);
}

static void put_list(struct jw *j, const char *key, const json_t *list)
{
    jw_array(j, key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        jw_str(j, NULL, json_string_value(json_array_get(list, i)));
    }
    jw_end(j);
}

void ledger_add(struct ledger *l, const struct request *q, const char *kind, const struct order *o)
{
    struct jw j;
    char spki[SHA256_HEX];
    CLEANUP(buf_release) struct buf line = BUF_INIT(LINE);
    if (l->fd < 0) {
        return;
    }
    hex_encode(o->spki, SHA256_SIZE, spki);
    begin(&j, &line);
    jw_str(&j, "kind", kind);
    jw_str(&j, "order", o->number);
    jw_str(&j, "request", o->request_number);
    jw_str(&j, "client_key", q->idempotency);
    jw_str(&j, "txn", q->txn);
    jw_str(&j, "product", o->product->code);
    jw_str(&j, "domain", o->domain);
    jw_array(&j, "names");
    for (size_t i = 0; i < o->ndomains; i++) {
        jw_str(&j, NULL, o->domains[i].name);
    }
    jw_end(&j);
    put_list(&j, "tags", o->tags);
    jw_str(&j, "remarks", o->remarks);
    jw_bool(&j, "draft", o->draft);
    jw_str(&j, "spki_sha256", o->csr ? spki : NULL);
    if (o->cert.n) { /* a CA without order numbers knows it by this */
        char serial[128];
        hex_encode(o->parsed.serial.p, o->parsed.serial.n < 63 ? o->parsed.serial.n : 63, serial);
        jw_str(&j, "serial", serial);
    }
    jw_str(&j, "reason", o->revoke_reason);
    jw_int(&j, "connection", (int64_t)q->connection);
    jw_str(&j, "request_sha256", q->digest);
    jw_str(&j, "sent_sha256", q->sent_digest);
    jw_end(&j);
    put(l->fd, &line, &j);
}

void wire_add(struct ledger *l, const struct request *q, const struct reply *r)
{
    struct jw j;
    CLEANUP(buf_release) struct buf line = BUF_INIT(LINE);
    if (l->wire_fd < 0) {
        return;
    }
    begin(&j, &line);
    jw_int(&j, "connection", (int64_t)q->connection);
    jw_int(&j, "sequence", (int64_t)q->sequence);
    jw_str(&j, "method", q->method);
    jw_str(&j, "path", q->path);
    jw_str(&j, "kind", sim_kind_names[q->kind]);
    jw_str(&j, "txn", q->txn);
    jw_str(&j, "client_key", q->idempotency);
    jw_str(&j, "auth_sha256", q->auth_digest);
    jw_int(&j, "octets", (int64_t)q->body.n);
    jw_str(&j, "request_sha256", q->digest);
    jw_str(&j, "sent_sha256", q->sent_digest);
    jw_int(&j, "scenario_line", q->plan.line);
    jw_int(&j, "status",
           r->sending == SEND_CLOSE || r->sending == SEND_RST || r->sending == SEND_HANG
               ? 0
               : r->status);
    jw_str(&j, "outcome", r->outcome ? r->outcome : "ok");
    jw_end(&j);
    put(l->wire_fd, &line, &j);
}

void ledger_close(struct ledger *l)
{
    closep(&l->fd);
    closep(&l->wire_fd);
}
