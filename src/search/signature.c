/* Signatures: collecting grams, setting and testing bits. */
#include "search/signature.h"

#include "search/fold.h"

#include <stdlib.h>

enum {
    BITS_PER_GRAM = 8,
    WORD_BITS = 64,
    COLLECT_MAX = PAR_SIGNATURE_GRAMS_MAX * 2, /* before doubles are taken out */
};

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void take_out_doubles(struct par_signature *s)
{
    uint64_t *gram = (void *)s->_grams.data;
    size_t kept = 0;
    if (s->_count > 0)
        qsort(gram, s->_count, sizeof *gram, compare);
    for (size_t i = 0; i < s->_count; i++) {
        if (i == 0 || gram[i] != gram[kept - 1])
            gram[kept++] = gram[i];
    }
    s->_count = kept;
    s->_grams.len = kept * sizeof *gram;
    if (kept > PAR_SIGNATURE_GRAMS_MAX)
        s->_full = true;
}

static void add(struct par_signature *s, uint64_t gram)
{
    if (s->_full)
        return;
    par_buf_add(&s->_grams, &gram, sizeof gram);
    if (++s->_count == COLLECT_MAX)
        take_out_doubles(s);
}

void par_signature_add(struct par_signature *s, struct par_str text)
{
    uint32_t a = 0, b = 0, c;
    size_t at = 0;
    par_buf_clear(&s->_folded);
    par_fold(text, &s->_folded);
    if (s->_folded.failed)
        s->_full = true;
    struct par_str folded = par_buf_str(&s->_folded);
    while (!s->_full && (c = par_fold_next(folded, &at)) != 0) {
        if (c == ' ') {
            a = b = 0;
            continue;
        }
        add(s, par_gram(0, 0, c));
        if (b)
            add(s, par_gram(0, b, c));
        if (a)
            add(s, par_gram(a, b, c));
        a = b;
        b = c;
    }
}

/* Two places for a gram, out of numbers that lie close together. */
static void places(uint64_t gram, uint64_t bits, uint64_t place_r[2])
{
    gram = (gram ^ gram >> 30) * 0xBF58476D1CE4E5B9u;
    gram = (gram ^ gram >> 27) * 0x94D049BB133111EBu;
    gram ^= gram >> 31;
    place_r[0] = (gram & UINT32_MAX) % bits;
    place_r[1] = (gram >> 32) % bits;
}

static void reset(struct par_signature *s)
{
    par_buf_clear(&s->_grams);
    s->_count = 0;
    s->_full = false;
}

void par_signature_write(struct par_signature *s, struct par_buf *out)
{
    take_out_doubles(s);
    par_buf_add_u8(out, PAR_SIGNATURE_VERSION);
    if (!s->_full && !s->_grams.failed) {
        size_t words = (s->_count * BITS_PER_GRAM + WORD_BITS - 1) / WORD_BITS;
        size_t bytes = (words ? words : 1) * WORD_BITS / 8;
        uint8_t *bit = par_buf_reserve(out, bytes);
        if (bit) {
            memset(bit, 0, bytes);
            out->len += bytes;
        }
        const uint64_t *gram = (const void *)s->_grams.data;
        for (size_t i = 0; bit && i < s->_count; i++) {
            uint64_t place[2];
            places(gram[i], bytes * 8, place);
            bit[place[0] / 8] |= (uint8_t)(1u << place[0] % 8);
            bit[place[1] / 8] |= (uint8_t)(1u << place[1] % 8);
        }
    }
    reset(s);
}

bool par_signature_covered(struct par_signature *s, struct par_str row)
{
    const uint64_t *grams = (const void *)s->_grams.data;
    bool covered = row.len <= 1 || (!s->_full && par_signature_has(row, grams, s->_count));
    reset(s);
    return covered;
}

void par_signature_fini(struct par_signature *s)
{
    par_buf_fini(&s->_grams);
    par_buf_fini(&s->_folded);
}

bool par_signature_has(struct par_str row, const uint64_t *grams, size_t count)
{
    if (row.len <= 1 || row.ptr[0] != PAR_SIGNATURE_VERSION)
        return true;
    const uint8_t *bit = (const uint8_t *)row.ptr + 1;
    for (size_t i = 0; i < count; i++) {
        uint64_t place[2];
        places(grams[i], (row.len - 1) * 8, place);
        if (!(bit[place[0] / 8] >> place[0] % 8 & 1) || !(bit[place[1] / 8] >> place[1] % 8 & 1))
            return false;
    }
    return true;
}
