/* Unit tests only: the scheduler of writers, with their engines. */
#include "conv/test_cluster.h"

#include "base/mutant.h"
#include "conv/delivery_codec.h"
#include "loop/env_ops.h"
#include "store/key.h"
#include "store/record.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- threads that run one at a time ---- */

struct actor {
    struct owner *owner;
    pthread_t thread;
    par_thread_fn fn;
    void *arg;
    bool at_gate, granted, done;
    uint64_t wake_ms; /* it has nothing to do before */
    bool idle;        /* it waits for a command */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static _Thread_local struct actor *self;
static struct cluster *world;
static struct owner *starting;
static uint64_t now_ns, env_dice;

static void gate(void)
{
    if (!self)
        return;
    pthread_mutex_lock(&lock);
    self->at_gate = true;
    pthread_cond_broadcast(&turn);
    while (!self->granted)
        pthread_cond_wait(&turn, &lock);
    self->granted = self->at_gate = false;
    pthread_mutex_unlock(&lock);
}

/* From the gate it is at to the next, or to its end. */
static void grant(struct actor *a)
{
    pthread_mutex_lock(&lock);
    while (!a->at_gate && !a->done)
        pthread_cond_wait(&turn, &lock);
    if (!a->done) {
        a->granted = true;
        a->at_gate = false;
        pthread_cond_broadcast(&turn);
        while (!a->at_gate && !a->done)
            pthread_cond_wait(&turn, &lock);
    }
    pthread_mutex_unlock(&lock);
}

static void *body(void *arg)
{
    self = arg;
    gate();
    self->fn(self->arg);
    pthread_mutex_lock(&lock);
    self->done = true;
    pthread_cond_broadcast(&turn);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static enum par_err thread_start(const char *name, par_thread_fn fn, void *arg,
                                 struct par_thread **thread_r)
{
    struct actor *a = calloc(1, sizeof *a);
    (void)name;
    a->fn = fn;
    a->arg = arg;
    a->owner = starting;
    starting->actor = a;
    assert_int_equal(pthread_create(&a->thread, NULL, body, a), 0);
    *thread_r = (struct par_thread *)a;
    return PAR_OK;
}

static void thread_join(struct par_thread **thread)
{
    struct actor *a = (struct actor *)*thread;
    while (!a->done) {
        grant(a);
        now_ns += 1000000;
    }
    pthread_join(a->thread, NULL);
    a->owner->actor = NULL;
    free(a);
    *thread = NULL;
}

static int64_t wall_us(void)
{
    return (int64_t)(now_ns / 1000);
}

static uint64_t mono_ns(void)
{
    return now_ns;
}

static uint64_t roll(uint64_t *dice)
{
    *dice ^= *dice << 13;
    *dice ^= *dice >> 7;
    *dice ^= *dice << 17;
    return *dice >> 11;
}

static void env_random(void *buf, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)buf)[i] = (uint8_t)roll(&env_dice);
}

/* Waits at the gate until there is something to do or the time is over. */
static void wait_ms(int64_t timeout_ms, bool idle)
{
    if (!self)
        return;
    self->wake_ms = timeout_ms < 0 ? UINT64_MAX : now_ns / 1000000 + (uint64_t)timeout_ms;
    self->idle = idle;
    gate();
    self->wake_ms = 0;
    self->idle = false;
}

static void park(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ms)
{
    if (atomic_load(word) == expected)
        wait_ms(timeout_ms, false);
}

static void unpark(_Atomic uint32_t *word)
{
    (void)word;
}

static const struct par_env_ops env = {
    .wall_us = wall_us,
    .mono_ns = mono_ns,
    .random = env_random,
    .thread_start = thread_start,
    .thread_join = thread_join,
    .park = park,
    .unpark = unpark,
};

/* ---- the engines ---- */

static bool chance(uint32_t per_mille)
{
    return self && per_mille && cluster_below(world, 1000) < per_mille;
}

static bool dead(void)
{
    return self && self->owner->dead;
}

static uint64_t below(uint64_t n)
{
    return cluster_below(world, n);
}

static void wait_record(int64_t timeout_ms)
{
    wait_ms(timeout_ms, true);
}

