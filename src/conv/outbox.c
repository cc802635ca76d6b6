/* What a writer hands to a queue of many machines: kept as bytes until a flush says that all of it
 * is in the log, so that it can be handed over again. Deliveries to one server share records: each
 * record costs the brokers as much as ten short deliveries in it. */
#include "conv/writer_private.h"

#include "conv/delivery_codec.h"

#include <stdlib.h>

enum { CHUNK_MAX = 1 << 20, SHARED_MAX = 32 << 10, KEEP_MAX = 64 << 10 };

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

/* The newest for this server; so what it is told stays in order (R3). */
static struct par_outbox__record *newest(struct par_outbox *o, uint64_t server)
{
    for (size_t i = o->count; i-- > 0;)
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

/* Hands over at most `chunk` records from *at on, in the order they came, and flushes. True: they
 * are on their way, and *at is behind them. */
static bool hand_some(struct par_writer *w, size_t *at)
{
    struct par_outbox *o = &w->outbox;
    size_t n = 0, most = o->count - *at < o->chunk ? o->count - *at : o->chunk;
    while (n < most && hand(w, &o->records[*at + n]))
        n++;
    bool ok = par_queue_deliver_flush(w->queue) == PAR_OK;
    /* What is handed over at once must find room in the queue. */
    if (n < most)
        o->chunk = n > 1 ? n / 2 : 1;
    else if (ok && o->chunk < CHUNK_MAX)
        o->chunk *= 2;
    if (ok)
        *at += n;
    return ok && n > 0;
}

static void empty(struct par_outbox *o)
{
    while (o->count > 0) {
        struct par_buf *bytes = &o->records[--o->count].bytes;
        if (bytes->cap > KEEP_MAX)
            par_buf_fini(bytes);
        par_buf_clear(bytes);
    }
    o->failed = false;
}

bool par_outbox__flush(struct par_writer *w)
{
    struct par_outbox *o = &w->outbox;
    if (o->failed) {
        /* Memory was refused, and nobody knows for what: all are told to sync. */
        empty(o);
        w->owes_sync = true;
    }
    if (o->count == 0)
        return true;
    if (o->chunk == 0)
        o->chunk = CHUNK_MAX;
    for (size_t at = 0; at < o->count;) {
        if (hand_some(w, &at))
            continue;
        if (PAR_MUTANT(RELEASE_ONCE))
            break;
        w->live.release_retries++;
        if (!par_writer__pause(w, "the queue takes no deliveries"))
            return false;
    }
    par_writer__fine(w);
    empty(o);
    return true;
}

void par_outbox__fini(struct par_outbox *o)
{
    for (size_t i = 0; i < o->cap; i++)
        par_buf_fini(&o->records[i].bytes);
    free(o->records);
    par_buf_fini(&o->delivery);
}
