/* Signatures: collecting grams, setting and testing bits. */
#include "search/signature.h"

#include "search/fold.h"

#include <stdlib.h>

enum {
    BITS_PER_GRAM = 8,
    WORD_BITS = 64,
    SLOTS_MIN = 4096,
};

/* Spreads numbers that lie close together over all bits. */
static uint64_t spread(uint64_t gram)
{
    gram = (gram ^ gram >> 30) * 0xBF58476D1CE4E5B9u;
    gram = (gram ^ gram >> 27) * 0x94D049BB133111EBu;
    return gram ^ gram >> 31;
}

/* False: it was there. The table has a free slot. */
static bool insert(uint64_t *table, size_t slots, uint64_t gram)
{
    size_t at = spread(gram) & (slots - 1);
    for (; table[at]; at = (at + 1) & (slots - 1))
        if (table[at] == gram)
            return false;
    table[at] = gram;
    return true;
}

/* Makes room for twice as many. */
static void grow(struct par_signature *s)
{
    size_t slots = s->_slots ? s->_slots * 2 : SLOTS_MIN;
    uint64_t *table = calloc(slots, sizeof *table);
    if (!table) {
        s->_full = true;
        return;
    }
    for (size_t i = 0; i < s->_slots; i++)
        if (s->_table[i])
            (void)insert(table, slots, s->_table[i]);
    free(s->_table);
    s->_table = table;
    s->_slots = slots;
}

static void add(struct par_signature *s, uint64_t gram)
{
    if (s->_count >= s->_slots / 2)
        grow(s);
    if (s->_full)
        return;
    s->_count += insert(s->_table, s->_slots, gram);
    s->_full = s->_count > PAR_SIGNATURE_GRAMS_MAX;
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

/* Two places for a gram. */
static void places(uint64_t gram, uint64_t bits, uint64_t place_r[2])
{
    uint64_t h = spread(gram);
    place_r[0] = (h & UINT32_MAX) % bits;
    place_r[1] = (h >> 32) % bits;
}

static void reset(struct par_signature *s)
{
    if (s->_count > 0)
        memset(s->_table, 0, s->_slots * sizeof *s->_table);
    s->_count = 0;
    s->_full = false;
}

void par_signature_write(struct par_signature *s, struct par_buf *out)
{
    par_buf_add_u8(out, PAR_SIGNATURE_VERSION);
    if (!s->_full) {
        size_t words = (s->_count * BITS_PER_GRAM + WORD_BITS - 1) / WORD_BITS;
        size_t bytes = (words ? words : 1) * WORD_BITS / 8;
        uint8_t *bit = par_buf_reserve(out, bytes);
        if (bit) {
            memset(bit, 0, bytes);
            out->len += bytes;
        }
        for (size_t i = 0; bit && i < s->_slots; i++) {
            uint64_t place[2];
            if (!s->_table[i])
                continue;
            places(s->_table[i], bytes * 8, place);
            bit[place[0] / 8] |= (uint8_t)(1u << place[0] % 8);
            bit[place[1] / 8] |= (uint8_t)(1u << place[1] % 8);
        }
    }
    reset(s);
}

bool par_signature_covered(struct par_signature *s, struct par_str row)
{
    bool covered = row.len <= 1 || !s->_full;
    for (size_t i = 0; row.len > 1 && covered && i < s->_slots; i++)
        covered = !s->_table[i] || par_signature_has(row, &s->_table[i], 1);
    reset(s);
    return covered;
}

void par_signature_fini(struct par_signature *s)
{
    free(s->_table);
    s->_table = NULL;
    s->_slots = s->_count = 0;
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
