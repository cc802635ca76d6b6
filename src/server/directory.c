/* The directory: 256 shards, each a small hash table of users under a mutex. */
#include "server/directory.h"

#include "loop/env.h"
#include "parley/route.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SHARDS = 256, SHARD_MIN_SLOTS = 16 };

/* An entry lives as long as it has an endpoint, a watcher, somebody who waits to see whether the
 * user comes back, or a bucket that is not yet full again. */
struct entry {
    struct entry *next;
    uint64_t user;
    struct par_dir_endpoint *endpoints;
    struct par_dir_watcher *watchers;
    uint64_t filled_ns; /* when tokens was true; 0: the bucket is full */
    float tokens;
    uint32_t left_ms; /* when the last present endpoint went, cut; 0: told, or there is one */
    uint32_t watcher_count;
    uint8_t endpoint_count;
    uint8_t present_count;
    uint8_t told; /* enum par_dir_told */
};

struct shard {
    pthread_mutex_t lock;
    struct entry **slots;
    size_t slot_count;
    size_t entry_count;
    size_t online;
} __attribute__((aligned(64)));

struct par_directory {
    struct shard shards[SHARDS];
    uint64_t seed;
    struct par_route *route;
    uint64_t server;
    uint64_t boot;
    par_directory_watched_fn watched;
    void *watched_arg;
};

static uint64_t mix(const struct par_directory *dir, uint64_t user)
{
    uint64_t h = (user ^ dir->seed) * 0x9E3779B97F4A7C15u;
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    return h ^ h >> 29;
}

struct par_directory *par_directory_new(struct par_route *route, uint64_t server, uint64_t boot)
{
    struct par_directory *dir = aligned_alloc(64, sizeof *dir);
    if (!dir)
        return NULL;
    memset(dir, 0, sizeof *dir);
    dir->seed = par_random_u64();
    dir->route = route;
    dir->server = server;
    dir->boot = boot;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&dir->shards[i].lock, NULL);
    return dir;
}

static void entry_free(struct entry *e)
{
    free(e->endpoints);
    free(e->watchers);
    free(e);
}

void par_directory_free(struct par_directory **dir)
{
    if (!*dir)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *s = &(*dir)->shards[i];
        for (size_t j = 0; j < s->slot_count; j++) {
            for (struct entry *e = s->slots[j]; e;) {
                struct entry *next = e->next;
                entry_free(e);
                e = next;
            }
        }
        free(s->slots);
        pthread_mutex_destroy(&s->lock);
    }
    free(*dir);
    *dir = NULL;
}

static struct shard *lock_shard(struct par_directory *dir, uint64_t user)
{
    struct shard *s = &dir->shards[mix(dir, user) & (SHARDS - 1)];
    pthread_mutex_lock(&s->lock);
    return s;
}

static size_t slot_of(const struct par_directory *dir, const struct shard *s, uint64_t user)
{
    return (mix(dir, user) >> 8) & (s->slot_count - 1);
}

static struct entry *find(struct par_directory *dir, struct shard *s, uint64_t user)
{
    if (s->slot_count == 0)
        return NULL;
    for (struct entry *e = s->slots[slot_of(dir, s, user)]; e; e = e->next) {
        if (e->user == user)
            return e;
    }
    return NULL;
}

static bool grow(struct par_directory *dir, struct shard *s)
{
    size_t old_count = s->slot_count;
    struct entry **old = s->slots;
    size_t count = old_count ? old_count * 2 : SHARD_MIN_SLOTS;
    struct entry **slots = calloc(count, sizeof(*slots));
    if (!slots)
        return old_count > 0;
    s->slots = slots;
    s->slot_count = count;
    for (size_t i = 0; i < old_count; i++) {
        for (struct entry *e = old[i]; e;) {
            struct entry *next = e->next;
            struct entry **head = &slots[slot_of(dir, s, e->user)];
            e->next = *head;
            *head = e;
            e = next;
        }
    }
    free(old);
    return true;
}

static struct entry *find_or_add(struct par_directory *dir, struct shard *s, uint64_t user)
{
    struct entry *e = find(dir, s, user);
    if (e)
        return e;
    if (s->entry_count >= s->slot_count && !grow(dir, s))
        return NULL;
    e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->user = user;
    struct entry **head = &s->slots[slot_of(dir, s, user)];
    e->next = *head;
    *head = e;
    s->entry_count++;
    return e;
}

static void drop_if_empty(struct par_directory *dir, struct shard *s, struct entry *e)
{
    if (e->endpoint_count || e->watcher_count || e->filled_ns || e->left_ms)
        return;
    struct entry **link = &s->slots[slot_of(dir, s, e->user)];
    while (*link != e)
        link = &(*link)->next;
    *link = e->next;
    s->entry_count--;
    entry_free(e);
}

