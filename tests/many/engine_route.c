/* The route table of the test's cluster. */
#include "engines_private.h"

static bool route_fails(uint64_t server)
{
    return world.routes_down || (server && test_is_cut_from_routes(server));
}

static enum par_err route_open(const struct par_route_config *config, void **state_r)
{
    (void)config;
    /* Who calls is only seen in what it says. */
    *state_r = &world;
    return PAR_OK;
}

static void route_close(void *state)
{
    (void)state;
}

static struct route *find_route(uint64_t user, uint64_t server)
{
    for (size_t i = 0; i < world.route_count; i++)
        if (world.routes[i].user == user && world.routes[i].server == server)
            return &world.routes[i];
    return NULL;
}

static enum par_err route_add(void *state, uint64_t user, uint64_t server, uint64_t boot)
{
    (void)state;
    pthread_mutex_lock(&world.lock);
    bool fails = route_fails(server);
    struct route *r = find_route(user, server);
    if (!fails && !r) {
        PAR_ASSERT(world.route_count < ROUTES_MAX);
        r = &world.routes[world.route_count++];
        *r = (struct route){.user = user, .server = server};
    }
    if (!fails && (!r->on || r->boot <= boot)) {
        r->on = true;
        r->boot = boot;
    }
    pthread_mutex_unlock(&world.lock);
    return fails ? PAR_E_UNAVAILABLE : PAR_OK;
}

static enum par_err route_remove(void *state, uint64_t user, uint64_t server, uint64_t boot)
{
    (void)state;
    pthread_mutex_lock(&world.lock);
    bool fails = route_fails(server);
    struct route *r = find_route(user, server);
    if (!fails && r && r->boot == boot)
        r->on = false;
    pthread_mutex_unlock(&world.lock);
    return fails ? PAR_E_UNAVAILABLE : PAR_OK;
}

static enum par_err route_lookup(void *state, const uint64_t *users, size_t count,
                                 struct par_route_hits *hits)
{
    (void)state;
    pthread_mutex_lock(&world.lock);
    bool fails = route_fails(0);
    for (size_t i = 0; i < count && !fails; i++)
        for (size_t k = 0; k < world.route_count; k++)
            if (world.routes[k].on && world.routes[k].user == users[i])
                par_route__hit(hits, (uint32_t)i, world.routes[k].server, world.routes[k].boot);
    pthread_mutex_unlock(&world.lock);
    return fails ? PAR_E_UNAVAILABLE : PAR_OK;
}

static void route_gauges(void *state, struct par_route_stats *stats)
{
    (void)state;
    (void)stats;
}

/* A route that was lost by test_remote_lose_routes() is on again after the beat. */
static enum par_err route_beat(void *state, uint64_t server, uint64_t boot, bool *lost_r)
{
    (void)state;
    pthread_mutex_lock(&world.lock);
    bool fails = route_fails(server);
    struct beat *b = &world.beats[test_place(server)];
    if (!fails) {
        *lost_r = b->on && b->boot == boot && b->cleared;
        for (size_t i = 0; i < world.route_count; i++) {
            struct route *r = &world.routes[i];
            if (r->server == server && r->boot == boot && !r->on && b->cleared)
                r->on = true;
        }
        *b = (struct beat){.server = server,
                           .boot = boot,
                           .at_ms = par_mono_ms(),
                           .serves_ms = b->serves_ms,
                           .on = true};
    }
    pthread_mutex_unlock(&world.lock);
    return fails ? PAR_E_UNAVAILABLE : PAR_OK;
}

static enum par_err route_serve(void *state, uint64_t server, bool serves, unsigned *others_r)
{
    (void)state;
    pthread_mutex_lock(&world.lock);
    bool fails = route_fails(server);
    uint64_t now = par_mono_ms();
    if (!fails)
        world.beats[test_place(server)].serves_ms = serves ? now : 0;
    for (size_t i = 0; i < TEST_SERVERS && !fails; i++)
        *others_r += i != test_place(server) && world.beats[i].serves_ms &&
                     world.beats[i].serves_ms + DEAD_MS / 2 >= now;
    pthread_mutex_unlock(&world.lock);
    return fails ? PAR_E_UNAVAILABLE : PAR_OK;
}

/* Whoever was once here is told of for ever: another look at them does no harm. */
static enum par_err route_forget(void *state, const uint64_t *users, size_t count, uint64_t server,
                                 uint64_t boot)
{
    (void)state;
    (void)users;
    (void)count;
    (void)server;
    (void)boot;
    return PAR_OK;
}

static enum par_err route_bye(void *state, uint64_t server, uint64_t boot)
{
    (void)state;
    pthread_mutex_lock(&world.lock);
    struct beat *b = &world.beats[test_place(server)];
    if (b->on && b->boot <= boot) {
        b->at_ms = UINT64_MAX;
        b->cleared = true;
    }
    pthread_mutex_unlock(&world.lock);
    return PAR_OK;
}

static enum par_err route_dead(void *state, uint64_t server, uint64_t *server_r, uint64_t *boot_r)
{
    (void)state;
    pthread_mutex_lock(&world.lock);
    bool fails = route_fails(server);
    uint64_t now = par_mono_ms();
    for (size_t i = 0; i < TEST_SERVERS && !fails && !*server_r; i++) {
        const struct beat *b = &world.beats[i];
        if (b->on && b->server != server && b->at_ms != UINT64_MAX && now > b->at_ms + DEAD_MS) {
            *server_r = b->server;
            *boot_r = b->boot;
        }
    }
    pthread_mutex_unlock(&world.lock);
    return fails ? PAR_E_UNAVAILABLE : PAR_OK;
}

static enum par_err route_clear(void *state, uint64_t server, uint64_t boot, uint64_t **users_r,
                                size_t *count_r)
{
    (void)state;
    pthread_mutex_lock(&world.lock);
    bool fails = route_fails(0);
    *users_r = calloc(world.route_count + 1, sizeof **users_r);
    for (size_t i = 0; i < world.route_count && !fails; i++) {
        struct route *r = &world.routes[i];
        if (r->server != server || r->boot > boot)
            continue;
        r->on = false;
        (*users_r)[(*count_r)++] = r->user;
    }
    if (!fails)
        world.beats[test_place(server)].cleared = true;
    pthread_mutex_unlock(&world.lock);
    return fails ? PAR_E_UNAVAILABLE : PAR_OK;
}

static enum par_err route_boot(void *state, uint64_t server, uint64_t *boot_r)
{
    (void)state;
    pthread_mutex_lock(&world.lock);
    bool fails = route_fails(0);
    const struct beat *b = &world.beats[test_place(server)];
    *boot_r = !fails && b->on ? b->boot : 0;
    pthread_mutex_unlock(&world.lock);
    return fails ? PAR_E_UNAVAILABLE : PAR_OK;
}

const struct par_route_ops test_route_ops = {
    .name = TEST_DRIVER,
    .open = route_open,
    .close = route_close,
    .add = route_add,
    .remove = route_remove,
    .lookup = route_lookup,
    .gauges = route_gauges,
    .remote = true,
    .beat = route_beat,
    .serve = route_serve,
    .forget = route_forget,
    .bye = route_bye,
    .dead = route_dead,
    .clear = route_clear,
    .boot = route_boot,
};
