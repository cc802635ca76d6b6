/* The thread that stands in: its list of dead servers, and of users who may have missed something.
 */
#include "server/standby_private.h"

#include "base/log.h"
#include "base/mutant.h"
#include "base/stats.h"

#include <stdlib.h>

/* Users get this long to come back. Some are looked at together. */
enum { GRACE_MS = 5000, USERS_MAX = 1 << 22, TOGETHER = 64, LOOK_BACK_MS = 5000, LAST_MS = 2000 };

static bool grow(struct par_standby *s)
{
    size_t room = s->room ? s->room * 2 : 256;
    struct par_standby__user *users = room <= USERS_MAX ? malloc(room * sizeof *users) : NULL;
    if (!users)
        return false;
    for (size_t i = 0; i < s->count; i++)
        users[i] = s->users[(s->first + i) % s->room];
    free(s->users);
    s->users = users;
    s->room = room;
    s->first = 0;
    return true;
}

static void add(struct par_standby *s, uint64_t user, uint32_t after_ms)
{
    pthread_mutex_lock(&s->lock);
    bool fits = s->count < s->room || grow(s);
    if (fits)
        s->users[(s->first + s->count++) % s->room] =
            (struct par_standby__user){user, par_mono_ms() + after_ms};
    pthread_mutex_unlock(&s->lock);
    if (!fits) {
        atomic_fetch_add(&s->dropped, 1);
        par_stats_inc(PAR_C_UNEXPECTED);
    }
}

void par_standby_missed(struct par_server *server, uint64_t user)
{
    if (!server->standby || par_directory_has(server->directory, user) ||
        PAR_MUTANT(SILENCE_NO_PUSH))
        return;
    add(server->standby, user, GRACE_MS);
    par_service_wake(&server->standby->service);
}

void par_standby_take_over(struct par_server *server, uint64_t dead, uint64_t boot, uint64_t after)
{
    struct par_standby *s = server->standby;
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    bool known = s->dead_count == PAR_STANDBY_DEAD_MAX;
    for (size_t i = 0; i < s->dead_count && !known; i++)
        known = s->dead[i].server == dead && s->dead[i].boot == boot;
    if (!known)
        s->dead[s->dead_count++] = (struct par_standby__dead){dead, boot, after};
    pthread_mutex_unlock(&s->lock);
    if (!known)
        par_service_wake(&s->service);
}

/* Takes those whose time has come at `now`; *next_ms_r: how long until the next one's. */
static size_t take_due(struct par_standby *s, uint64_t now, uint64_t users[TOGETHER],
                       int64_t *next_ms_r)
{
    size_t n = 0;
    pthread_mutex_lock(&s->lock);
    while (n < TOGETHER && s->count && s->users[s->first].due_ms <= now) {
        users[n++] = s->users[s->first].user;
        s->first = (s->first + 1) % s->room;
        s->count--;
    }
    *next_ms_r = s->count ? (int64_t)(s->users[s->first].due_ms - now) : -1;
    if (*next_ms_r < -1)
        *next_ms_r = 0;
    pthread_mutex_unlock(&s->lock);
    return n;
}

static bool next_dead(struct par_standby *s, struct par_standby__dead *dead_r)
{
    pthread_mutex_lock(&s->lock);
    bool any = s->dead_count > 0;
    if (any)
        *dead_r = s->dead[0];
    pthread_mutex_unlock(&s->lock);
    return any;
}

static void forget_dead(struct par_standby *s)
{
    pthread_mutex_lock(&s->lock);
    s->dead_count--;
    memmove(s->dead, s->dead + 1, s->dead_count * sizeof s->dead[0]);
    pthread_mutex_unlock(&s->lock);
}

/* Looks at whose time has come; returns how long until the next one's. */
static int64_t look_at_due(struct par_standby *s)
{
    uint64_t users[TOGETHER];
    int64_t next_ms;
    size_t n = take_due(s, par_mono_ms(), users, &next_ms);
    if (n == 0)
        return next_ms;
    if (par_standby__look(s, users, n)) {
        par_standby__looked_at(s, users, n);
        return 0;
    }
    /* To the end of the list: what fails for all must not look at one again and again. */
    for (size_t i = 0; i < n; i++)
        add(s, users[i], GRACE_MS);
    return PAR_STANDBY_RETRY_MS;
}

bool par_standby_stood_in(struct par_server *server, uint64_t dead, uint64_t boot)
{
    struct par_standby *s = server->standby;
    bool found = false;
    if (!s)
        return false;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->past_count; i++)
        found |= s->past[i].dead.server == dead && s->past[i].dead.boot == boot;
    pthread_mutex_unlock(&s->lock);
    return found;
}

