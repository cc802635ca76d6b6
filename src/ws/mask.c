/* Masking: XOR with the four bytes of a key, sixteen at a time. */
#include "ws/frame.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

bool par_ws_mask(uint8_t *data, size_t len, const uint8_t key[4], size_t offset)
{
    uint8_t k[8];
    for (size_t i = 0; i < 8; i++)
        k[i] = key[(offset + i) & 3];
    uint64_t k64;
    memcpy(&k64, k, 8);

    size_t i = 0;
    uint64_t seen = 0;
#ifdef __SSE2__
    if (len >= 16) {
        __m128i k128 = _mm_set1_epi64x((long long)k64);
        __m128i seen128 = _mm_setzero_si128();
        for (; len - i >= 16; i += 16) {
            __m128i v = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(data + i)), k128);
            _mm_storeu_si128((__m128i *)(data + i), v);
            seen128 = _mm_or_si128(seen128, v);
        }
        if (_mm_movemask_epi8(seen128))
            seen = 0x80;
    }
#endif
    for (; len - i >= 8; i += 8) {
        uint64_t v;
        memcpy(&v, data + i, 8);
        v ^= k64;
        memcpy(data + i, &v, 8);
        seen |= v;
    }
    for (; i < len; i++) {
        data[i] ^= k[i & 7];
        seen |= data[i];
    }
    return (seen & 0x8080808080808080u) != 0;
}