static struct test_log_reader *opened(void)
{
    return &starting->reader;
}

static struct sent *add_sent(struct owner *by)
{
    if (world->sent_count == world->sent_cap) {
        world->sent_cap = world->sent_cap ? world->sent_cap * 2 : 256;
        world->sent = realloc(world->sent, world->sent_cap * sizeof *world->sent);
        assert_non_null(world->sent);
    }
    struct sent *s = &world->sent[world->sent_count++];
    *s = (struct sent){.by = by};
    return s;
}

bool cluster_decode(const struct sent *s, struct par_arena *arena, struct par_delivery *d_r)
{
    struct par_cursor cur = par_cursor(par_str_of(s->bytes, s->len));
    return s->bytes && par_delivery_next(&cur, arena, d_r);
}

/* Each delivery of the record is kept by itself. */
static enum par_err log_send(struct test_log_reader *r, uint64_t server, struct par_str bytes)
{
    size_t open = 0;
    for (size_t i = 0; i < world->sent_count; i++)
        open += world->sent[i].by == (struct owner *)r && !world->sent[i].confirmed;
    if (dead() || (world->room && open >= world->room))
        return PAR_E_UNAVAILABLE;
    struct par_arena arena = {0};
    struct par_cursor cur = par_cursor(bytes);
    do {
        const uint8_t *from = cur.pos;
        struct par_delivery d;
        assert_true(par_delivery_next(&cur, &arena, &d));
        struct sent *s = add_sent((struct owner *)r);
        s->server = server;
        s->len = (size_t)(cur.pos - from);
        s->bytes = malloc(s->len);
        memcpy(s->bytes, from, s->len);
    } while (par_cursor_left(&cur));
    par_arena_fini(&arena);
    return PAR_OK;
}

static enum par_err log_push(struct test_log_reader *r, const struct par_push_job *job)
{
    if (dead())
        return PAR_E_UNAVAILABLE;
    struct sent *s = add_sent((struct owner *)r);
    s->push = *job;
    s->push.text = (struct par_str){0};
    return PAR_OK;
}

/* Persist before ack: what is told is in the store. */
static void check_sent(const struct sent *s)
{
    struct par_delivery d;
    struct par_arena arena = {0};
    assert_true(cluster_decode(s, &arena, &d));
    uint64_t seq = d.kind == PAR_DELIVERY_ANSWER && d.err == PAR_OK ? d.seq
                   : d.kind == PAR_DELIVERY_ENTRY                   ? d.entry->seq
                                                                    : 0;
    if (seq) {
        struct par_key key = par_key_entry(&d.conv, seq);
        assert_true(test_rows_has(PAR_T_ENTRIES, par_key_str(&key)));
    }
    par_arena_fini(&arena);
}

/* OK: all since the last is in the log; else some of it is. */
static enum par_err log_flush(struct test_log_reader *r)
{
    gate();
    bool ok = !dead() && !chance(world->flush_fails);
    size_t n = 0;
    for (size_t i = 0; i < world->sent_count; i++) {
        struct sent *s = &world->sent[i];
        bool open = s->by == (struct owner *)r && !s->confirmed;
        if (open && s->bytes)
            check_sent(s);
        if (open && !ok && cluster_below(world, 2)) {
            free(s->bytes);
            continue;
        }
        if (open)
            s->confirmed = true;
        world->sent[n++] = *s;
    }
    world->sent_count = n;
    return ok ? PAR_OK : PAR_E_UNAVAILABLE;
}

static const struct test_rows_hooks rows_hooks = {
    .gate = gate, .dead = dead, .below = below, .chance = chance};
static const struct test_log_hooks log_hooks = {
    .opened = opened,
    .gate = gate,
    .wait_ms = wait_record,
    .dead = dead,
    .below = below,
    .chance = chance,
    .send = log_send,
    .push = log_push,
    .flush = log_flush,
};

static struct par_store *open_store(void)
{
    struct par_store *store;
    assert_int_equal(par_store_open(&(struct par_store_options){.driver = "rows"}, &store, NULL),
                     PAR_OK);
    return store;
}

struct par_store *cluster_store(struct cluster *c)
{
    (void)c;
    return open_store();
}