static void keep(struct par_standby *s, const struct par_standby__dead *dead)
{
    uint64_t now = par_mono_ms(), lease = (uint64_t)s->server->config->route.lease_ms;
    size_t i = 0;
    pthread_mutex_lock(&s->lock);
    while (i < s->past_count && s->past[i].dead.server != dead->server)
        i++;
    if (i == PAR_STANDBY_DEAD_MAX)
        i = 0; /* the oldest; it is stood in for again */
    else if (i == s->past_count)
        s->past_count++;
    s->past[i] = (struct par_standby__past){
        .dead = *dead, .due_ms = now + LOOK_BACK_MS, .until_ms = now + lease + LOOK_BACK_MS};
    pthread_mutex_unlock(&s->lock);
}

/* Looks at one whose time has come, and has it leave the ring when its routes have ended. False: it
 * is dealt with. */
static bool look_back_at(struct par_standby *s, struct par_standby__past *past)
{
    struct par_route *route = s->server->route;
    if (!par_standby__look_back(s, &past->dead))
        return false;
    if (par_mono_ms() >= past->until_ms &&
        !par_route_bye(route, past->dead.server, past->dead.boot))
        return false;
    past->due_ms = par_mono_ms() + LOOK_BACK_MS;
    return true;
}

/* Returns how long until one has to be looked at again; -1: there is none. Only this thread changes
 * the list. */
static int64_t look_back(struct par_standby *s)
{
    int64_t rest_ms = -1;
    for (size_t i = 0; i < s->past_count;) {
        struct par_standby__past past = s->past[i];
        bool on = past.due_ms > par_mono_ms() || look_back_at(s, &past);
        pthread_mutex_lock(&s->lock);
        if (on)
            s->past[i] = past;
        else
            memmove(s->past + i, s->past + i + 1, (--s->past_count - i) * sizeof past);
        pthread_mutex_unlock(&s->lock);
        if (!on)
            continue;
        uint64_t now = par_mono_ms();
        int64_t left = past.due_ms > now ? (int64_t)(past.due_ms - now) : 0;
        rest_ms = rest_ms < 0 || left < rest_ms ? left : rest_ms;
        i++;
    }
    return rest_ms;
}

/* The users of before a crash get their time to come back, though others wake the thread. */
static bool grace(struct par_standby *s)
{
    uint64_t end = par_mono_ms() + GRACE_MS, now;
    while ((now = par_mono_ms()) < end && par_service_rest(&s->service, (int64_t)(end - now)))
        ;
    return !par_service_stopping(&s->service);
}

/* Those who have missed nothing, or are connected to another server by now, are done with; for the
 * others there is who stands in. */
static bool look_at_last(struct par_standby *s)
{
    uint64_t users[TOGETHER], until = par_mono_ms() + LAST_MS;
    int64_t next_ms;
    bool all = true;
    size_t n;
    while (par_mono_ms() < until && (n = take_due(s, UINT64_MAX, users, &next_ms)) > 0) {
        for (size_t i = 0; i < n; i++) {
            if (par_standby__look_last(s, users + i, 1))
                par_standby__looked_at(s, users + i, 1);
            else
                all = false;
        }
    }
    return all && s->count == 0;
}

static void run(void *arg)
{
    struct par_standby *s = arg;
    if (s->crashed && grace(s))
        s->crashed = !par_standby__after_crash(s);
    while (!par_service_stopping(&s->service)) {
        struct par_standby__dead dead;
        if (next_dead(s, &dead)) {
            if (par_standby__stand_in(s, &dead))
                keep(s, &dead);
            forget_dead(s);
        }
        int64_t rest_ms = look_at_due(s), back_ms = look_back(s);
        if (back_ms >= 0 && (rest_ms < 0 || back_ms < rest_ms))
            rest_ms = back_ms;
        if (rest_ms && !next_dead(s, &dead))
            (void)par_service_rest(&s->service, rest_ms);
    }
    s->settled = look_at_last(s) && !s->crashed;
}

enum par_err par_standby_open(struct par_server *server, bool crashed,
                              struct par_standby **standby_r)
{
    *standby_r = NULL;
    struct par_standby *s = calloc(1, sizeof *s);
    if (!s)
        return PAR_E_UNAVAILABLE;
    s->server = server;
    s->crashed = crashed;
    pthread_mutex_init(&s->lock, NULL);
    *standby_r = s;
    enum par_err err = par_service_start(&s->service, "standby", run, s);
    if (err)
        (void)par_standby_close(standby_r);
    return err;
}

bool par_standby_close(struct par_standby **standby)
{
    struct par_standby *s = *standby;
    if (!s)
        return true;
    par_service_stop(&s->service);
    bool settled = s->settled;
    pthread_mutex_destroy(&s->lock);
    free(s->users);
    free(s);
    *standby = NULL;
    return settled;
}

void par_standby_stats(struct par_standby *s, struct par_standby_stats *stats_r)
{
    *stats_r = (struct par_standby_stats){.taken_over = atomic_load(&s->taken_over),
                                          .forwarded = atomic_load(&s->forwarded),
                                          .pushes = atomic_load(&s->pushes),
                                          .dropped = atomic_load(&s->dropped)};
    pthread_mutex_lock(&s->lock);
    stats_r->waiting = s->count;
    pthread_mutex_unlock(&s->lock);
}
