/* Heartbeats, leases, and the regular looks. */
#include "server/life.h"

#include "base/log.h"
#include "base/mutant.h"
#include "base/stats.h"
#include "server/inbox.h"
#include "server/owners.h"
#include "server/presence.h"
#include "server/reach.h"
#include "server/routes.h"
#include "server/service.h"
#include "server/standby.h"

#include <stdlib.h>

enum { TICK_MS = 500, DEAD_MAX = 16, BEATS = 4 /* in the time that one may be old */ };

struct par_life {
    struct par_server *server;
    struct par_service service;
    bool recovered; /* the routes of an earlier life are gone */
    /* When each is next to be done: monotonic ms. */
    uint64_t beat_ms, presence_ms, check_ms, tick_ms;
    uint64_t beaten_ms; /* when the last beat that arrived began; 0: none did */
};

static uint64_t dead_ms(const struct par_life *life)
{
    return (uint64_t)life->server->config->route.dead_ms;
}

static uint64_t beat_every(const struct par_life *life)
{
    return dead_ms(life) / BEATS + 1;
}

/* This server stands in for its earlier life itself. Users whose route is of this life are back. */
static bool recover(struct par_life *life)
{
    struct par_server *server = life->server;
    uint64_t boot, *users = NULL;
    size_t count = 0;
    if (par_route_boot(server->route, server->id, &boot))
        return false;
    if (boot == 0 || boot >= server->boot)
        return true;
    if (par_route_clear(server->route, server->id, boot, &users, &count))
        return false;
    for (size_t i = 0; i < count; i++)
        par_standby_missed(server, users[i]);
    free(users);
    par_log_info("life.recovered", PAR_KV("users", count));
    return true;
}

/* R6: events for those who are here may have gone to nobody, or to the one who took this server for
 * dead. */
static void was_lost(struct par_life *life)
{
    par_stats_inc(PAR_C_SERVER_LOST);
    par_log_warn("life.lost", PAR_KV("do", "clients are told to sync"));
    if (!PAR_MUTANT(ZOMBIE_SERVER_NO_SYNC))
        par_inbox_sync_here(life->server);
    /* What lost the routes may have lost the presence, too: said again at once, and looked at when
     * the others had the time to do the same. */
    uint64_t soon = par_mono_ms() + dead_ms(life);
    life->presence_ms = 0;
    life->check_ms = life->check_ms < soon ? life->check_ms : soon;
}

static void find_dead(struct par_life *life)
{
    struct par_server *server = life->server;
    uint64_t dead, boot, after = server->id;
    if (PAR_MUTANT(STANDBY_NEVER))
        return;
    /* Behind those that were stood in for and are still on the ring there may be others. */
    for (int i = 0; i < DEAD_MAX; i++, after = dead) {
        if (par_route_dead(server->route, after, &dead, &boot) || !dead || dead == server->id)
            return;
        if (!par_standby_stood_in(server, dead, boot)) {
            par_standby_take_over(server, dead, boot, after);
            return;
        }
    }
}

static void beat(struct par_life *life)
{
    struct par_server *server = life->server;
    if (!life->recovered)
        life->recovered = recover(life);
    if (!life->recovered)
        return;
    uint64_t began = par_mono_ms(), last = life->beaten_ms;
    bool lost;
    if (par_route_beat(server->route, server->id, server->boot, &lost))
        return;
    life->beaten_ms = began;
    atomic_store(&server->on_ring, true);
    par_reach_beat(server->reach, began);
    /* The first beat finds none, and there is nobody yet to tell. A pause longer than others bear
     * is a loss, whatever they found. */
    if (last && (lost || began > last + dead_ms(life)))
        was_lost(life);
    par_routes_retry(server);
    find_dead(life);
}

static bool due(uint64_t *next_ms, uint64_t now, uint64_t every)
{
    if (now < *next_ms)
        return false;
    *next_ms = now + every;
    return true;
}

static void turn(struct par_life *life)
{
    struct par_server *server = life->server;
    const struct par_config *config = server->config;
    if (par_route_remote(server->route) && due(&life->beat_ms, par_mono_ms(), beat_every(life)))
        beat(life);
    if (par_presence_remote(server->presence)) {
        if (due(&life->presence_ms, par_mono_ms(), (uint64_t)config->presence.lease_ms / BEATS) &&
            !PAR_MUTANT(PRESENCE_LEASE_NOT_RENEWED) && par_presence_beat(server->presence)) {
            /* Again with the next beat of the server. */
            life->presence_ms = par_mono_ms() + beat_every(life);
            par_stats_inc_at(PAR_C_DRIVER_ERRORS, PAR_FAMILY_PRESENCE);
        }
        if (due(&life->check_ms, par_mono_ms(),
                (uint64_t)PAR_CONFIG_GET(config->presence.check_ms)) &&
            !PAR_MUTANT(PRESENCE_NOT_CHECKED))
            par_presence_check(server);
    }
    if (due(&life->tick_ms, par_mono_ms(), TICK_MS)) {
        par_owners_tick(server->owners);
        if (atomic_exchange(&server->presence_owed, false))
            par_presence_check(server);
    }
}

static int64_t until_next(const struct par_life *life)
{
    struct par_server *server = life->server;
    uint64_t next = life->tick_ms, now = par_mono_ms();
    if (par_route_remote(server->route) && life->beat_ms < next)
        next = life->beat_ms;
    if (par_presence_remote(server->presence)) {
        next = life->presence_ms < next ? life->presence_ms : next;
        next = life->check_ms < next ? life->check_ms : next;
    }
    return next > now ? (int64_t)(next - now) : 0;
}

static void run(void *arg)
{
    struct par_life *life = arg;
    do
        turn(life);
    while (par_service_rest(&life->service, until_next(life)));
}

enum par_err par_life_open(struct par_server *server, struct par_life **life_r)
{
    *life_r = NULL;
    struct par_life *life = calloc(1, sizeof *life);
    if (!life)
        return PAR_E_UNAVAILABLE;
    life->server = server;
    life->check_ms = par_mono_ms() + (uint64_t)PAR_CONFIG_GET(server->config->presence.check_ms);
    enum par_err err = par_service_start(&life->service, "life", run, life);
    if (err)
        free(life);
    else
        *life_r = life;
    return err;
}

void par_life_close(struct par_life **life)
{
    if (!*life)
        return;
    par_service_stop(&(*life)->service);
    free(*life);
    *life = NULL;
}
