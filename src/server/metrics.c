/* The metrics page's sampled values. */
#include "server/metrics.h"

#include "base/stats.h"
#include "proto/op.h"
#include "search/follow.h"
#include "server/front.h"
#include "server/inbox.h"
#include "server/ledger.h"
#include "server/owners.h"
#include "server/standby.h"
#include "server/waker.h"

#include <stdlib.h>

enum { MAX_SOURCES = 96 };

struct par_metrics {
    struct par_stats_source sources[MAX_SOURCES];
    size_t count;
    struct par_server *server;
};

#define SERVER(arg) (((struct par_metrics *)(arg))->server)

static int64_t websockets(void *arg)
{
    return (int64_t)atomic_load(&SERVER(arg)->clients);
}

static int64_t plain_http(void *arg)
{
    int64_t n = (int64_t)atomic_load(&SERVER(arg)->connections) - websockets(arg);
    return n > 0 ? n : 0;
}

static int64_t polls(void *arg)
{
    int64_t n = 0;
    for (unsigned i = 0; i < SERVER(arg)->reactor_count; i++)
        n += __atomic_load_n(&SERVER(arg)->reactors[i]->poll_count, __ATOMIC_RELAXED);
    return n;
}

static int64_t users_online(void *arg)
{
    return (int64_t)par_directory_users(SERVER(arg)->directory);
}

#define LOOP_SUM(name, field)                                                                      \
    static int64_t name(void *arg)                                                                 \
    {                                                                                              \
        int64_t n = 0;                                                                             \
        for (unsigned i = 0; i < SERVER(arg)->reactor_count; i++) {                                \
            struct par_loop_stats stats;                                                           \
            par_loop_stats(SERVER(arg)->reactors[i]->loop, &stats);                                \
            n += (int64_t)stats.field;                                                             \
        }                                                                                          \
        return n;                                                                                  \
    }
LOOP_SUM(output_queued, queued_bytes)
LOOP_SUM(output_memory, output_memory)
LOOP_SUM(bytes_in, bytes_in)
LOOP_SUM(bytes_out, bytes_out)
LOOP_SUM(writes, writes)
LOOP_SUM(turns, turns)
LOOP_SUM(wakes, wakes)

static int64_t one(void *arg)
{
    (void)arg;
    return 1;
}

#define REACTOR_SUM(name, bytes)                                                                   \
    static int64_t name(void *arg)                                                                 \
    {                                                                                              \
        int64_t n = 0;                                                                             \
        for (unsigned i = 0; i < SERVER(arg)->reactor_count; i++) {                                \
            struct par_reactor *r = SERVER(arg)->reactors[i];                                      \
            n += (int64_t)(bytes);                                                                 \
        }                                                                                          \
        return n;                                                                                  \
    }
REACTOR_SUM(client_bytes, par_slab_bytes(&r->client_slab))
REACTOR_SUM(client_items, par_slab_live(&r->client_slab))
REACTOR_SUM(websocket_bytes, par_ws_memory(&r->ws))
REACTOR_SUM(http_bytes, par_http_memory(&r->http))

static int64_t mailbox_depth(void *arg)
{
    int64_t n = 0;
    for (unsigned i = 0; i < SERVER(arg)->reactor_count; i++)
        n += par_mailbox_depth(&SERVER(arg)->reactors[i]->mailbox);
    return n;
}

#define QUEUE_VALUE(name, field)                                                                   \
    static int64_t name(void *arg)                                                                 \
    {                                                                                              \
        struct par_queue_stats stats;                                                              \
        par_queue_stats(SERVER(arg)->queue, &stats);                                               \
        return (int64_t)stats.field;                                                               \
    }
QUEUE_VALUE(commands_depth, waiting_records)
QUEUE_VALUE(commands_limit, max_records)
QUEUE_VALUE(commands_refused, overloaded)
QUEUE_VALUE(commands_passed, taken)
QUEUE_VALUE(commands_bytes, waiting_bytes)
QUEUE_VALUE(commands_bytes_limit, max_bytes)

#define POOL_VALUE(name, pool, field)                                                              \
    static int64_t name(void *arg)                                                                 \
    {                                                                                              \
        struct par_pool_stats stats;                                                               \
        par_pool_stats(SERVER(arg)->pool, &stats);                                                 \
        return (int64_t)stats.field;                                                               \
    }
