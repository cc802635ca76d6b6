/* Reconciling the route table with the directory, user by user. */
#include "server/routes.h"

#include "base/mutant.h"
#include "base/stats.h"
#include "server/fanout.h"
#include "server/standby.h"

#include <pthread.h>
#include <stdlib.h>

/* Of those whom a call failed for, so many are remembered; the routes of the rest lead to a server
 * that forwards (R2), until that server ends. */
enum { STRIPES = 64, PENDING_MAX = 1 << 20 };

struct par_routes {
    pthread_mutex_t stripe[STRIPES]; /* held over a call for a user of it */
    pthread_mutex_t lock;            /* of what follows */
    uint64_t *pending;
    size_t pending_count;
    size_t pending_room;
};

enum par_err par_routes_open(struct par_server *server, struct par_routes **routes_r)
{
    *routes_r = NULL;
    if (!par_route_remote(server->route))
        return PAR_OK;
    struct par_routes *routes = calloc(1, sizeof *routes);
    if (!routes)
        return PAR_E_UNAVAILABLE;
    for (size_t i = 0; i < STRIPES; i++)
        pthread_mutex_init(&routes->stripe[i], NULL);
    pthread_mutex_init(&routes->lock, NULL);
    *routes_r = routes;
    return PAR_OK;
}

void par_routes_close(struct par_routes **routes)
{
    if (!*routes)
        return;
    for (size_t i = 0; i < STRIPES; i++)
        pthread_mutex_destroy(&(*routes)->stripe[i]);
    pthread_mutex_destroy(&(*routes)->lock);
    free((*routes)->pending);
    free(*routes);
    *routes = NULL;
}

static void later(struct par_routes *routes, uint64_t user)
{
    pthread_mutex_lock(&routes->lock);
    if (routes->pending_count == routes->pending_room && routes->pending_room < PENDING_MAX) {
        size_t room = routes->pending_room ? routes->pending_room * 2 : 64;
        uint64_t *pending = realloc(routes->pending, room * sizeof *pending);
        if (pending) {
            routes->pending = pending;
            routes->pending_room = room;
        }
    }
    if (routes->pending_count < routes->pending_room)
        routes->pending[routes->pending_count++] = user;
    pthread_mutex_unlock(&routes->lock);
}

static enum par_err reconcile(struct par_server *server, uint64_t user, bool left)
{
    pthread_mutex_t *stripe =
        &server->routes->stripe[(user * 0x9E3779B97F4A7C15u) >> 58 & (STRIPES - 1)];
    pthread_mutex_lock(stripe);
    bool here = par_directory_has(server->directory, user);
    if (PAR_MUTANT(ROUTE_DELETE_BLIND) && left)
        here = false;
    enum par_err err;
    /* Nobody stands in for a server that never beat. */
    if (here && !atomic_load(&server->on_ring) && !PAR_MUTANT(ROUTE_BEFORE_BEAT))
        err = PAR_E_UNAVAILABLE;
    else if (here)
        err = par_route_register(server->route, user, server->id, server->boot);
    else
        err = par_route_unregister(server->route, user, server->id, server->boot);
    if (!here && PAR_MUTANT(LEFT_FORGOTTEN))
        (void)par_route_forget(server->route, &user, 1, server->id, server->boot);
    pthread_mutex_unlock(stripe);
    if (err)
        later(server->routes, user);
    return err;
}

enum par_err par_routes_confirm(struct par_server *server, uint64_t user)
{
    return server->routes ? reconcile(server, user, false) : PAR_OK;
}

struct departed {
    struct par_job job;
    struct par_server *server;
    uint64_t user;
};

static void departed_work(struct par_job *job)
{
    struct departed *d = PAR_CONTAINER(job, struct departed, job);
    (void)reconcile(d->server, d->user, true);
    free(d);
}

void par_routes_left(struct par_server *server, uint64_t user)
{
    /* Of a server that ends all routes go at once (par_route_clear). */
    if (!server->routes || par_server_phase(server) == PAR_SERVER_STOPPING)
        return;
    struct departed *d = malloc(sizeof *d);
    if (d)
        *d = (struct departed){.server = server, .user = user};
    if (!d || !par_pool_submit(server->workers, &d->job, departed_work)) {
        later(server->routes, user);
        free(d);
    }
}

void par_routes_retry(struct par_server *server)
{
    struct par_routes *routes = server->routes;
    if (!routes)
        return;
    pthread_mutex_lock(&routes->lock);
    uint64_t *users = routes->pending;
    size_t count = routes->pending_count, i = 0;
    routes->pending = NULL;
    routes->pending_count = routes->pending_room = 0;
    pthread_mutex_unlock(&routes->lock);
    /* The first that fails puts itself back; the rest would fail alike. Whoever is gone is kept in
     * mind by the table until looked at. */
    while (i < count && reconcile(server, users[i], false) == PAR_OK)
        par_standby_missed(server, users[i++]);
    i += i < count;
    for (; i < count; i++)
        later(routes, users[i]);
    free(users);
}
