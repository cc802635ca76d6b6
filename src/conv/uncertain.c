/* Embedded: a batch whose end was unknown may be there when the store was opened again. Its answers
 * said `unavailable`, and who is connected is told to sync; who is not gets a push job (R4, E6). */
#include "conv/writer_private.h"

#include "base/log.h"
#include "conv/read.h"

struct look {
    struct par_writer *w;
    bool failed;
};

void par_uncertain__note(struct par_writer *w)
{
    for (size_t i = 0; i < w->dirty_count; i++) {
        const struct par_conv_state *st = w->dirty[i];
        if (st->entries && par_batch__grow(w, (void **)&w->uncertain, &w->uncertain_cap,
                                           w->uncertain_count, sizeof *w->uncertain))
            w->uncertain[w->uncertain_count++] = st->conv;
    }
}

static void push(void *arg, const struct par_push_job *job)
{
    struct look *l = arg;
    l->w->live.push_jobs++;
    l->failed |= par_queue_push_job(l->w->queue, job) != PAR_OK;
}

/* Those members without a route who miss something of it. */
static enum par_err look(struct look *l, const struct par_conv *conv)
{
    struct par_writer *w = l->w;
    struct par_reader r = {.store = w->store, .arena = &w->arena};
    uint64_t *users;
    size_t n, at = 0;
    enum par_err err = par_read_member_ids(&r, conv, &users, &n);
    if (err == PAR_E_NOT_MEMBER)
        return PAR_OK; /* the batch did not make the group */
    if (!err)
        err = par_route_lookup(w->route, users, n, &w->hits);
    for (size_t i = 0; !err && i < n; i++) {
        while (at < w->hits.count && w->hits.hit[at].index < i)
            at++;
        if (at == w->hits.count || w->hits.hit[at].index != i)
            err = par_read_missed_in(&r, users[i], conv, push, l);
    }
    return err;
}

void par_uncertain__tell(struct par_writer *w)
{
    struct look l = {.w = w};
    while (w->uncertain_count > 0) {
        enum par_err err = look(&l, &w->uncertain[w->uncertain_count - 1]);
        /* A damaged row is damaged the next time, too. */
        if (err == PAR_E_INTERNAL)
            par_log_error("writer.uncertain", PAR_KV("why", "a row is damaged"));
        else if (err || l.failed)
            return;
        w->uncertain_count--;
    }
}
