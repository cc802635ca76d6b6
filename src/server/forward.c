/* Records for users who are not here any more. */
#include "server/forward.h"

#include "base/mutant.h"
#include "base/stats.h"
#include "conv/delivery_codec.h"
#include "conv/push_rule.h"

void par_forward_init(struct par_forward *f, struct par_server *server, uint64_t from,
                      uint64_t from_boot)
{
    *f = (struct par_forward){.server = server, .from = from, .from_boot = from_boot};
}

void par_forward_fini(struct par_forward *f)
{
    par_route_hits_fini(&f->_hits);
    par_buf_fini(&f->_users);
    par_buf_fini(&f->_part);
    par_buf_fini(&f->_bytes);
}

static void add_user(struct par_buf *list, uint64_t user)
{
    par_buf_add(list, &user, sizeof user);
}

static const uint64_t *users_of(const struct par_buf *list, size_t *n_r)
{
    *n_r = list->len / sizeof(uint64_t);
    return (const uint64_t *)(const void *)list->data;
}

/* Those of d->users for whom this is not the place. */
static bool pick(struct par_forward *f, const struct par_delivery *d)
{
    bool own = f->from == f->server->id;
    par_buf_clear(&f->_users);
    for (size_t i = 0; i < d->user_count; i++) {
        if (!own || !par_directory_has(f->server->directory, d->users[i]))
            add_user(&f->_users, d->users[i]);
    }
    return !f->_users.failed;
}

/* Does the route lead to where somebody is? That of the server whose inbox this is does not, unless
 * it is a newer life of it. */
static bool leads(const struct par_forward *f, const struct par_route_hit *hit)
{
    return hit->server != f->from || hit->boot > f->from_boot;
}

static enum par_err hand_over(struct par_forward *f, const struct par_delivery *d, uint64_t to)
{
    struct par_delivery part = *d;
    part.users = users_of(&f->_part, &part.user_count);
    part.forwards++;
    par_buf_clear(&f->_bytes);
    par_delivery_encode(&part, &f->_bytes);
    if (f->_part.failed || f->_bytes.failed)
        return PAR_E_UNAVAILABLE;
    f->handed = true;
    par_stats_inc(PAR_C_FORWARDS);
    return par_queue_send(f->server->queue, to, par_buf_str(&f->_bytes));
}

/* One record a server, as from the writer. */
static enum par_err send_on(struct par_forward *f, const struct par_delivery *d,
                            const uint64_t *users)
{
    const struct par_route_hit *hit = f->_hits.hit;
    for (size_t i = 0; i < f->_hits.count; i++) {
        bool done = !leads(f, &hit[i]);
        for (size_t k = 0; k < i && !done; k++)
            done = hit[k].server == hit[i].server && leads(f, &hit[k]);
        if (done)
            continue;
        par_buf_clear(&f->_part);
        for (size_t k = i; k < f->_hits.count; k++) {
            if (hit[k].server == hit[i].server && leads(f, &hit[k]))
                add_user(&f->_part, users[hit[k].index]);
        }
        enum par_err err = hand_over(f, d, hit[i].server);
        if (err)
            return err;
    }
    return PAR_OK;
}

static bool has_route(const struct par_forward *f, size_t index)
{
    for (size_t i = 0; i < f->_hits.count; i++) {
        if (f->_hits.hit[i].index == index && leads(f, &f->_hits.hit[i]))
            return true;
    }
    return false;
}

static enum par_err push(struct par_forward *f, const struct par_delivery *d, const uint64_t *users,
                         size_t n)
{
    if (d->kind != PAR_DELIVERY_ENTRY || PAR_MUTANT(PUSH_FORGOTTEN))
        return PAR_OK;
    for (size_t i = 0; i < n; i++) {
        enum par_push_reason reason = par_push_reason(d->entry, users[i]);
        if (!reason || has_route(f, i))
            continue;
        struct par_push_job job = par_push_job_of(d->entry, users[i], reason);
        f->handed = true;
        enum par_err err = par_queue_push_job(f->server->queue, &job);
        if (err)
            return err;
    }
    return PAR_OK;
}

enum par_err par_forward(struct par_forward *f, const struct par_delivery *d)
{
    size_t n;
    if (d->user_count == 0 || PAR_MUTANT(FORWARD_DROPPED))
        return PAR_OK;
    if (!pick(f, d))
        return PAR_E_UNAVAILABLE;
    const uint64_t *users = users_of(&f->_users, &n);
    if (n == 0)
        return PAR_OK;
    f->_hits.count = 0;
    enum par_err err = PAR_OK;
    if (d->forwards < PAR_DELIVERY_FORWARDS_MAX) {
        err = par_route_lookup(f->server->route, users, n, &f->_hits);
        if (!err)
            err = send_on(f, d, users);
    }
    return err ? err : push(f, d, users, n);
}

enum par_err par_forward_flush(struct par_forward *f)
{
    if (!f->handed)
        return PAR_OK;
    enum par_err err = par_queue_deliver_flush(f->server->queue);
    if (!err)
        f->handed = false;
    return err;
}