POOL_VALUE(workers_depth, workers, depth)
POOL_VALUE(workers_limit, workers, limit)
POOL_VALUE(workers_refused, workers, refused)
POOL_VALUE(workers_passed, workers, done)
POOL_VALUE(hashers_depth, hashers, depth)
POOL_VALUE(hashers_limit, hashers, limit)
POOL_VALUE(hashers_refused, hashers, refused)
POOL_VALUE(hashers_passed, hashers, done)
POOL_VALUE(searchers_depth, searchers, depth)
POOL_VALUE(searchers_limit, searchers, limit)
POOL_VALUE(searchers_refused, searchers, refused)
POOL_VALUE(searchers_passed, searchers, done)

#define FOLLOW_VALUE(name, field)                                                                  \
    static int64_t name(void *arg)                                                                 \
    {                                                                                              \
        struct par_follow_stats stats;                                                             \
        par_follow_stats(SERVER(arg)->follow, &stats);                                             \
        return (int64_t)stats.field;                                                               \
    }
FOLLOW_VALUE(index_depth, waiting)
FOLLOW_VALUE(index_limit, limit)
FOLLOW_VALUE(index_refused, refused)
FOLLOW_VALUE(index_passed, passed)
FOLLOW_VALUE(search_lag, lag)
FOLLOW_VALUE(search_sweeps, sweeps)

#define WRITER_VALUE(name, field)                                                                  \
    static int64_t name(void *arg)                                                                 \
    {                                                                                              \
        struct par_writer_stats stats;                                                             \
        par_owners_stats(SERVER(arg)->owners, &stats);                                             \
        return (int64_t)stats.field;                                                               \
    }
WRITER_VALUE(state_bytes, cache_bytes)
WRITER_VALUE(state_bytes_max, cache_bytes_max)
WRITER_VALUE(state_items, cache_convs)
WRITER_VALUE(pending_marks, pending_marks)
WRITER_VALUE(pending_marks_max, pending_marks_max)

#define OWNERS_VALUE(name, field)                                                                  \
    static int64_t name(void *arg)                                                                 \
    {                                                                                              \
        struct par_owners_count count;                                                             \
        par_owners_count(SERVER(arg)->owners, &count);                                             \
        return (int64_t)count.field;                                                               \
    }
OWNERS_VALUE(partitions_owned, partitions)
OWNERS_VALUE(partitions_written, writers)
OWNERS_VALUE(partitions_replaced, replaced)
OWNERS_VALUE(partitions_halted, halted)

static int64_t missed_depth(void *arg)
{
    struct par_standby_stats stats;
    par_standby_stats(SERVER(arg)->standby, &stats);
    return (int64_t)stats.waiting;
}

#define WAKER_VALUE(name, field)                                                                   \
    static int64_t name(void *arg)                                                                 \
    {                                                                                              \
        struct par_waker_stats stats;                                                              \
        par_waker_stats(SERVER(arg)->waker, &stats);                                               \
        return (int64_t)stats.field;                                                               \
    }
WAKER_VALUE(pushes_depth, depth)
WAKER_VALUE(pushes_limit, limit)
WAKER_VALUE(pushes_refused, refused)
WAKER_VALUE(pushes_passed, passed)

#define LEDGER_VALUE(name, field)                                                                  \
    static int64_t name(void *arg)                                                                 \
    {                                                                                              \
        struct par_ledger_stats stats;                                                             \
        par_ledger_stats(SERVER(arg)->ledger, &stats);                                             \
        return (int64_t)stats.field;                                                               \
    }
LEDGER_VALUE(ledger_depth, depth)
LEDGER_VALUE(ledger_limit, limit)
LEDGER_VALUE(ledger_refused, refused)
LEDGER_VALUE(ledger_passed, passed)

#define PRESENCE_VALUE(name, field)                                                                \
    static int64_t name(void *arg)                                                                 \
    {                                                                                              \
        struct par_presence_stats stats;                                                           \
        par_presence_stats(SERVER(arg)->presence, &stats);                                         \
        return (int64_t)stats.field;                                                               \
    }
