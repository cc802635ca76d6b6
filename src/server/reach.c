/* Whether the engines answer this server; and stepping aside while they answer others only. */
#include "server/reach.h"

#include "base/log.h"
#include "base/stats.h"
#include "conv/delivery_codec.h"
#include "server/service.h"

#include <stdlib.h>

enum {
    LOOKS = 20,          /* in the time that silence may last: how often is looked, ... */
    PROBES = 10,         /* the store and the log are asked, ... */
    QUESTIONS = 4,       /* and others are */
    ALONE = 3,           /* so many times of it without an answer: nobody serves */
    PROBE_MOST_MS = 500, /* but the store and the log at least so often */
    PATIENCE = 4,        /* an answer of the log may take this part of it */
};

struct par_reach {
    struct par_server *server;
    struct par_service prober, log_prober, decider;
    /* When the last call that was answered began. */
    _Atomic uint64_t store_ms, log_ms, beat_ms;
    _Atomic uint64_t steady_ms; /* since when all answer without a lapse; 0: they do not */
    _Atomic uint64_t heard_ms;  /* when the newest question that was answered was asked */
    _Atomic uint64_t others_ms; /* when the route table last said that others serve */
    _Atomic int silent;         /* enum silent: for longer than aside_ms */
    /* Of the decider. */
    uint64_t looked_ms, awake_ms, asked_ms, silent_ms;
    _Atomic bool aside;
};

enum silent { NOTHING_SILENT = 0, STORE_SILENT, LOG_SILENT, ROUTES_SILENT };

static const char *const why[] = {
    [NOTHING_SILENT] = "",
    [STORE_SILENT] = "the store does not answer",
    [LOG_SILENT] = "the log does not answer",
    [ROUTES_SILENT] = "the route table does not answer",
};

static uint64_t aside_ms(const struct par_reach *r)
{
    return (uint64_t)r->server->config->queue.aside_ms;
}

/* ---- asking the engines ---- */

static int64_t between_probes(const struct par_reach *r)
{
    uint64_t rest = aside_ms(r) / PROBES;
    return (int64_t)(rest < PROBE_MOST_MS ? rest : PROBE_MOST_MS);
}

static void probe_log(void *arg)
{
    struct par_reach *r = arg;
    uint32_t patience = (uint32_t)(aside_ms(r) / PATIENCE);
    do {
        uint64_t began = par_mono_ms();
        if (par_queue_probe(r->server->queue, patience) == PAR_OK)
            atomic_store(&r->log_ms, began);
    } while (par_service_rest(&r->log_prober, between_probes(r)));
}

static void probe_store(void *arg)
{
    struct par_reach *r = arg;
    do {
        struct par_buf value = {0};
        uint64_t began = par_mono_ms();
        if (par_store_get(r->server->store, PAR_T_META, PAR_STR("format"), &value) >= 0)
            atomic_store(&r->store_ms, began);
        par_buf_fini(&value);
    } while (par_service_rest(&r->prober, between_probes(r)));
}

/* ---- asking the others ---- */

static void tell(struct par_reach *r, uint64_t to, const struct par_delivery *d)
{
    struct par_queue *queue = r->server->queue;
    struct par_buf bytes = {0};
    par_delivery_encode(d, &bytes);
    /* One that is lost is asked again. */
    if (!bytes.failed && !par_queue_send(queue, to, par_buf_str(&bytes)))
        (void)par_queue_deliver_flush(queue);
    par_buf_fini(&bytes);
}

static void ask(struct par_reach *r, uint64_t now)
{
    struct par_delivery d = {.kind = PAR_DELIVERY_WHO_SERVES};
    if (atomic_load(&r->silent) == LOG_SILENT)
        return;
    if (r->asked_ms && now - r->asked_ms < aside_ms(r) / QUESTIONS)
        return;
    r->asked_ms = now;
    d.reply.server = r->server->id;
    d.reply.boot = r->server->boot;
    d.reply.handle = now;
    tell(r, PAR_QUEUE_ALL_SERVERS, &d);
}

static bool serves(const struct par_reach *r)
{
    uint64_t steady = atomic_load(&r->steady_ms);
    return steady && par_mono_ms() - steady >= aside_ms(r) &&
           par_server_phase(r->server) == PAR_SERVER_SERVING;
}

void par_reach_told(struct par_reach *r, const struct par_delivery *d)
{
    if (!r)
        return;
    bool own = d->reply.server == r->server->id;
    if (d->kind == PAR_DELIVERY_WHO_SERVES && !own) {
        struct par_delivery answer = {.kind = PAR_DELIVERY_I_SERVE, .reply = d->reply};
        if (serves(r))
            tell(r, d->reply.server, &answer);
    } else if (d->kind == PAR_DELIVERY_I_SERVE && own && d->reply.boot == r->server->boot &&
               d->reply.handle > atomic_load(&r->heard_ms)) {
        atomic_store(&r->heard_ms, d->reply.handle);
    }
}

