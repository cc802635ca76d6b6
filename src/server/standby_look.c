/* What users missed: push jobs for those who are connected nowhere and have not had all. */
#include "server/standby_private.h"

#include "base/log.h"
#include "base/mutant.h"
#include "conv/read.h"
#include "store/key.h"

#include <stdlib.h>

struct look {
    struct par_standby *s;
    struct par_route_hits hits;
    bool last; /* this server ends */
    bool failed;
    bool missed; /* something that is left for another to push */
};

static void push(void *arg, const struct par_push_job *job)
{
    struct look *l = arg;
    if (PAR_MUTANT(PUSH_FORGOTTEN))
        return;
    if (l->last && par_route_remote(l->s->server->route)) {
        l->missed = true;
        return;
    }
    atomic_fetch_add(&l->s->pushes, 1);
    if (par_queue_push_job(l->s->server->queue, job))
        l->failed = true;
}

/* A local queue has nothing to end: what it hands on is there. */
static bool flush(struct look *l)
{
    struct par_queue *queue = l->s->server->queue;
    return !l->failed && (!par_queue_remote(queue) || !par_queue_deliver_flush(queue));
}

enum place { NOWHERE = 0, CONNECTED, LEAVING };

/* A route to this server counts as far as the directory knows of it. While it is there, though, the
 * look is not done: another server that they leave, too, may see it and leave the look to this one.
 * So of servers that they leave together the one whose route goes last finds none. */
static enum place place_of(struct look *l, uint64_t user, size_t index)
{
    enum place place = NOWHERE;
    if (par_directory_has(l->s->server->directory, user))
        return CONNECTED;
    for (size_t i = 0; i < l->hits.count && place != LEAVING; i++) {
        if (l->hits.hit[i].index == index)
            place = l->hits.hit[i].server == l->s->server->id ? LEAVING : CONNECTED;
    }
    return place;
}

static void look_at(struct look *l, uint64_t user)
{
    struct par_arena arena = {0};
    struct par_reader reader = {.store = l->s->server->store, .arena = &arena};
    enum par_err err = par_read_missed(&reader, user, push, l);
    /* A damaged row is damaged the next time, too. */
    if (err == PAR_E_INTERNAL)
        par_log_error("standby.look", PAR_KV("user", user), PAR_KV("why", reader.message));
    else if (err)
        l->failed = true;
    par_arena_fini(&arena);
}

static void look_at_one(struct look *l, uint64_t user, size_t index)
{
    enum place place = place_of(l, user, index);
    if (place == NOWHERE)
        look_at(l, user);
    else if (place == LEAVING && l->last)
        l->missed = true;
    else if (place == LEAVING)
        par_standby_missed(l->s->server, user);
}

static bool look(struct look *l, const uint64_t *users, size_t count)
{
    struct par_route *route = l->s->server->route;
    if (par_route_remote(route) && par_route_lookup(route, users, count, &l->hits))
        l->failed = true;
    for (size_t i = 0; i < count && !l->failed; i++) {
        if (!l->last && par_service_stopping(&l->s->service))
            l->failed = true;
        else
            look_at_one(l, users[i], i);
    }
    bool ok = flush(l) && !l->missed;
    par_route_hits_fini(&l->hits);
    return ok;
}

bool par_standby__look(struct par_standby *s, const uint64_t *users, size_t count)
{
    struct look l = {.s = s};
    return look(&l, users, count);
}

bool par_standby__look_last(struct par_standby *s, const uint64_t *users, size_t count)
{
    struct look l = {.s = s, .last = true};
    return look(&l, users, count);
}

void par_standby__looked_at(struct par_standby *s, const uint64_t *users, size_t count)
{
    struct par_server *server = s->server;
    if (par_route_forget(server->route, users, count, server->id, server->boot))
        par_log_debug("standby.not_forgotten", PAR_KV("users", count));
}

/* ---- after a crash of an embedded server (E6) ---- */

/* The batch that was durable and perhaps not released is among the newest commands, and so is what
 * was in a socket when the machine went: as many as a takeover looks at (W2d). */
enum { NEWEST = 4096, PAGE = 1000 };

static bool newest_stamp(struct par_server *server, uint64_t *from_r)
{
    struct par_arena arena = {0};
    struct par_key key = par_key_number(0);
    struct par_str value;
    struct par_checkpoint row = {0};
    int found =
        par_store_get_in(server->store, PAR_T_CHECKPOINTS, par_key_str(&key), &arena, &value);
    bool ok = found > 0 && par_checkpoint_decode(value, &row);
    *from_r =
        par_stamp((uint16_t)row.generation, row.position > NEWEST ? row.position - NEWEST : 0);
    par_arena_fini(&arena);
    return ok;
}

static void members_of(struct look *l, struct par_reader *reader, const struct par_conv *conv)
{
    uint64_t *users;
    size_t n;
    if (par_read_member_ids(reader, conv, &users, &n))
        return;
    for (size_t i = 0; i < n; i++) {
        if (place_of(l, users[i], 0) != CONNECTED &&
            par_read_missed_in(reader, users[i], conv, push, l))
            par_log_warn("standby.not_looked", PAR_KV("user", users[i]));
    }
}

bool par_standby__after_crash(struct par_standby *s)
{
    struct look l = {.s = s};
    struct par_store *store = s->server->store;
    struct par_buf from = {0};
    uint64_t newest;
    size_t looked = 0;
    bool more = newest_stamp(s->server, &newest);
    while (more && !par_service_stopping(&s->service)) {
        struct par_arena arena = {0};
        struct par_reader reader = {.store = store, .arena = &arena};
        struct par_store_row *rows = NULL;
        if (par_store_scan_in(store, PAR_T_CONVERSATIONS, par_buf_str(&from), (struct par_str){0},
                              PAGE, 0, &arena, &rows, &more))
            more = false;
        for (; rows; rows = rows->next) {
            struct par_conversation row;
            struct par_conv conv;
            par_buf_clear(&from);
            par_buf_add_str(&from, rows->key);
            par_buf_add_u8(&from, 0);
            if (par_conversation_decode(rows->value, &row) && row.last_stamp >= newest &&
                par_key_parse_conv(rows->key, &conv)) {
                looked++;
                members_of(&l, &reader, &conv);
            }
        }
        par_arena_fini(&arena);
    }
    bool done = flush(&l) && !par_service_stopping(&s->service);
    par_buf_fini(&from);
    par_log_info("standby.after_crash", PAR_KV("conversations", looked),
                 PAR_KV("pushes", atomic_load(&s->pushes)));
    return done;
}
