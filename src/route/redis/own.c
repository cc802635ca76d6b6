/* What this server has registered. */
#include "route/redis/own.h"

#include "loop/env.h"

#include <stdlib.h>
#include <string.h>

struct user {
    struct par_map_node node;
    uint64_t key[2]; /* user, server */
    uint64_t boot;
    uint64_t version; /* of coming and leaving */
    bool registered;
    bool left; /* only kept in mind */
};

static bool user_is(const struct par_map_node *node, const void *key, size_t len)
{
    return memcmp(PAR_CONTAINER(node, struct user, node)->key, key, len) == 0;
}

void par_own_init(struct par_own *own, size_t max)
{
    uint64_t seed[2];
    *own = (struct par_own){.max = max};
    pthread_mutex_init(&own->lock, NULL);
    par_random(seed, sizeof seed);
    par_map_init(&own->map, seed, user_is);
}

void par_own_fini(struct par_own *own)
{
    struct par_map_iter it;
    for (struct par_map_node *n = par_map_first(&own->map, &it); n;
         n = par_map_next(&own->map, &it))
        free(PAR_CONTAINER(n, struct user, node));
    par_map_fini(&own->map);
    pthread_mutex_destroy(&own->lock);
}

static struct user *find(struct par_own *own, uint64_t id, uint64_t server)
{
    uint64_t key[2] = {id, server};
    struct par_map_node *node = par_map_find(&own->map, par_str_of(key, sizeof key));
    return node ? PAR_CONTAINER(node, struct user, node) : NULL;
}

static struct user *add(struct par_own *own, uint64_t id, uint64_t server)
{
    struct user *u = par_map_count(&own->map) < own->max ? calloc(1, sizeof *u) : NULL;
    if (!u)
        return NULL;
    u->key[0] = id;
    u->key[1] = server;
    u->left = true;
    if (!par_map_insert(&own->map, &u->node, par_str_of(u->key, sizeof u->key))) {
        free(u);
        return NULL;
    }
    return u;
}

enum par_err par_own_remember(struct par_own *own, uint64_t user, uint64_t server, uint64_t boot)
{
    pthread_mutex_lock(&own->lock);
    struct user *u = find(own, user, server);
    if (!u)
        u = add(own, user, server);
    if (u && u->boot <= boot) {
        if (u->left || u->boot != boot) {
            u->registered = false;
            u->version++;
        }
        u->boot = boot;
        u->left = false;
    }
    pthread_mutex_unlock(&own->lock);
    return u ? PAR_OK : PAR_E_OVERLOADED;
}

void par_own_registered(struct par_own *own, uint64_t user, uint64_t server, uint64_t boot)
{
    pthread_mutex_lock(&own->lock);
    struct user *u = find(own, user, server);
    if (u && u->boot == boot && !u->left)
        u->registered = true;
    pthread_mutex_unlock(&own->lock);
}

void par_own_leave(struct par_own *own, uint64_t user, uint64_t server, uint64_t boot)
{
    pthread_mutex_lock(&own->lock);
    struct user *u = find(own, user, server);
    if (u && u->boot == boot && !u->left) {
        u->left = true;
        u->version++;
    }
    pthread_mutex_unlock(&own->lock);
}

void par_own_forget(struct par_own *own, uint64_t user, uint64_t server)
{
    pthread_mutex_lock(&own->lock);
    struct user *u = find(own, user, server);
    if (u && u->left) {
        par_map_remove(&own->map, &u->node);
        free(u);
    }
    pthread_mutex_unlock(&own->lock);
}

static unsigned slice_of(const struct user *u)
{
    return 1u << ((u->key[0] * UINT64_C(0x9e3779b97f4a7c15) >> 32) % PAR_OWN_SLICES);
}

struct par_own_listed *par_own_list(struct par_own *own, uint64_t server, unsigned slices,
                                    bool left, size_t *n_r)
{
    struct par_map_iter it;
    size_t n = 0;
    pthread_mutex_lock(&own->lock);
    struct par_own_listed *list = malloc((par_map_count(&own->map) + 1) * sizeof *list);
    struct par_map_node *node = list ? par_map_first(&own->map, &it) : NULL;
    for (; node; node = par_map_next(&own->map, &it)) {
        const struct user *u = PAR_CONTAINER(node, struct user, node);
        if (u->key[1] == server && u->left == left && (slices & slice_of(u)))
            list[n++] = (struct par_own_listed){u->key[0], u->version, u->registered};
    }
    pthread_mutex_unlock(&own->lock);
    *n_r = n;
    return list;
}

bool par_own_is_here(struct par_own *own, uint64_t user, uint64_t server)
{
    pthread_mutex_lock(&own->lock);
    struct user *u = find(own, user, server);
    bool here = u && !u->left;
    pthread_mutex_unlock(&own->lock);
    return here;
}

bool par_own_changed(struct par_own *own, const struct par_own_listed *listed, uint64_t server)
{
    pthread_mutex_lock(&own->lock);
    struct user *u = find(own, listed->user, server);
    bool changed = !u || u->version != listed->version;
    pthread_mutex_unlock(&own->lock);
    return changed;
}

size_t par_own_count(struct par_own *own, size_t *bytes_r)
{
    pthread_mutex_lock(&own->lock);
    size_t count = par_map_count(&own->map);
    *bytes_r = par_map_bytes(&own->map) + count * sizeof(struct user);
    pthread_mutex_unlock(&own->lock);
    return count;
}
