/* SipHash-1-3: a keyed hash for tables whose keys come from outside (Aumasson and Bernstein, 2012).
 */
#include "base/map.h"

#include <endian.h>

static inline uint64_t rotl(uint64_t v, int n)
{
    return v << n | v >> (64 - n);
}

static inline void round_(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[0] = rotl(v[0], 32);
    v[2] += v[3];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
}

static inline void start(uint64_t v[4], const uint64_t seed[2])
{
    v[0] = seed[0] ^ UINT64_C(0x736f6d6570736575);
    v[1] = seed[1] ^ UINT64_C(0x646f72616e646f6d);
    v[2] = seed[0] ^ UINT64_C(0x6c7967656e657261);
    v[3] = seed[1] ^ UINT64_C(0x7465646279746573);
}

static inline void word(uint64_t v[4], uint64_t m)
{
    v[3] ^= m;
    round_(v);
    v[0] ^= m;
}

static inline uint64_t finish(uint64_t v[4])
{
    v[2] ^= 0xff;
    round_(v);
    round_(v);
    round_(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t par_siphash(const uint64_t seed[2], const void *data, size_t n)
{
    const uint8_t *p = data;
    uint64_t v[4], m;
    start(v, seed);
    size_t left = n;
    for (; left >= 8; left -= 8, p += 8) {
        memcpy(&m, p, 8);
        word(v, le64toh(m));
    }
    m = (uint64_t)n << 56;
    for (size_t i = 0; i < left; i++)
        m |= (uint64_t)p[i] << (8 * i);
    word(v, m);
    return finish(v);
}

uint64_t par_siphash_u64(const uint64_t seed[2], uint64_t value)
{
    uint64_t v[4];
    start(v, seed);
    word(v, value);
    word(v, UINT64_C(8) << 56);
    return finish(v);
}