/* Room for one more element in an array whose room is the next power of two, so that it needs no
 * field: most users have one device. */
#define ROOM_FOR_ONE(array, count)                                                                 \
    __extension__({                                                                                \
        bool ok_ = true;                                                                           \
        if (((count) & ((count)-1)) == 0) {                                                        \
            void *grown_ = realloc((array), ((count) ? (size_t)(count)*2 : 1) * sizeof(*(array))); \
            ok_ = grown_ != NULL;                                                                  \
            if (ok_)                                                                               \
                (array) = grown_;                                                                  \
        }                                                                                          \
        ok_;                                                                                       \
    })

/* One more, or one fewer, of the user's endpoints is present. */
static void count_present(struct entry *e, int change, uint64_t now_ms)
{
    e->present_count = (uint8_t)(e->present_count + change);
    if (e->present_count)
        e->left_ms = 0;
    else if (change < 0)
        e->left_ms = (uint32_t)now_ms ? (uint32_t)now_ms : 1;
}

enum par_err par_directory_add(struct par_directory *dir, uint64_t user,
                               struct par_dir_endpoint endpoint, uint64_t *replaced_r,
                               bool *arrived_r)
{
    *replaced_r = 0;
    *arrived_r = false;
    enum par_err err = PAR_E_OVERLOADED;
    endpoint.present = true;
    struct shard *s = lock_shard(dir, user);
    struct entry *e = find_or_add(dir, s, user);
    if (!e)
        goto out;
    for (size_t i = 0; i < e->endpoint_count; i++) {
        struct par_dir_endpoint *former = &e->endpoints[i];
        if (former->device != endpoint.device || former->kind != endpoint.kind)
            continue;
        *replaced_r = former->id;
        *arrived_r = e->present_count == 0;
        if (!former->present)
            count_present(e, 1, 0);
        *former = endpoint;
        err = PAR_OK;
        goto out;
    }
    if (e->endpoint_count >= PAR_DIRECTORY_USER_ENDPOINTS ||
        !ROOM_FOR_ONE(e->endpoints, e->endpoint_count))
        goto out;
    if (e->endpoint_count == 0) {
        if (dir->route) {
            err = par_route_register(dir->route, user, dir->server, dir->boot);
            if (err)
                goto out;
        }
        s->online++;
    }
    *arrived_r = e->present_count == 0;
    e->endpoints[e->endpoint_count++] = endpoint;
    count_present(e, 1, 0);
    err = PAR_OK;
out:
    if (err && e)
        drop_if_empty(dir, s, e);
    pthread_mutex_unlock(&s->lock);
    return err;
}

