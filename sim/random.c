/* Seeded random numbers: one stream (xoshiro256**) for each purpose. */
#include "sim/world.h"

#include <string.h>

static uint64_t split_mix(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void sim_random_init(struct sim_random *r, const char *purpose, uint64_t index)
{
    uint64_t state = sim_seed() * 0xD6E8FEB86659FD93u + index;
    for (; *purpose; purpose++)
        state = (state ^ (uint8_t)*purpose) * 0x100000001B3u;
    for (int i = 0; i < 4; i++)
        r->_s[i] = split_mix(&state);
}

static uint64_t rotl(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

uint64_t sim_random_u64(struct sim_random *r)
{
    uint64_t *s = r->_s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t sim_random_below(struct sim_random *r, uint64_t n)
{
    return n ? (uint64_t)((unsigned __int128)sim_random_u64(r) * n >> 64) : 0;
}

uint64_t sim_random_in(struct sim_random *r, uint64_t from, uint64_t to)
{
    return to > from ? from + sim_random_below(r, to - from + 1) : from;
}

bool sim_random_ppm(struct sim_random *r, uint32_t ppm)
{
    return ppm && sim_random_below(r, 1000000) < ppm;
}

uint64_t sim_random_skew(struct sim_random *r, uint64_t from, uint64_t to)
{
    if (to <= from)
        return from;
    /* The product of three is near 0 mostly. */
    double x = 1;
    for (int i = 0; i < 3; i++)
        x *= (double)(sim_random_u64(r) >> 11) * 0x1p-53;
    return from + (uint64_t)((double)(to - from) * x);
}