/* ---- deciding ---- */

/* Nothing was silent while this server itself stood still. */
static uint64_t silence(const struct par_reach *r, uint64_t answered, uint64_t now)
{
    uint64_t since = answered > r->awake_ms ? answered : r->awake_ms;
    return now > since ? now - since : 0;
}

static void step(struct par_reach *r, bool aside)
{
    atomic_store(&r->aside, aside);
    if (aside) {
        par_stats_inc(PAR_C_ASIDES);
        par_log_warn("reach.aside", PAR_KV("why", why[atomic_load(&r->silent)]),
                     PAR_KV("do", "others that reach it take the partitions"));
    } else {
        par_log_info("reach.back", PAR_KV("why", why[atomic_load(&r->silent)]));
    }
    par_queue_set_aside(r->server->queue, aside);
}

static void decide(struct par_reach *r, uint64_t now)
{
    uint64_t most = aside_ms(r), heard = atomic_load(&r->heard_ms);
    uint64_t others = atomic_load(&r->others_ms);
    heard = heard > others ? heard : others;
    uint64_t steady = atomic_load(&r->steady_ms);
    if (r->silent_ms) {
        ask(r, now);
        if (!r->aside && heard >= r->silent_ms)
            step(r, true);
        else if (r->aside && now - heard > ALONE * most)
            step(r, false);
    } else if (r->aside && steady && now - steady >= most) {
        step(r, false);
    }
}

static void look(struct par_reach *r)
{
    uint64_t now = par_mono_ms(), most = aside_ms(r);
    if (now - r->looked_ms > most / 2)
        r->awake_ms = now;
    r->looked_ms = now;
    uint64_t store = silence(r, atomic_load(&r->store_ms), now);
    uint64_t log = silence(r, atomic_load(&r->log_ms), now);
    uint64_t beat =
        par_route_remote(r->server->route) ? silence(r, atomic_load(&r->beat_ms), now) : 0;
    enum silent silent = log > most     ? LOG_SILENT
                         : store > most ? STORE_SILENT
                         : beat > most  ? ROUTES_SILENT
                                        : NOTHING_SILENT;
    atomic_store(&r->silent, (int)silent);
    if (!silent)
        r->silent_ms = 0;
    else if (!r->silent_ms)
        r->silent_ms = now;
    if (store > most / 2 || log > most / 2 || beat > most / 2)
        atomic_store(&r->steady_ms, 0);
    else if (!atomic_load(&r->steady_ms))
        atomic_store(&r->steady_ms, now);
    decide(r, now);
}

static void run(void *arg)
{
    struct par_reach *r = arg;
    while (par_service_rest(&r->decider, (int64_t)(aside_ms(r) / LOOKS)))
        look(r);
}

bool par_reach_well(struct par_reach *r, const char **why_r)
{
    *why_r = why[r ? atomic_load(&r->silent) : NOTHING_SILENT];
    return !**why_r;
}

bool par_reach_aside(struct par_reach *r, const char **why_r)
{
    bool aside = atomic_load(&r->aside);
    *why_r = aside ? "it does not reach all engines, and others do" : "";
    return aside;
}

void par_reach_beat(struct par_reach *r, uint64_t began_ms)
{
    unsigned others;
    if (!r)
        return;
    atomic_store(&r->beat_ms, began_ms);
    if (par_route_serve(r->server->route, r->server->id, serves(r), &others) == PAR_OK && others)
        atomic_store(&r->others_ms, began_ms);
}

/* ---- life ---- */

enum par_err par_reach_open(struct par_server *server, struct par_reach **reach_r)
{
    *reach_r = NULL;
    if (!par_queue_remote(server->queue))
        return PAR_OK;
    struct par_reach *r = calloc(1, sizeof *r);
    if (!r)
        return PAR_E_UNAVAILABLE;
    r->server = server;
    r->looked_ms = r->awake_ms = par_mono_ms();
    enum par_err err = par_service_start(&r->prober, "prober", probe_store, r);
    if (!err)
        err = par_service_start(&r->log_prober, "log-prober", probe_log, r);
    if (!err)
        err = par_service_start(&r->decider, "reach", run, r);
    if (err)
        par_reach_close(&r);
    *reach_r = r;
    return err;
}

void par_reach_close(struct par_reach **reach)
{
    struct par_reach *r = *reach;
    if (!r)
        return;
    par_service_stop(&r->decider);
    par_service_stop(&r->prober);
    par_service_stop(&r->log_prober);
    free(r);
    *reach = NULL;
}
