/* Requests by HTTP: any frame to POST /v1/op, on a connection of its own. */
#include "http/client.h"
#include "sim/device.h"
#include "sim/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALL_MS = 20000, CALLS_MAX = 4 /* besides those of bursts */ };

struct call {
    struct sim_device *device;
    uint64_t conn;
};

/* The device may have crashed meanwhile: then nobody heard it. */
static void replied(int status, struct par_str body, const char *why, void *arg)
{
    struct call *x = arg;
    struct sim_device *d = x->device;
    (void)why;
    if (d->calls_open)
        d->calls_open--;
    if (status && body.len && d->running && !d->dying && body.ptr[0] == '{' &&
        memmem(body.ptr, body.len, "\"re\":", 5)) {
        par_history_got(&sim_history.buf, sim_history_t(), x->conn, body);
        sim_device_judge(d, body);
    }
    free(x);
}

static void signed_out(int status, struct par_str body, const char *why, void *arg)
{
    struct call *x = arg;
    (void)body;
    (void)why;
    x->device->signed_out |= status == 204;
    free(x);
}

/* Without an answer nobody knows, and nothing is asked of the server. */
void sim_device_sign_out(struct sim_device *d)
{
    struct call *x = malloc(sizeof *x);
    char headers[160];
    if (!x)
        abort();
    const struct sim_server *s =
        d->all->servers[sim_random_below(&d->random, d->all->server_count)];
    *x = (struct call){.device = d};
    snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n", d->token);
    struct par_http_call call = {.addr = s->addr,
                                 .method = PAR_STR("POST"),
                                 .host = par_str(s->address),
                                 .path = PAR_STR("/v1/logout"),
                                 .headers = par_str(headers),
                                 .timeout_ms = CALL_MS};
    sim_net_as(d->node);
    if (par_http_fetch(d->all->loop, &call, signed_out, x))
        free(x);
    sim_net_as(NULL);
}

void sim_device_call(struct sim_device *d, const char *op, const char *members)
{
    struct call *x = malloc(sizeof *x);
    struct par_buf frame = {0};
    char headers[160];
    if (!x)
        abort();
    if (d->calls_open >= CALLS_MAX + d->all->burst_max || d->dying) {
        free(x);
        return;
    }
    const struct sim_server *s =
        d->all->servers[sim_random_below(&d->random, d->all->server_count)];
    *x = (struct call){.device = d, .conn = ++sim_history.conns};
    par_buf_printf(&frame, "{\"op\":\"%s\",\"id\":%llu%s%s}", op, (unsigned long long)x->conn,
                   *members ? "," : "", members);
    snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n", d->token);
    struct par_http_call call = {.addr = s->addr,
                                 .method = PAR_STR("POST"),
                                 .host = par_str(s->address),
                                 .path = PAR_STR("/v1/op"),
                                 .headers = par_str(headers),
                                 .body = par_buf_str(&frame),
                                 .timeout_ms = CALL_MS};
    par_history_call(&sim_history.buf, sim_history_t(), x->conn, d->name, d->user->id, PAR_VIA_OP,
                     par_buf_str(&frame));
    d->calls_open++;
    sim_net_as(d->node);
    if (par_http_fetch(d->all->loop, &call, replied, x))
        free(x);
    sim_net_as(NULL);
    par_buf_fini(&frame);
}