PRESENCE_VALUE(presence_depth, waiting)
PRESENCE_VALUE(presence_limit, max_waiting)
PRESENCE_VALUE(presence_refused, refused)

static int64_t inbox_passed(void *arg)
{
    struct par_inbox_stats stats;
    par_inbox_stats(SERVER(arg)->inbox, &stats);
    return (int64_t)stats.taken;
}

static int64_t store_ready(void *arg)
{
    const char *why;
    return par_server_ready(SERVER(arg), &why);
}

#define STORE_VALUE(name, field)                                                                   \
    static int64_t name(void *arg)                                                                 \
    {                                                                                              \
        struct par_store_stats stats;                                                              \
        par_store_stats(SERVER(arg)->store, &stats);                                               \
        return (int64_t)stats.field;                                                               \
    }
STORE_VALUE(store_free, free_bytes)
STORE_VALUE(store_size, disk_bytes)
STORE_VALUE(store_memory, memory_bytes)

static int64_t draining(void *arg)
{
    return par_server_phase(SERVER(arg)) >= PAR_SERVER_DRAINING;
}

static int64_t cache_bytes(void *arg)
{
    struct par_cache_stats stats;
    par_cache_stats(SERVER(arg)->cache, &stats);
    return (int64_t)stats.bytes;
}

static int64_t cache_limit(void *arg)
{
    struct par_cache_stats stats;
    par_cache_stats(SERVER(arg)->cache, &stats);
    return (int64_t)stats.max_bytes;
}

/* The words of the label `op`. */
static void name_ops(void)
{
    static const char *names[PAR_OP_COUNT];
    names[PAR_OP_NONE] = "none";
    for (int op = PAR_OP_NONE + 1; op < PAR_OP_COUNT; op++)
        names[op] = par_op_info((enum par_op)op)->name.ptr;
    par_stats_set_ops(names, PAR_OP_COUNT);
}

static void add(struct par_metrics *m, enum par_sampled metric, const char *label,
                par_stats_sample_fn sample)
{
    PAR_ASSERT(m->count < MAX_SOURCES);
    struct par_stats_source *source = &m->sources[m->count++];
    *source =
        (struct par_stats_source){.metric = metric, .label = label, .sample = sample, .arg = m};
    par_stats_source_add(source);
}

