/* What a member has missed: per conversation the newest entry above `delivered` that is worth a
 * push (TAKEOVER.md R4). */
#include "conv/push_rule.h"
#include "conv/read_private.h"

/* One who missed more than that gets the push for an older look at it: none at all would be wrong,
 * and reading on would not be bounded. */
enum { PAGE = 64, PAGES = 16, PAGE_BYTES = 256 << 10 };

struct missed {
    struct par_reader *r;
    uint64_t user;
    par_read_missed_fn fn;
    void *arg;
};

/* Looks from `top` down to above `delivered`. A hole (of a store that is not atomic) is passed
 * over: who fills it tells of it. */
static enum par_err look(struct missed *m, const struct par_conv *conv, uint64_t delivered,
                         uint64_t top)
{
    for (int page = 0; page < PAGES && top > delivered; page++) {
        struct par_key start = par_key_entry(conv, top), end = par_key_entry(conv, delivered);
        struct par_store_row *rows;
        if (par_store_scan_in(m->r->store, PAR_T_ENTRIES, par_key_str(&start), par_key_str(&end),
                              PAGE, PAGE_BYTES, m->r->arena, &rows, NULL))
            return par_read__unavailable(m->r);
        if (!rows)
            return PAR_OK;
        for (; rows; rows = rows->next) {
            struct par_entry e;
            if (!par_key_parse_entry(rows->key, &e.conv, &top) ||
                !par_entry_decode(rows->value, &e))
                return par_read__damaged(m->r);
            e.conv = *conv;
            e.seq = top--;
            if (par_push_reason(&e, m->user)) {
                struct par_push_job job = par_push_job_of(&e, m->user, PAR_PUSH_MISSED);
                m->fn(m->arg, &job);
                return PAR_OK;
            }
        }
    }
    return PAR_OK;
}

enum par_err par_read_missed_in(struct par_reader *r, uint64_t user, const struct par_conv *conv,
                                par_read_missed_fn fn, void *arg)
{
    struct missed m = {.r = r, .user = user, .fn = fn, .arg = arg};
    struct par_key keys[3] = {par_key_conv(conv), par_key_mark(conv, user),
                              par_key_user_conv(user, conv)};
    struct par_store_key asked[3] = {{PAR_T_CONVERSATIONS, par_key_str(&keys[0])},
                                     {PAR_T_MARKS, par_key_str(&keys[1])},
                                     {PAR_T_USER_CONVS, par_key_str(&keys[2])}};
    struct par_str values[3];
    if (par_store_multi_get(r->store, 3, asked, r->arena, values))
        return par_read__unavailable(r);
    struct par_conversation row = {0};
    struct par_mark mark;
    struct par_user_conv own = {0};
    if ((values[0].ptr && !par_conversation_decode(values[0], &row)) ||
        (values[1].ptr && !par_mark_decode(values[1], &mark)) ||
        (values[2].ptr && !par_user_conv_decode(values[2], &own)))
        return par_read__damaged(r);
    if (!values[0].ptr || !values[2].ptr || own.left_seq)
        return PAR_OK;
    uint64_t before = own.joined_seq ? own.joined_seq - 1 : 0;
    return look(&m, conv, values[1].ptr ? mark.delivered : before, row.last_seq);
}

enum par_err par_read_missed(struct par_reader *r, uint64_t user, par_read_missed_fn fn, void *arg)
{
    struct par_user_conv *convs;
    size_t n;
    enum par_err err = par_read__user_convs(r, user, &convs, &n);
    for (size_t i = 0; !err && i < n; i++) {
        struct par_arena arena = {0};
        struct par_reader one = *r;
        one.arena = &arena;
        if (!convs[i].left_seq)
            err = par_read_missed_in(&one, user, &convs[i].conv, fn, arg);
        r->message = one.message;
        par_arena_fini(&arena);
    }
    return err;
}
