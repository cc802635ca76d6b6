/* Presence in memory: a set of the users on line, in shards under locks. */
#include "presence/presence_private.h"

#include "loop/env.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SHARDS = 64, MIN_SLOTS = 64 };

/* Open addressing with linear probing; 0 is no user, so it marks an empty slot. */
struct shard {
    pthread_mutex_t lock;
    uint64_t *slots;
    size_t slot_count;
    size_t used;
};

struct local {
    struct shard shards[SHARDS];
    uint64_t seed;
    size_t shard_max;
};

static uint64_t mix(const struct local *l, uint64_t user)
{
    uint64_t h = (user ^ l->seed) * 0x9E3779B97F4A7C15u;
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    return h ^ h >> 29;
}

static void *local_open(const struct par_presence_config *config)
{
    struct local *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->seed = par_random_u64();
    l->shard_max = config->max_users / SHARDS + 1;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&l->shards[i].lock, NULL);
    return l;
}

static void local_close(void *driver)
{
    struct local *l = driver;
    for (size_t i = 0; i < SHARDS; i++) {
        free(l->shards[i].slots);
        pthread_mutex_destroy(&l->shards[i].lock);
    }
    free(l);
}

/* The slot of the user, or the empty one where it would go. The table always has an empty slot. */
static size_t slot_of(const struct local *l, const struct shard *s, uint64_t user)
{
    size_t i = (mix(l, user) >> 6) & (s->slot_count - 1);
    while (s->slots[i] && s->slots[i] != user)
        i = (i + 1) & (s->slot_count - 1);
    return i;
}

static bool make_room(const struct local *l, struct shard *s)
{
    if (s->slot_count && s->used * 2 < s->slot_count)
        return true;
    size_t old_count = s->slot_count;
    uint64_t *old = s->slots;
    size_t count = old_count ? old_count * 2 : MIN_SLOTS;
    uint64_t *slots = calloc(count, sizeof *slots);
    if (!slots)
        return false;
    s->slots = slots;
    s->slot_count = count;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i])
            slots[slot_of(l, s, old[i])] = old[i];
    }
    free(old);
    return true;
}

static void take_out(const struct local *l, struct shard *s, size_t hole)
{
    s->slots[hole] = 0;
    s->used--;
    /* Later members of the same run may have been pushed past the hole: move them up. */
    for (size_t i = (hole + 1) & (s->slot_count - 1); s->slots[i];
         i = (i + 1) & (s->slot_count - 1)) {
        uint64_t user = s->slots[i];
        s->slots[i] = 0;
        s->slots[slot_of(l, s, user)] = user;
    }
}

static int local_set(void *driver, uint64_t user, bool online, enum par_err *err_r)
{
    struct local *l = driver;
    struct shard *s = &l->shards[mix(l, user) & (SHARDS - 1)];
    int changed = 0;
    pthread_mutex_lock(&s->lock);
    if (online) {
        if (s->used >= l->shard_max || !make_room(l, s)) {
            *err_r = PAR_E_OVERLOADED;
            changed = -1;
        } else {
            size_t i = slot_of(l, s, user);
            if (!s->slots[i]) {
                s->slots[i] = user;
                s->used++;
                changed = 1;
            }
        }
    } else if (s->slot_count) {
        size_t i = slot_of(l, s, user);
        if (s->slots[i]) {
            take_out(l, s, i);
            changed = 1;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return changed;
}

static enum par_err local_get(void *driver, const uint64_t *users, size_t count, bool *online_r)
{
    struct local *l = driver;
    for (size_t i = 0; i < count; i++) {
        struct shard *s = &l->shards[mix(l, users[i]) & (SHARDS - 1)];
        pthread_mutex_lock(&s->lock);
        online_r[i] = s->slot_count && s->slots[slot_of(l, s, users[i])] == users[i];
        pthread_mutex_unlock(&s->lock);
    }
    return PAR_OK;
}

static uint64_t local_users(const void *driver)
{
    struct local *l = (struct local *)driver;
    uint64_t n = 0;
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_lock(&l->shards[i].lock);
        n += l->shards[i].used;
        pthread_mutex_unlock(&l->shards[i].lock);
    }
    return n;
}

static void local_fail(void *driver, enum par_err err, uint32_t count)
{
    (void)driver;
    (void)err;
    (void)count;
}

const struct par_presence_ops par_presence__local = {
    .name = "local",
    .open = local_open,
    .close = local_close,
    .set = local_set,
    .get = local_get,
    .users = local_users,
    .fail = local_fail,
};