bool par_directory_remove(struct par_directory *dir, uint64_t user, uint64_t endpoint,
                          uint64_t now_ms, bool *left_r, bool *empty_r)
{
    *left_r = *empty_r = false;
    bool found = false;
    struct shard *s = lock_shard(dir, user);
    struct entry *e = find(dir, s, user);
    for (size_t i = 0; e && i < e->endpoint_count; i++) {
        if (e->endpoints[i].id != endpoint)
            continue;
        found = true;
        if (e->endpoints[i].present) {
            count_present(e, -1, now_ms);
            *left_r = e->present_count == 0;
        }
        e->endpoints[i] = e->endpoints[--e->endpoint_count];
        if (e->endpoint_count == 0) {
            s->online--;
            /* A route that cannot be removed now costs a forward that finds nobody, and its lease
             * ends. */
            if (dir->route)
                (void)par_route_unregister(dir->route, user, dir->server, dir->boot);
            *empty_r = true;
            drop_if_empty(dir, s, e);
        }
        break;
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

bool par_directory_set_present(struct par_directory *dir, uint64_t user, uint64_t endpoint,
                               bool present, uint64_t now_ms)
{
    bool changed = false;
    struct shard *s = lock_shard(dir, user);
    struct entry *e = find(dir, s, user);
    for (size_t i = 0; e && i < e->endpoint_count; i++) {
        if (e->endpoints[i].id != endpoint || e->endpoints[i].present == present)
            continue;
        e->endpoints[i].present = present;
        bool before = e->present_count > 0;
        count_present(e, present ? 1 : -1, now_ms);
        changed = before != (e->present_count > 0);
        break;
    }
    pthread_mutex_unlock(&s->lock);
    return changed;
}

bool par_directory_departed(struct par_directory *dir, uint64_t user, uint64_t now_ms,
                            uint64_t delay_ms)
{
    bool departed = false;
    struct shard *s = lock_shard(dir, user);
    struct entry *e = find(dir, s, user);
    if (e && e->left_ms && (uint32_t)now_ms - e->left_ms >= delay_ms) {
        departed = true;
        e->left_ms = 0;
        drop_if_empty(dir, s, e);
    }
    pthread_mutex_unlock(&s->lock);
    return departed;
}

bool par_directory_has(struct par_directory *dir, uint64_t user)
{
    struct shard *s = lock_shard(dir, user);
    struct entry *e = find(dir, s, user);
    bool has = e && e->endpoint_count;
    pthread_mutex_unlock(&s->lock);
    return has;
}

bool par_directory_is_present(struct par_directory *dir, uint64_t user)
{
    struct shard *s = lock_shard(dir, user);
    struct entry *e = find(dir, s, user);
    bool present = e && e->present_count;
    pthread_mutex_unlock(&s->lock);
    return present;
}

size_t par_directory_endpoints(struct par_directory *dir, uint64_t user,
                               struct par_dir_endpoint *out)
{
    struct shard *s = lock_shard(dir, user);
    struct entry *e = find(dir, s, user);
    size_t n = e ? e->endpoint_count : 0;
    if (n)
        memcpy(out, e->endpoints, n * sizeof *out);
    pthread_mutex_unlock(&s->lock);
    return n;
}

size_t par_directory_users(struct par_directory *dir)
{
    size_t n = 0;
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_lock(&dir->shards[i].lock);
        n += dir->shards[i].online;
        pthread_mutex_unlock(&dir->shards[i].lock);
    }
    return n;
}

void par_directory_on_watched(struct par_directory *dir, par_directory_watched_fn fn, void *arg)
{
    dir->watched = fn;
    dir->watched_arg = arg;
}

static uint8_t told_of(bool online)
{
    return online ? PAR_DIR_TOLD_ONLINE : PAR_DIR_TOLD_OFFLINE;
}

enum par_dir_told par_directory_tell(struct par_directory *dir, uint64_t user, bool online)
{
    enum par_dir_told before = PAR_DIR_TOLD_NOTHING;
    struct shard *s = lock_shard(dir, user);
    struct entry *e = find(dir, s, user);
    if (e && e->watcher_count) {
        before = (enum par_dir_told)e->told;
        e->told = told_of(online);
    }
    pthread_mutex_unlock(&s->lock);
    return before;
}

bool par_directory_read(struct par_directory *dir, uint64_t user, bool online)
{
    bool same = true;
    struct shard *s = lock_shard(dir, user);
    struct entry *e = find(dir, s, user);
    if (e && e->watcher_count) {
        if (e->told == PAR_DIR_TOLD_NOTHING)
            e->told = told_of(online);
        same = e->told == told_of(online);
        if (!same)
            e->told = PAR_DIR_TOLD_DIFFERENT;
    }
    pthread_mutex_unlock(&s->lock);
    return same;
}

void par_directory_not_told(struct par_directory *dir, uint64_t user)
{
    struct shard *s = lock_shard(dir, user);
    struct entry *e = find(dir, s, user);
    if (e && e->watcher_count)
        e->told = PAR_DIR_TOLD_DIFFERENT;
    pthread_mutex_unlock(&s->lock);
}

struct watched {
    uint64_t user;
    enum par_dir_told told;
};

void par_directory_each_watched(struct par_directory *dir, par_directory_told_fn fn, void *arg)
{
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *s = &dir->shards[i];
        struct watched *watched = NULL;
        size_t count = 0;
        pthread_mutex_lock(&s->lock);
        for (size_t j = 0; j < s->slot_count; j++) {
            for (struct entry *e = s->slots[j]; e; e = e->next) {
                if (e->watcher_count && ROOM_FOR_ONE(watched, count))
                    watched[count++] = (struct watched){e->user, (enum par_dir_told)e->told};
            }
        }
        pthread_mutex_unlock(&s->lock);
        for (size_t j = 0; j < count; j++)
            fn(arg, watched[j].user, watched[j].told);
        free(watched);
    }
}

struct found {
    uint64_t user;
    struct par_dir_endpoint endpoint;
};

void par_directory_each(struct par_directory *dir, par_directory_each_fn fn, void *arg)
{
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *s = &dir->shards[i];
        struct found *found = NULL;
        size_t count = 0;
        pthread_mutex_lock(&s->lock);
        for (size_t j = 0; j < s->slot_count; j++) {
            for (struct entry *e = s->slots[j]; e; e = e->next) {
                for (size_t k = 0; k < e->endpoint_count; k++) {
                    if (ROOM_FOR_ONE(found, count))
                        found[count++] = (struct found){e->user, e->endpoints[k]};
                }
            }
        }
        pthread_mutex_unlock(&s->lock);
        for (size_t j = 0; j < count; j++)
            fn(arg, found[j].user, found[j].endpoint);
        free(found);
    }
}