struct par_metrics *par_metrics_new(struct par_server *server)
{
    struct par_metrics *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->server = server;
    name_ops();
    add(m, PAR_G_CONN_OPEN, "websocket", websockets);
    add(m, PAR_G_CONN_OPEN, "http", plain_http);
    add(m, PAR_G_POLL_SESSIONS, NULL, polls);
    add(m, PAR_G_USERS_ONLINE, NULL, users_online);
    add(m, PAR_G_OUTPUT_BYTES, NULL, output_queued);
    add(m, PAR_G_BYTES_IN, NULL, bytes_in);
    add(m, PAR_G_BYTES_OUT, NULL, bytes_out);
    add(m, PAR_G_WRITES, NULL, writes);
    add(m, PAR_G_LOOP_TURNS, NULL, turns);
    add(m, PAR_G_LOOP_WAKES, NULL, wakes);
    add(m, PAR_G_BUILD_INFO, PARLEY_VERSION, one);
    add(m, PAR_G_QUEUE_DEPTH, "commands", commands_depth);
    add(m, PAR_G_QUEUE_LIMIT, "commands", commands_limit);
    add(m, PAR_G_QUEUE_REFUSED, "commands", commands_refused);
    add(m, PAR_G_QUEUE_PASSED, "commands", commands_passed);
    add(m, PAR_G_QUEUE_DEPTH, "workers", workers_depth);
    add(m, PAR_G_QUEUE_LIMIT, "workers", workers_limit);
    add(m, PAR_G_QUEUE_REFUSED, "workers", workers_refused);
    add(m, PAR_G_QUEUE_PASSED, "workers", workers_passed);
    add(m, PAR_G_QUEUE_DEPTH, "hashers", hashers_depth);
    add(m, PAR_G_QUEUE_LIMIT, "hashers", hashers_limit);
    add(m, PAR_G_QUEUE_REFUSED, "hashers", hashers_refused);
    add(m, PAR_G_QUEUE_PASSED, "hashers", hashers_passed);
    add(m, PAR_G_QUEUE_DEPTH, "searchers", searchers_depth);
    add(m, PAR_G_QUEUE_LIMIT, "searchers", searchers_limit);
    add(m, PAR_G_QUEUE_REFUSED, "searchers", searchers_refused);
    add(m, PAR_G_QUEUE_PASSED, "searchers", searchers_passed);
    add(m, PAR_G_QUEUE_DEPTH, "index", index_depth);
    add(m, PAR_G_QUEUE_LIMIT, "index", index_limit);
    add(m, PAR_G_QUEUE_REFUSED, "index", index_refused);
    add(m, PAR_G_QUEUE_PASSED, "index", index_passed);
    add(m, PAR_G_SEARCH_LAG, NULL, search_lag);
    add(m, PAR_G_SEARCH_SWEEPS, NULL, search_sweeps);
    add(m, PAR_G_QUEUE_DEPTH, "marks", pending_marks);
    add(m, PAR_G_QUEUE_LIMIT, "marks", pending_marks_max);
    add(m, PAR_G_QUEUE_DEPTH, "mailboxes", mailbox_depth);
    add(m, PAR_G_POOL_BYTES, "commands", commands_bytes);
    add(m, PAR_G_POOL_LIMIT, "commands", commands_bytes_limit);
    add(m, PAR_G_POOL_BYTES, "output", output_memory);
    add(m, PAR_G_POOL_BYTES, "clients", client_bytes);
    add(m, PAR_G_POOL_ITEMS, "clients", client_items);
    add(m, PAR_G_POOL_BYTES, "websockets", websocket_bytes);
    add(m, PAR_G_POOL_BYTES, "http", http_bytes);
    add(m, PAR_G_POOL_BYTES, "writer", state_bytes);
    add(m, PAR_G_POOL_LIMIT, "writer", state_bytes_max);
    add(m, PAR_G_POOL_ITEMS, "writer", state_items);
    add(m, PAR_G_POOL_BYTES, "cache", cache_bytes);
    add(m, PAR_G_POOL_LIMIT, "cache", cache_limit);
    add(m, PAR_G_POOL_BYTES, "store", store_memory);
    add(m, PAR_G_QUEUE_DEPTH, "missed", missed_depth);
    add(m, PAR_G_QUEUE_PASSED, "inbox", inbox_passed);
    add(m, PAR_G_QUEUE_DEPTH, "pushes", pushes_depth);
    add(m, PAR_G_QUEUE_LIMIT, "pushes", pushes_limit);
    add(m, PAR_G_QUEUE_REFUSED, "pushes", pushes_refused);
    add(m, PAR_G_QUEUE_PASSED, "pushes", pushes_passed);
    add(m, PAR_G_QUEUE_DEPTH, "ledger", ledger_depth);
    add(m, PAR_G_QUEUE_LIMIT, "ledger", ledger_limit);
    add(m, PAR_G_QUEUE_REFUSED, "ledger", ledger_refused);
    add(m, PAR_G_QUEUE_PASSED, "ledger", ledger_passed);
    if (par_presence_remote(server->presence)) {
        add(m, PAR_G_QUEUE_DEPTH, "presence", presence_depth);
        add(m, PAR_G_QUEUE_LIMIT, "presence", presence_limit);
        add(m, PAR_G_QUEUE_REFUSED, "presence", presence_refused);
    }
    add(m, PAR_G_PARTITIONS, "owned", partitions_owned);
    add(m, PAR_G_PARTITIONS, "written", partitions_written);
    add(m, PAR_G_PARTITIONS, "replaced", partitions_replaced);
    add(m, PAR_G_PARTITIONS, "halted", partitions_halted);
    add(m, PAR_G_STORE_READY, NULL, store_ready);
    add(m, PAR_G_STORE_FREE, NULL, store_free);
    add(m, PAR_G_STORE_SIZE, NULL, store_size);
    add(m, PAR_G_DRAINING, NULL, draining);
    return m;
}

void par_metrics_free(struct par_metrics **metrics)
{
    for (size_t i = 0; i < (*metrics)->count; i++)
        par_stats_source_remove(&(*metrics)->sources[i]);
    free(*metrics);
    *metrics = NULL;
}
