/* Attempts: leaky buckets in a fixed table. */
#include "auth/attempts.h"

#include "loop/env.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

enum { ROWS = 1 << 14, MINUTE_MS = 60000 };

struct row {
    uint64_t key;
    uint64_t at_ms;
    double level; /* tries that are not yet forgotten, as of at_ms */
};

struct par_attempts {
    pthread_mutex_t lock;
    uint8_t seed[crypto_shorthash_KEYBYTES];
    struct row rows[ROWS];
};

struct par_attempts *par_attempts_new(void)
{
    struct par_attempts *attempts = calloc(1, sizeof *attempts);
    if (!attempts)
        return NULL;
    pthread_mutex_init(&attempts->lock, NULL);
    par_random(attempts->seed, sizeof attempts->seed);
    return attempts;
}

void par_attempts_free(struct par_attempts **attempts)
{
    if (!*attempts)
        return;
    pthread_mutex_destroy(&(*attempts)->lock);
    free(*attempts);
    *attempts = NULL;
}

static uint64_t key_of(const struct par_attempts *attempts, enum par_attempt kind,
                       struct par_str who)
{
    uint8_t out[crypto_shorthash_BYTES];
    crypto_shorthash(out, (const uint8_t *)(who.len ? who.ptr : ""), who.len, attempts->seed);
    uint64_t key;
    memcpy(&key, out, sizeof key);
    return (key ^ (uint64_t)kind * 0x9E3779B97F4A7C15u) | 1;
}

static double level_now(const struct row *row, uint32_t per_minute, uint64_t now_ms)
{
    uint64_t passed = now_ms > row->at_ms ? now_ms - row->at_ms : 0;
    double level = row->level - (double)passed * per_minute / MINUTE_MS;
    return level > 0 ? level : 0;
}

uint32_t par_attempts_wait(struct par_attempts *attempts, enum par_attempt kind, struct par_str who,
                           uint32_t per_minute, uint64_t now_ms)
{
    if (per_minute == 0)
        return 0;
    uint64_t key = key_of(attempts, kind, who);
    uint32_t wait = 0;
    pthread_mutex_lock(&attempts->lock);
    const struct row *row = &attempts->rows[key >> 50];
    if (row->key == key) {
        double over = level_now(row, per_minute, now_ms) - (per_minute - 1);
        if (over > 0)
            wait = (uint32_t)(over * MINUTE_MS / per_minute) + 1;
    }
    pthread_mutex_unlock(&attempts->lock);
    return wait;
}

void par_attempts_count(struct par_attempts *attempts, enum par_attempt kind, struct par_str who,
                        uint32_t per_minute, uint64_t now_ms)
{
    if (per_minute == 0)
        return;
    uint64_t key = key_of(attempts, kind, who);
    pthread_mutex_lock(&attempts->lock);
    struct row *row = &attempts->rows[key >> 50];
    double level = level_now(row, per_minute, now_ms);
    if (row->key == key)
        *row = (struct row){key, now_ms, level + 1};
    else if (level <= 1)
        *row = (struct row){key, now_ms, 1};
    pthread_mutex_unlock(&attempts->lock);
}
