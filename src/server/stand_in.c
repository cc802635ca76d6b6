/* Standing in for a dead server: its routes, its inbox, its users. */
#include "server/standby_private.h"

#include "base/log.h"
#include "base/mutant.h"
#include "base/stats.h"
#include "conv/delivery_codec.h"
#include "server/forward.h"

#include <stdlib.h>

/* Writers that read the routes before they were removed have handed over what they release by then.
 */
enum { TAKE = 256, TAKE_MS = 500, LATE_MS = 5000, TOGETHER = 64, MARKS = 3 };

struct stand_in {
    struct par_standby *s;
    struct par_standby__dead dead;
    struct par_forward forward;
    uint64_t mark; /* of the record behind which nothing is to be done */
};

/* It goes on as long as this server is not to stop and the other one has not come back, in a newer
 * life (R5) or in the same: that it is dead is asked anew. */
static bool goes_on(struct stand_in *si)
{
    struct par_server *server = si->s->server;
    uint64_t dead, boot;
    if (par_service_stopping(&si->s->service))
        return false;
    return par_route_dead(server->route, si->dead.after, &dead, &boot) ||
           (dead == si->dead.server && boot == si->dead.boot);
}

static bool rest(struct stand_in *si)
{
    return par_service_rest(&si->s->service, PAR_STANDBY_RETRY_MS) && goes_on(si);
}

/* A record of our own: when it is taken, all that was there before has been taken. For a server
 * that comes back it is a harmless `sync`. */
static bool put_mark(struct stand_in *si)
{
    struct par_server *server = si->s->server;
    struct par_delivery d = {.kind = PAR_DELIVERY_SYNC,
                             .reply = {.server = server->id, .boot = server->boot}};
    struct par_buf bytes = {0};
    d.reply.handle = si->mark = par_random_u64() | 1;
    par_delivery_encode(&d, &bytes);
    bool done = false;
    while (!bytes.failed && !done && goes_on(si)) {
        done = !par_queue_send(server->queue, si->dead.server, par_buf_str(&bytes)) &&
               !par_queue_deliver_flush(server->queue);
        if (!done && !rest(si))
            break;
    }
    par_buf_fini(&bytes);
    return done;
}

static bool is_mark(const struct stand_in *si, const struct par_delivery *d)
{
    return d->kind == PAR_DELIVERY_SYNC && d->reply.handle == si->mark &&
           d->reply.server == si->s->server->id;
}

/* A run of records on its way to where their users are, and confirmed. False: told to end. */
static bool forward_run(struct stand_in *si, const struct par_queue_record *records, size_t n,
                        bool *marked_r)
{
    struct par_arena arena = {0};
    enum par_err err;
    do {
        err = PAR_OK;
        for (size_t i = 0; i < n && !err; i++) {
            struct par_cursor cur = par_cursor(records[i].bytes);
            struct par_delivery d;
            do {
                if (!par_delivery_next(&cur, &arena, &d))
                    break;
                *marked_r |= is_mark(si, &d);
                err = par_forward(&si->forward, &d);
            } while (!err && par_cursor_left(&cur));
        }
        if (!err)
            err = par_forward_flush(&si->forward);
        par_arena_fini(&arena);
    } while (err && rest(si));
    if (err)
        return false;
    atomic_fetch_add(&si->s->forwarded, n);
    (void)par_queue_confirm_inbox(si->s->server->queue, si->dead.server, records[n - 1].offset + 1);
    return true;
}

/* Works its inbox off, up to what is there now. One that is cut off, but lives, takes its inbox
 * itself, and the mark with it: when nothing comes for long another one is put, and after some of
 * them there is nothing left to be done. */
static bool work_off(struct stand_in *si)
{
    struct par_queue_record *records = calloc(TAKE, sizeof *records);
    bool marked = PAR_MUTANT(STANDBY_NO_INBOX), on = records && (marked || put_mark(si));
    uint64_t heard_ms = par_mono_ms();
    for (int marks = 1; on && !marked;) {
        size_t n =
            par_queue_take_inbox(si->s->server->queue, si->dead.server, TAKE, TAKE_MS, records);
        on = n ? forward_run(si, records, n, &marked) && goes_on(si) : goes_on(si);
        if (n)
            heard_ms = par_mono_ms();
        if (!on || par_mono_ms() < heard_ms + LATE_MS || PAR_MUTANT(STANDBY_WAITS_FOR_MARK))
            continue;
        marked = marks++ == MARKS;
        on = marked || put_mark(si);
        heard_ms = par_mono_ms();
    }
    free(records);
    return on;
}

bool par_standby__look_back(struct par_standby *s, const struct par_standby__dead *dead)
{
    struct stand_in si = {.s = s, .dead = *dead};
    struct par_queue_record *records = calloc(TAKE, sizeof *records);
    bool on = goes_on(&si), marked = false;
    size_t n = TAKE;
    par_forward_init(&si.forward, s->server, dead->server, dead->boot);
    while (records && on && n == TAKE) {
        n = par_queue_take_inbox(s->server->queue, dead->server, TAKE, TAKE_MS, records);
        on = !n || forward_run(&si, records, n, &marked);
    }
    par_forward_fini(&si.forward);
    free(records);
    return on;
}

static bool look_at(struct stand_in *si, const uint64_t *users, size_t count)
{
    for (size_t i = 0; i < count;) {
        size_t n = count - i < TOGETHER ? count - i : TOGETHER;
        if (par_standby__look(si->s, users + i, n))
            i += n;
        else if (!rest(si))
            return false;
        if (par_service_stopping(&si->s->service))
            return false;
    }
    return true;
}

static bool wait_for_late(struct stand_in *si)
{
    uint64_t until = par_mono_ms() + LATE_MS;
    while (par_mono_ms() < until) {
        if (!rest(si))
            return false;
    }
    return true;
}

static bool clear_routes(struct stand_in *si, uint64_t **users_r, size_t *count_r)
{
    while (
        par_route_clear(si->s->server->route, si->dead.server, si->dead.boot, users_r, count_r)) {
        if (!rest(si))
            return false;
    }
    return true;
}

bool par_standby__stand_in(struct par_standby *s, const struct par_standby__dead *dead)
{
    struct stand_in si = {.s = s, .dead = *dead};
    struct par_server *server = s->server;
    uint64_t *users = NULL;
    size_t count = 0;
    if (!goes_on(&si))
        return false;
    atomic_fetch_add(&s->taken_over, 1);
    par_stats_inc(PAR_C_TAKEOVERS);
    par_log_warn("standby.takes_over", PAR_KV("server", dead->server), PAR_KV("boot", dead->boot));
    par_forward_init(&si.forward, server, dead->server, dead->boot);
    /* It leaves the ring only when its leases have ended: if we die before, the next one begins
     * again. */
    if (PAR_MUTANT(STANDBY_BYE_EARLY))
        (void)par_route_bye(server->route, dead->server, dead->boot);
    bool done = clear_routes(&si, &users, &count) && work_off(&si) && wait_for_late(&si) &&
                look_at(&si, users, count) && work_off(&si);
    par_log_warn(done ? "standby.took_over" : "standby.left_off", PAR_KV("server", dead->server),
                 PAR_KV("users", count));
    par_forward_fini(&si.forward);
    free(users);
    return done;
}
