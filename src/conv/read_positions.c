/* How far many partitions were, in few characters: what a sync token of a large service is made of.
 *
 * "p", the generation, how many partitions, the least position (hexadecimal, each with a "-"), two
 * digits of 64 (shift and bits), then of each partition so many bits: how far it was above the
 * least, shifted right. When there is no room for all bits the lowest are dropped: a partition then
 * counts as less far than it was, and what changed in between is told twice (V7). */
#include "conv/read_private.h"

#include "parley/queue.h"

#include <stdio.h>

enum { BITS_A_DIGIT = 6, BITS_MOST = 63 };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static unsigned bits_of(uint64_t v)
{
    return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

/* They are in the order of their partitions, unless a client made the list. */
static const struct par_read__position *find(const struct par_read__token *t, uint32_t partition,
                                             size_t *hint)
{
    if (*hint < t->count && t->at[*hint].partition == partition)
        return &t->at[(*hint)++];
    for (size_t i = 0; i < t->count; i++) {
        if (t->at[i].partition == partition) {
            *hint = i + 1;
            return &t->at[i];
        }
    }
    return NULL;
}

/* ---- there ---- */

struct shape {
    uint16_t generation;
    uint32_t count;
    uint64_t least, most;
};

/* False: not all that is not sealed is of one generation. */
static bool shape_of(const struct par_read__token *t, struct shape *s_r)
{
    size_t there = 0;
    *s_r = (struct shape){.least = UINT64_MAX};
    for (size_t i = 0; i < t->count; i++) {
        const struct par_read__position *p = &t->at[i];
        uint16_t generation = par_partition_generation(p->partition);
        uint16_t number = par_partition_number(p->partition);
        if (p->sealed)
            continue;
        if (number == UINT16_MAX || (there > 0 && generation != s_r->generation))
            return false;
        s_r->generation = generation;
        s_r->count = number >= s_r->count ? number + 1u : s_r->count;
        s_r->least = p->position < s_r->least ? p->position : s_r->least;
        s_r->most = p->position > s_r->most ? p->position : s_r->most;
        there++;
    }
    /* One that has not begun is at 0. */
    if (there < s_r->count)
        s_r->least = 0;
    return there > 0;
}

struct writer {
    char *out;
    size_t n;
    unsigned have, digit;
};

static void put_bit(struct writer *w, unsigned bit)
{
    w->digit = w->digit << 1 | bit;
    if (++w->have < BITS_A_DIGIT)
        return;
    w->out[w->n++] = digits[w->digit];
    w->have = w->digit = 0;
}

size_t par_read__positions_pack(const struct par_read__token *t, char *out, size_t size)
{
    struct shape s;
    size_t hint = 0;
    if (!shape_of(t, &s))
        return 0;
    int head =
        snprintf(out, size, "p%x-%x-%llx-", s.generation, s.count, (unsigned long long)s.least);
    if (head < 0 || (size_t)head + 3 > size)
        return 0;
    struct writer w = {.out = out, .n = (size_t)head};
    unsigned room = (unsigned)((size - w.n - 3) * BITS_A_DIGIT / s.count), shift = 0;
    uint64_t span = s.most - s.least;
    room = room > BITS_MOST ? BITS_MOST : room;
    while (shift < BITS_MOST && bits_of(span >> shift) > room)
        shift++;
    unsigned bits = bits_of(span >> shift) > room ? 0 : bits_of(span >> shift);
    w.out[w.n++] = digits[shift];
    w.out[w.n++] = digits[bits];
    for (uint32_t i = 0; i < s.count; i++) {
        const struct par_read__position *p =
            find(t, par_partition(s.generation, (uint16_t)i), &hint);
        uint64_t above = p && p->position > s.least ? (p->position - s.least) >> shift : 0;
        for (unsigned bit = bits; bit-- > 0;)
            put_bit(&w, above >> bit & 1);
    }
    while (w.have > 0)
        put_bit(&w, 0);
    return w.n;
}

/* ---- and back ---- */

static int digit_of(struct par_str *text)
{
    const char *at = text->len ? strchr(digits, *text->ptr) : NULL;
    if (!at || !*at)
        return -1;
    text->ptr++;
    text->len--;
    return (int)(at - digits);
}

/* Of a partition of this generation is nothing told that has not come to be. */
static bool has_been(const struct par_read__token *t, const struct par_read__token *now)
{
    size_t hint = 0;
    for (size_t i = 0; i < t->count; i++) {
        const struct par_read__position *there = find(now, t->at[i].partition, &hint);
        if (t->at[i].position > (there ? there->position : 0))
            return false;
    }
    return true;
}

static bool known(const struct par_read__token *now, uint32_t partition)
{
    size_t hint = 0;
    return find(now, partition, &hint) != NULL;
}

bool par_read__positions_unpack(struct par_reader *r, struct par_str text,
                                const struct par_read__token *now, struct par_read__token *token_r)
{
    uint64_t generation, count, least;
    if (!par_read__take(&text, 'p') || !par_read__take_hex(&text, UINT16_MAX, &generation) ||
        !par_read__take(&text, '-') || !par_read__take_hex(&text, UINT16_MAX, &count) ||
        !par_read__take(&text, '-') || !par_read__take_hex(&text, INT64_MAX, &least) ||
        !par_read__take(&text, '-'))
        return false;
    int shift = digit_of(&text), bits = digit_of(&text);
    /* The last one was there, so the list is no longer than what there is. */
    if (shift < 0 || bits < 0 || shift + bits > BITS_MOST || count == 0 ||
        (count > 1 && !known(now, par_partition((uint16_t)generation, (uint16_t)(count - 1)))) ||
        text.len != (count * (unsigned)bits + BITS_A_DIGIT - 1) / BITS_A_DIGIT)
        return false;
    token_r->at = par_arena_alloc(r->arena, count * sizeof *token_r->at);
    if (!token_r->at)
        return false;
    unsigned have = 0, digit = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t above = 0;
        for (int k = 0; k < bits; k++) {
            if (have == 0) {
                int next = digit_of(&text);
                if (next < 0)
                    return false;
                digit = (unsigned)next;
                have = BITS_A_DIGIT;
            }
            above = above << 1 | (digit >> --have & 1);
        }
        uint64_t position = least + (above << shift);
        if (position < least)
            return false;
        token_r->at[token_r->count++] = (struct par_read__position){
            .partition = par_partition((uint16_t)generation, (uint16_t)i), .position = position};
    }
    return has_been(token_r, now);
}
