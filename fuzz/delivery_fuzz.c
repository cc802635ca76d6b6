/* Deliveries between servers: what is taken is encoded as the same bytes again. An entry within is
 * a record, which may be written in more than one way: that one is the same from the second time
 * on.
 */
#include "conv/delivery_codec.h"
#include "store/record.h"

#include <stdlib.h>

static void check(const struct par_delivery *d)
{
    if (d->kind == 0 || d->kind >= PAR_DELIVERY_KINDS || d->user_count > PAR_DELIVERY_USERS_MAX ||
        (d->user_count && !d->users))
        abort();
    if ((d->kind == PAR_DELIVERY_ENTRY) != (d->entry != NULL))
        abort();
}

static void check_again(struct par_str bytes)
{
    struct par_arena arena = {0};
    struct par_buf again = {0};
    struct par_delivery d;
    struct par_cursor cur = par_cursor(bytes);
    if (!par_delivery_next(&cur, &arena, &d) || par_cursor_left(&cur))
        abort();
    par_delivery_encode(&d, &again);
    if (!par_str_eq(par_buf_str(&again), bytes))
        abort();
    par_buf_fini(&again);
    par_arena_fini(&arena);
}

/* False: the rest is none. */
static bool next(struct par_cursor *cur, struct par_arena *arena)
{
    const uint8_t *from = cur->pos;
    struct par_buf again = {0};
    struct par_delivery d;
    bool read = par_delivery_next(cur, arena, &d);
    if (read) {
        check(&d);
        par_delivery_encode(&d, &again);
        if (again.failed)
            abort();
        if (d.entry)
            check_again(par_buf_str(&again));
        else if (!par_str_eq(par_buf_str(&again), par_str_of(from, (size_t)(cur->pos - from))))
            abort();
    } else if (d.kind != 0) {
        abort();
    }
    par_buf_fini(&again);
    return read;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct par_arena arena = {0};
    struct par_cursor cur = par_cursor(par_str_of(data, size));
    while (next(&cur, &arena) && par_cursor_left(&cur))
        ;
    par_arena_fini(&arena);
    return 0;
}