uint32_t par_directory_take_send(struct par_directory *dir, uint64_t user, uint64_t now_ns,
                                 uint32_t per_second, uint32_t burst)
{
    if (per_second == 0 || burst == 0)
        return 0;
    uint32_t wait_ms = 0;
    struct shard *s = lock_shard(dir, user);
    struct entry *e = find_or_add(dir, s, user);
    if (e) {
        if (e->filled_ns == 0) {
            e->tokens = (float)burst;
        } else if (now_ns > e->filled_ns) {
            e->tokens += (float)((double)(now_ns - e->filled_ns) * 1e-9 * per_second);
            if (e->tokens > (float)burst)
                e->tokens = (float)burst;
        }
        e->filled_ns = now_ns ? now_ns : 1;
        if (e->tokens >= 1)
            e->tokens -= 1;
        else
            wait_ms = (uint32_t)((1 - e->tokens) * 1000 / (float)per_second) + 1;
    }
    pthread_mutex_unlock(&s->lock);
    return wait_ms;
}

void par_directory_refund_send(struct par_directory *dir, uint64_t user)
{
    struct shard *s = lock_shard(dir, user);
    struct entry *e = find(dir, s, user);
    if (e && e->filled_ns)
        e->tokens += 1;
    pthread_mutex_unlock(&s->lock);
}

void par_directory_sweep(struct par_directory *dir, uint64_t now_ns, uint32_t per_second,
                         uint32_t burst)
{
    uint64_t full_after_ns = per_second ? (uint64_t)burst * 1000000000u / per_second + 1 : 0;
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *s = &dir->shards[i];
        pthread_mutex_lock(&s->lock);
        for (size_t j = 0; j < s->slot_count; j++) {
            for (struct entry *e = s->slots[j]; e;) {
                struct entry *next = e->next;
                if (e->filled_ns && now_ns > e->filled_ns + full_after_ns) {
                    e->filled_ns = 0;
                    drop_if_empty(dir, s, e);
                }
                e = next;
            }
        }
        pthread_mutex_unlock(&s->lock);
    }
}

enum par_err par_directory_watch(struct par_directory *dir, uint64_t user, uint64_t endpoint,
                                 uint64_t watcher)
{
    enum par_err err = PAR_E_OVERLOADED;
    struct shard *s = lock_shard(dir, user);
    struct entry *e = find_or_add(dir, s, user);
    if (!e)
        goto out;
    for (size_t i = 0; i < e->watcher_count; i++) {
        if (e->watchers[i].endpoint == endpoint) {
            err = PAR_OK;
            goto out;
        }
    }
    if (ROOM_FOR_ONE(e->watchers, e->watcher_count)) {
        e->watchers[e->watcher_count++] = (struct par_dir_watcher){endpoint, watcher};
        err = PAR_OK;
        if (e->watcher_count == 1 && dir->watched)
            dir->watched(dir->watched_arg, user, true);
    } else {
        drop_if_empty(dir, s, e);
    }
out:
    pthread_mutex_unlock(&s->lock);
    return err;
}

void par_directory_unwatch(struct par_directory *dir, uint64_t user, uint64_t endpoint)
{
    struct shard *s = lock_shard(dir, user);
    struct entry *e = find(dir, s, user);
    for (size_t i = 0; e && i < e->watcher_count; i++) {
        if (e->watchers[i].endpoint != endpoint)
            continue;
        e->watchers[i] = e->watchers[--e->watcher_count];
        if (e->watcher_count == 0) {
            e->told = PAR_DIR_TOLD_NOTHING;
            if (dir->watched)
                dir->watched(dir->watched_arg, user, false);
        }
        drop_if_empty(dir, s, e);
        break;
    }
    pthread_mutex_unlock(&s->lock);
}

struct par_dir_watcher *par_directory_watchers(struct par_directory *dir, uint64_t user,
                                               size_t *n_r)
{
    *n_r = 0;
    struct par_dir_watcher *copy = NULL;
    struct shard *s = lock_shard(dir, user);
    struct entry *e = find(dir, s, user);
    if (e && e->watcher_count) {
        copy = malloc(e->watcher_count * sizeof *copy);
        if (copy) {
            memcpy(copy, e->watchers, e->watcher_count * sizeof *copy);
            *n_r = e->watcher_count;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return copy;
}