/* ---- the world ---- */

uint64_t cluster_below(struct cluster *c, uint64_t n)
{
    return roll(&c->dice) % n;
}

#ifdef PARLEY_SIM
enum par_mutant par_mutant;
#endif

void cluster_plant(void)
{
#ifdef PARLEY_SIM
    static const char *const names[] = {
        "NONE",
#define X(name, what) #name,
#include "parley/tbl/mutants.h"
#undef X
    };
    const char *asked = getenv("PARLEY_MUTANT");
    for (int i = 0; asked && i < PAR_MUTANT_COUNT; i++)
        if (strcmp(names[i], asked) == 0)
            par_mutant = (enum par_mutant)i;
#endif
}

void cluster_init(struct cluster *c, uint64_t seed)
{
    *c = (struct cluster){.dice = seed * 0x9E3779B97F4A7C15u + 1};
    world = c;
    now_ns = 1000000000;
    env_dice = c->dice ^ 0x5555;
    test_rows_install(&rows_hooks);
    test_log_install(&log_hooks);
    par_env_install(&env);
}

void cluster_fini(struct cluster *c)
{
    for (size_t i = 0; i < c->owner_count; i++) {
        struct owner *o = &c->owner[i];
        if (o->writer) {
            o->dead = true;
            par_writer_stop(&o->writer);
        }
        par_queue_close(&o->queue);
        par_route_close(&o->route);
        par_store_close(&o->store);
    }
    test_rows_remove();
    test_log_remove();
    for (size_t i = 0; i < c->sent_count; i++)
        free(c->sent[i].bytes);
    free(c->sent);
    world = NULL;
    par_env_install(NULL);
}

uint64_t cluster_append(struct cluster *c, const struct par_command *command)
{
    struct par_buf bytes = {0};
    (void)c;
    par_command_encode(command, &bytes);
    uint64_t offset = test_log_append(par_buf_str(&bytes));
    par_buf_fini(&bytes);
    return offset;
}

struct owner *cluster_own(struct cluster *c)
{
    assert_true(c->owner_count < CLUSTER_OWNERS);
    struct owner *o = &c->owner[c->owner_count++];
    struct par_writer_config config = {
        .partition = test_log.partition, .cache_convs = 3, .marks_merge_ms = 30, .others_ms = 60};
    *o = (struct owner){.cluster = c};
    starting = o;
    o->store = open_store();
    assert_int_equal(par_queue_open(&(struct par_queue_config){.driver = "testlog"}, &o->queue),
                     PAR_OK);
    assert_int_equal(par_route_open(&(struct par_route_config){.driver = "local"}, &o->route),
                     PAR_OK);
    /* Odd users are on server 7, some of them on 8, too; even ones have no route. */
    for (uint64_t user = 1; user <= CLUSTER_USERS; user += 2) {
        assert_int_equal(par_route_register(o->route, user, 7, 1), PAR_OK);
        if (user % 4 == 1)
            assert_int_equal(par_route_register(o->route, user, 8, 1), PAR_OK);
    }
    assert_int_equal(par_writer_start(&config, o->store, o->queue, o->route, &o->writer), PAR_OK);
    return o;
}

void cluster_pass(struct cluster *c, uint64_t ms)
{
    (void)c;
    now_ns += ms * 1000000;
}

bool cluster_step(struct cluster *c, struct owner *o)
{
    struct actor *a = o->actor;
    if (!a || a->done)
        return false;
    bool in_vain = a->idle && o->reader.position >= test_log_end() && !o->reader.wake;
    uint64_t now = now_ns / 1000000;
    if (in_vain && a->wake_ms > now + 2000)
        return false;
    if (a->wake_ms > now && (in_vain || !a->idle))
        cluster_pass(c, a->wake_ms - now);
    grant(a);
    cluster_pass(c, cluster_below(c, 3));
    return !a->done;
}

void cluster_finish(struct cluster *c, struct owner *o)
{
    while (cluster_step(c, o))
        ;
}

void cluster_kill(struct cluster *c, struct owner *o)
{
    (void)c;
    o->dead = true;
    par_writer_stop(&o->writer);
}
