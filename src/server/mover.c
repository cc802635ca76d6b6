/* The thread that moves the server's store. */
#include "server/mover.h"

#include "base/log.h"
#include "server/drain.h"
#include "server/service.h"

#include <stdlib.h>

enum { WAIT_MS = 200, READY_MS = 20 };

struct par_mover {
    struct par_server *server;
    struct par_service service;
    struct par_migrate *migrate;
    char *name;  /* of the other place, as it was ordered */
    char *place; /* what the options of the other store borrow from */
    _Atomic bool finish, verify;
    pthread_mutex_t lock; /* of what follows */
    enum par_migrate_end end;
    struct par_buf status;
};

static void publish(struct par_mover *m, enum par_migrate_end end)
{
    pthread_mutex_lock(&m->lock);
    m->end = end;
    par_buf_clear(&m->status);
    par_migrate_status(m->migrate, &m->status);
    if (end == PAR_MIGRATE_FAILED)
        par_buf_add_str(&m->status, par_migrate_why(m->migrate));
    pthread_mutex_unlock(&m->lock);
}

static void run(void *arg)
{
    struct par_mover *m = arg;
    enum par_migrate_end end = PAR_MIGRATE_WORKS;
    bool going = true;
    while (going) {
        end = par_migrate_step(m->migrate, atomic_load(&m->finish), atomic_load(&m->verify));
        publish(m, end);
        bool over = end == PAR_MIGRATE_DONE || end == PAR_MIGRATE_FAILED;
        going = !over && par_service_rest(&m->service, end == PAR_MIGRATE_WORKS   ? 0
                                                       : end == PAR_MIGRATE_READY ? READY_MS
                                                                                  : WAIT_MS);
    }
    par_log_info("mover.ends", PAR_KV("done", end == PAR_MIGRATE_DONE));
    if (end == PAR_MIGRATE_DONE)
        par_drain_begin(m->server, (uint32_t)PAR_CONFIG_GET(m->server->config->server.drain_ms));
}

static void free_mover(struct par_mover **mover)
{
    struct par_mover *m = *mover;
    *mover = NULL;
    par_migrate_close(&m->migrate);
    par_buf_fini(&m->status);
    pthread_mutex_destroy(&m->lock);
    free(m->place);
    free(m->name);
    free(m);
}

void par_mover_close(struct par_server *server)
{
    if (!server->mover)
        return;
    par_service_stop(&server->mover->service);
    free_mover(&server->mover);
}

static enum par_err begin(struct par_mover *m, const char *name, struct par_buf *why)
{
    struct par_store_options base, to;
    par_store_options_from(m->server->config, &base);
    m->name = strdup(name);
    m->place = strdup(name);
    if (!m->name || !m->place)
        return PAR_E_UNAVAILABLE;
    enum par_err err = par_migrate_place(&base, m->place, &to, why);
    if (!err)
        err = par_migrate_open(m->server->store, name, &to, &m->migrate, why);
    if (!err) {
        publish(m, PAR_MIGRATE_WORKS);
        err = par_service_start(&m->service, "mover", run, m);
    }
    return err;
}

enum par_err par_mover_start(struct par_server *server, const struct par_mover_order *order,
                             struct par_buf *why_r)
{
    enum par_migrate_end end;
    struct par_buf ignored = {0};
    bool there = par_mover_status(server, &end, &ignored);
    par_buf_fini(&ignored);
    if (there && end == PAR_MIGRATE_FAILED) {
        par_mover_close(server);
        there = false;
    }
    if (!there) {
        struct par_mover *m = calloc(1, sizeof *m);
        if (!m)
            return PAR_E_UNAVAILABLE;
        m->server = server;
        pthread_mutex_init(&m->lock, NULL);
        atomic_store(&m->finish, order->finish);
        atomic_store(&m->verify, order->verify);
        enum par_err err = begin(m, order->name, why_r);
        if (err) {
            free_mover(&m);
            return err;
        }
        server->mover = m;
    }
    if (strcmp(server->mover->name, order->name) != 0) {
        par_buf_printf(why_r, "the store is being moved to %s; `--abandon` ends that",
                       server->mover->name);
        return PAR_E_CONFLICT;
    }
    atomic_store(&server->mover->verify, order->verify);
    atomic_store(&server->mover->finish, order->finish);
    return PAR_OK;
}

bool par_mover_status(struct par_server *server, enum par_migrate_end *end_r, struct par_buf *out)
{
    struct par_mover *m = server->mover;
    *end_r = PAR_MIGRATE_WORKS;
    if (!m)
        return false;
    pthread_mutex_lock(&m->lock);
    *end_r = m->end;
    /* What was ready for one order has not come to the end of the next. */
    if (m->end == PAR_MIGRATE_WAITS || (m->end == PAR_MIGRATE_READY && atomic_load(&m->finish)))
        *end_r = PAR_MIGRATE_WORKS;
    par_buf_add_str(out, par_buf_str(&m->status));
    pthread_mutex_unlock(&m->lock);
    return true;
}
