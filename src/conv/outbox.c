/* What a writer hands to a queue of many machines: kept as bytes until a flush says that all of it
 * is in the log, so that it can be handed over again. */
#include "conv/writer_private.h"

#include "conv/delivery_codec.h"

enum { CHUNK_MAX = 1 << 20 };

/* The head of a record in the outbox. */
struct head {
    uint64_t server;
    uint32_t len;
    bool push; /* a push job: the bytes are its struct and its text */
};

static void add_head(struct par_outbox *o, const struct head *head)
{
    par_buf_add(&o->bytes, head, sizeof *head);
    o->count++;
}

void par_outbox__add(struct par_writer *w, uint64_t server, const struct par_delivery *d)
{
    struct par_outbox *o = &w->outbox;
    size_t at = o->bytes.len;
    struct head head = {.server = server};
    add_head(o, &head);
    par_delivery_encode(d, &o->bytes);
    if (o->bytes.failed)
        return;
    head.len = (uint32_t)(o->bytes.len - at - sizeof head);
    memcpy(o->bytes.data + at, &head, sizeof head);
}

void par_outbox__push(struct par_writer *w, const struct par_push_job *job)
{
    struct head head = {.len = (uint32_t)(sizeof *job + job->text.len), .push = true};
    add_head(&w->outbox, &head);
    par_buf_add(&w->outbox.bytes, job, sizeof *job);
    par_buf_add_str(&w->outbox.bytes, job->text);
}

static bool hand(struct par_writer *w, const struct head *head, const uint8_t *bytes)
{
    if (!head->push)
        return par_queue_send(w->queue, head->server, par_str_of(bytes, head->len)) == PAR_OK;
    struct par_push_job job;
    memcpy(&job, bytes, sizeof job);
    if (job.text.ptr)
        job.text.ptr = (const char *)bytes + sizeof job;
    return par_queue_push_job(w->queue, &job) == PAR_OK;
}

/* Hands over at most `chunk` records from *at on, in the order they came, and flushes. True: they
 * are on their way, and *at is behind them. */
static bool hand_some(struct par_writer *w, size_t *at)
{
    struct par_outbox *o = &w->outbox;
    size_t next = *at, n = 0;
    bool refused = false;
    while (next < o->bytes.len && n < o->chunk && !refused) {
        struct head head;
        memcpy(&head, o->bytes.data + next, sizeof head);
        refused = !hand(w, &head, o->bytes.data + next + sizeof head);
        if (!refused) {
            next += sizeof head + head.len;
            n++;
        }
    }
    bool ok = par_queue_deliver_flush(w->queue) == PAR_OK;
    /* What is handed over at once must find room in the queue. */
    if (refused)
        o->chunk = n > 1 ? n / 2 : 1;
    else if (ok && o->chunk < CHUNK_MAX)
        o->chunk *= 2;
    if (ok)
        *at = next;
    return ok && n > 0;
}

bool par_outbox__flush(struct par_writer *w)
{
    struct par_outbox *o = &w->outbox;
    if (o->bytes.failed) {
        /* Memory was refused, and nobody knows for what: all are told to sync. */
        par_buf_fini(&o->bytes);
        o->bytes = (struct par_buf){0};
        o->count = 0;
        w->owes_sync = true;
    }
    if (o->count == 0)
        return true;
    if (o->chunk == 0)
        o->chunk = CHUNK_MAX;
    for (size_t at = 0; at < o->bytes.len;) {
        if (hand_some(w, &at))
            continue;
        if (PAR_MUTANT(RELEASE_ONCE))
            break;
        w->live.release_retries++;
        if (!par_writer__pause(w, "the queue takes no deliveries"))
            return false;
    }
    par_writer__fine(w);
    par_buf_clear(&o->bytes);
    o->count = 0;
    return true;
}
