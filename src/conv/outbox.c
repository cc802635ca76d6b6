/* What a writer hands to a queue of many machines: kept as bytes until a flush says that all of it
 * is in the log, so that it can be handed over again. The next batch is taken and stored
 * meanwhile; it is handed over when that before is in the log. Deliveries to one server share
 * records: each record costs the brokers as much as ten short deliveries in it. */
#include "conv/writer_private.h"

#include "conv/delivery_codec.h"

#include <stdlib.h>

enum { CHUNK_MAX = 1 << 20, SHARED_MAX = 32 << 10, KEEP_MAX = 4 << 10 };

static struct par_outbox__record *new_record(struct par_outbox *o, uint64_t server, bool push)
{
    if (o->count == o->cap) {
        size_t cap = o->cap ? o->cap * 2 : 64;
        struct par_outbox__record *more = realloc(o->records, cap * sizeof *more);
        if (!more) {
            o->failed = true;
            return NULL;
        }
        memset(more + o->cap, 0, (cap - o->cap) * sizeof *more);
        o->records = more;
        o->cap = cap;
    }
    struct par_outbox__record *r = &o->records[o->count++];
    r->server = server;
    r->push = push;
    return r;
}

/* The newest for this server that is not on its way; so what it is told stays in order (R3). */
static struct par_outbox__record *newest(struct par_outbox *o, uint64_t server)
{
    for (size_t i = o->count; i-- > o->handed;)
        if (o->records[i].server == server && !o->records[i].push)
            return &o->records[i];
    return NULL;
}

void par_outbox__add(struct par_writer *w, uint64_t server, const struct par_delivery *d)
{
    struct par_outbox *o = &w->outbox;
    struct par_buf *bytes = &o->delivery;
    par_buf_clear(bytes);
    par_delivery_encode(d, bytes);
    struct par_outbox__record *r = newest(o, server);
    if (!r || r->bytes.len + bytes->len > SHARED_MAX)
        r = new_record(o, server, false);
    if (r)
        par_buf_add_str(&r->bytes, par_buf_str(bytes));
    o->failed |= bytes->failed || !r || r->bytes.failed;
}

void par_outbox__push(struct par_writer *w, const struct par_push_job *job)
{
    struct par_outbox__record *r = new_record(&w->outbox, 0, true);
    if (!r)
        return;
    par_buf_add(&r->bytes, job, sizeof *job);
    par_buf_add_str(&r->bytes, job->text);
    w->outbox.failed |= r->bytes.failed;
}

static bool hand(struct par_writer *w, const struct par_outbox__record *r)
{
    if (!r->push)
        return par_queue_send(w->queue, r->server, par_buf_str(&r->bytes)) == PAR_OK;
    struct par_push_job job;
    memcpy(&job, r->bytes.data, sizeof job);
    if (job.text.ptr)
        job.text.ptr = (const char *)r->bytes.data + sizeof job;
    return par_queue_push_job(w->queue, &job) == PAR_OK;
}

/* Puts the first n records on their way, in the order they came, until `chunk` are. False: some are
 * left. */
static bool hand_first(struct par_writer *w, size_t n)
{
    struct par_outbox *o = &w->outbox;
    if (o->chunk == 0)
        o->chunk = CHUNK_MAX;
    while (o->handed < n && o->handed < o->chunk) {
        if (!hand(w, &o->records[o->handed])) {
            /* What is on its way at once must find room in the queue; a flush that had to refuse
             * some fails. */
            o->chunk = o->handed > 1 ? o->handed / 2 : 1;
            break;
        }
        o->handed++;
    }
    return o->handed == n;
}

/* Removes the first n records; their buffers are used again. */
static void drop(struct par_outbox *o, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct par_buf *bytes = &o->records[i].bytes;
        if (bytes->cap > KEEP_MAX)
            par_buf_fini(bytes);
        par_buf_clear(bytes);
    }
    for (size_t i = n; n > 0 && i < o->count; i++) {
        struct par_outbox__record free_one = o->records[i - n];
        o->records[i - n] = o->records[i];
        o->records[i] = free_one;
    }
    o->count -= n;
    o->handed -= n;
}

static void forget(struct par_outbox *o)
{
    o->handed = o->count;
    drop(o, o->count);
}

/* Memory was refused, and nobody knows for what: all are told to sync. */
static void give_up_failed(struct par_writer *w)
{
    struct par_outbox *o = &w->outbox;
    if (!o->failed)
        return;
    o->failed = false;
    forget(o);
    w->owes_sync = true;
}

/* Hands the first n over until a flush is OK, and removes them. False: the writer has to stop. */
static bool flush_first(struct par_writer *w, size_t n)
{
    struct par_outbox *o = &w->outbox;
    while (n > 0) {
        (void)hand_first(w, n);
        size_t handed = o->handed;
        if (par_queue_deliver_flush(w->queue) == PAR_OK && handed > 0) {
            drop(o, handed);
            n -= handed;
            if (o->chunk < CHUNK_MAX)
                o->chunk *= 2;
            continue;
        }
        o->handed = 0;
        if (PAR_MUTANT(RELEASE_ONCE)) {
            forget(o);
            break;
        }
        w->live.release_retries++;
        if (!par_writer__pause(w, "the queue takes no deliveries"))
            return false;
    }
    par_writer__fine(w);
    return true;
}

bool par_outbox__hand(struct par_writer *w)
{
    struct par_outbox *o = &w->outbox;
    give_up_failed(w);
    if (o->handed == o->count)
        return true;
    /* An answer that was lost and is told again would come behind those of later batches. */
    if (o->handed > 0 && !flush_first(w, o->handed))
        return false;
    return hand_first(w, o->count) || flush_first(w, o->count);
}

bool par_outbox__flush(struct par_writer *w)
{
    give_up_failed(w);
    return w->outbox.count == 0 || flush_first(w, w->outbox.count);
}

void par_outbox__fini(struct par_outbox *o)
{
    for (size_t i = 0; i < o->cap; i++)
        par_buf_fini(&o->records[i].bytes);
    free(o->records);
    par_buf_fini(&o->delivery);
}
