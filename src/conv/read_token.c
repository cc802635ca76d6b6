/* The token of sync: how far each partition was when rows were read (TAKEOVER.md V7). */
#include "conv/read_private.h"

#include "parley/queue.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    INCARNATION = 8,
    LIST_MAX = PAR_READ_TOKEN_MAX - 2, /* two of them fit into a cursor */
    /* The number that stands for all partitions of a generation. */
    ALL = UINT16_MAX
};

static bool is_all(const struct par_read__position *p)
{
    return par_partition_number(p->partition) == ALL;
}

enum par_err par_read__token_now(struct par_reader *r, struct par_read__token *token_r)
{
    struct par_store_row *rows;
    size_t n = 0;
    *token_r = (struct par_read__token){0};
    if (par_store_scan_in(r->store, PAR_T_CHECKPOINTS, PAR_STR(""), PAR_STR(""), 0, 0, r->arena,
                          &rows, NULL))
        return par_read__unavailable(r);
    for (const struct par_store_row *row = rows; row; row = row->next)
        n++;
    token_r->at = par_arena_alloc(r->arena, (n + 1) * sizeof *token_r->at);
    if (!token_r->at)
        return par_read__no_memory(r);
    for (const struct par_store_row *row = rows; row; row = row->next) {
        struct par_checkpoint c;
        uint64_t partition;
        if (!par_key_parse_number(row->key, &partition) || partition > UINT32_MAX ||
            !par_checkpoint_decode(row->value, &c))
            return par_read__damaged(r);
        token_r->at[token_r->count++] =
            (struct par_read__position){(uint32_t)partition, c.position, c.sealed};
    }
    if (n == 0)
        token_r->at[token_r->count++] = (struct par_read__position){0};
    return PAR_OK;
}

/* ---- as text: the store's incarnation, then hexadecimal pairs ---- */

static size_t write_list(const struct par_read__token *t, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < t->count; i++) {
        /* A sealed partition changes no more: that the next generation is there tells of it. */
        if (t->at[i].sealed)
            continue;
        int len = snprintf(out + n, size - n, "%s%" PRIx32 "-%" PRIx64, n ? "_" : "",
                           t->at[i].partition, t->at[i].position);
        n += (size_t)len;
        if (n >= size)
            return 0;
    }
    return n;
}

/* One pair for all partitions that are not sealed, of two generations or none. With some of an
 * older one, all that was done since it began counts as changed. With none, what the next
 * generation will do. */
static struct par_read__position least(const struct par_read__token *t)
{
    uint16_t oldest = UINT16_MAX, newest = 0, last = 0;
    uint64_t position = UINT64_MAX;
    for (size_t i = 0; i < t->count; i++) {
        uint16_t generation = par_partition_generation(t->at[i].partition);
        last = generation > last ? generation : last;
        if (t->at[i].sealed)
            continue;
        oldest = generation < oldest ? generation : oldest;
        newest = generation > newest ? generation : newest;
        position = t->at[i].position < position ? t->at[i].position : position;
    }
    if (position == UINT64_MAX)
        return (struct par_read__position){.partition = par_partition((uint16_t)(last + 1), ALL)};
    return (struct par_read__position){.partition = par_partition(oldest, ALL),
                                       .position = oldest == newest ? position : 0};
}

size_t par_read__token_list(const struct par_read__token *t, char out[PAR_READ_TOKEN_MAX])
{
    size_t n = write_list(t, out, LIST_MAX);
    if (n == 0)
        n = par_read__positions_pack(t, out, LIST_MAX);
    if (n > 0)
        return n;
    struct par_read__position all = least(t);
    struct par_read__token one = {.at = &all, .count = 1};
    return write_list(&one, out, LIST_MAX);
}

void par_read__token_write(struct par_reader *r, const struct par_read__token *t,
                           struct par_json_out *w)
{
    char text[INCARNATION + 1 + PAR_READ_TOKEN_MAX];
    memcpy(text, par_store_incarnation(r->store), INCARNATION);
    text[INCARNATION] = '.';
    size_t n = INCARNATION + 1 + par_read__token_list(t, text + INCARNATION + 1);
    par_json_key_str(w, "sync_token", par_str_of(text, n));
}

bool par_read__take_hex(struct par_str *text, uint64_t most, uint64_t *v_r)
{
    size_t n = 0;
    *v_r = 0;
    for (; n < text->len && n < 16; n++) {
        char c = text->ptr[n];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                                                : 16;
        if (digit == 16)
            break;
        *v_r = *v_r << 4 | digit;
    }
    text->ptr += n;
    text->len -= n;
    return n > 0 && *v_r <= most;
}

bool par_read__take(struct par_str *text, char c)
{
    if (text->len == 0 || *text->ptr != c)
        return false;
    text->ptr++;
    text->len--;
    return true;
}

static const struct par_read__position *find(const struct par_read__token *t, uint32_t partition)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->at[i].partition == partition)
            return &t->at[i];
    return NULL;
}

bool par_read__token_parse(struct par_reader *r, struct par_str text,
                           const struct par_read__token *now, struct par_read__token *token_r)
{
    *token_r = (struct par_read__token){0};
    if (text.len > 0 && *text.ptr == 'p')
        return par_read__positions_unpack(r, text, now, token_r);
    token_r->at = par_arena_alloc(r->arena, (text.len / 3 + 1) * sizeof *token_r->at);
    if (!token_r->at)
        return false;
    do {
        uint64_t partition, position;
        if (!par_read__take_hex(&text, UINT32_MAX, &partition) || !par_read__take(&text, '-') ||
            !par_read__take_hex(&text, UINT64_MAX, &position))
            return false;
        struct par_read__position p = {.partition = (uint32_t)partition, .position = position};
        /* What was read from this store is there, and not above what is read now; before anything
         * was written it was partition 0 at 0. */
        const struct par_read__position *there = find(now, p.partition);
        if (!is_all(&p) && (there ? position > there->position : partition > 0 || position > 0))
            return false;
        token_r->at[token_r->count++] = p;
    } while (par_read__take(&text, '_'));
    return text.len == 0;
}

/* What a client sends back names any generation. */
static unsigned grown_out_of(unsigned number, int generations)
{
    return generations < 16 ? number >> generations : 0;
}

bool par_read__token_changed(const struct par_read__token *t, uint32_t number, uint64_t stamp)
{
    uint16_t generation = (uint16_t)par_stamp_generation(stamp);
    uint64_t offset = par_stamp_offset(stamp);
    bool later = false;
    for (size_t i = 0; i < t->count; i++) {
        const struct par_read__position *p = &t->at[i];
        uint16_t of = par_partition_generation(p->partition);
        if (of == generation && (is_all(p) || par_partition_number(p->partition) == number))
            return offset >= p->position;
        /* T7: a partition of a later generation is there: the one it grew out of was sealed. */
        if (of > generation)
            later |= is_all(p) || grown_out_of(par_partition_number(p->partition),
                                               of - generation) == (uint16_t)number;
    }
    return !later;
}
