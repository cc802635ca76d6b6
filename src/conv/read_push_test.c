/* The badge of a push: what counts, and that it costs few calls of the store, on the memory store.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/stats.h"
#include "conv/read_private.h"
#include "store/key.h"

enum { ANN = 7, FIRST = 1000, NOW_MS = 5000, LAST = 3 };

static struct par_store *store;

static int set_up(void **state)
{
    struct par_buf why = {0};
    (void)state;
    assert_int_equal(par_store_open(&(struct par_store_options){.driver = "memory"}, &store, &why),
                     PAR_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    par_store_close(&store);
    return 0;
}

static void put(enum par_table table, struct par_key key, struct par_buf *value)
{
    assert_int_equal(par_store_put(store, table, par_key_str(&key), par_buf_str(value), 1),
                     PAR_OUTCOME_OK);
    par_buf_fini(value);
}

/* A conversation of Ann with `other`, who wrote LAST texts of which she read so many; what the list
 * of hers says of it is given. */
static void add(uint64_t other, uint64_t read, struct par_user_conv own)
{
    struct par_conv conv = par_conv_direct(ANN, other);
    struct par_buf value = {0};
    for (uint64_t seq = 1; seq <= LAST; seq++) {
        struct par_entry e = {.stamp = seq,
                              .text_no = seq,
                              .ts = (int64_t)seq,
                              .sender = other,
                              .kind = PAR_ENTRY_TEXT,
                              .cmid = PAR_STR("c"),
                              .text = PAR_STR("hello")};
        par_entry_encode(&e, &value);
        put(PAR_T_ENTRIES, par_key_entry(&conv, seq), &value);
    }
    struct par_conversation row = {
        .last_seq = LAST, .last_ts = LAST, .last_stamp = LAST, .text_count = LAST, .changed = LAST};
    par_conversation_encode(&row, &value);
    put(PAR_T_CONVERSATIONS, par_key_conv(&conv), &value);
    own.joined_seq = own.stamp = 1;
    par_user_conv_encode(&own, &value);
    put(PAR_T_USER_CONVS, par_key_user_conv(ANN, &conv), &value);
    /* Nothing read: no mark. */
    if (read == 0)
        return;
    par_mark_encode(&(struct par_mark){.delivered = read, .read = read, .shown_read = read},
                    &value);
    put(PAR_T_MARKS, par_key_mark(&conv, ANN), &value);
}

static uint64_t calls(void)
{
    uint64_t n = 0;
    for (unsigned op = 0; op < PAR_STORE_OP_COUNT; op++)
        n += par_stats_recorded(PAR_H_STORE_TIME, op);
    return n;
}

static uint32_t badge(uint64_t *calls_r)
{
    struct par_arena arena = {0};
    struct par_reader r = {.store = store, .arena = &arena};
    uint32_t n;
    uint64_t before = calls();
    assert_int_equal(par_read_badge(&r, ANN, NOW_MS, &n), PAR_OK);
    *calls_r = calls() - before;
    par_arena_fini(&arena);
    return n;
}

static void what_is_unread_counts(void **state)
{
    enum { KINDS = 8, EACH = 20 };
    uint64_t n;
    (void)state;
    for (uint64_t i = 0; i < KINDS * EACH; i++) {
        const struct {
            uint64_t read;
            struct par_user_conv own;
        } kinds[KINDS] = {
            {0, {0}},                                        /* counts */
            {LAST - 1, {0}},                                 /* counts */
            {LAST, {0}},                                     /* nothing unread */
            {LAST, {.marked_unread = true}},                 /* counts */
            {0, {.muted_until = NOW_MS + 1}},                /* muted */
            {LAST - 1, {.muted_until = NOW_MS}},             /* counts: no longer muted */
            {0, {.archived = true, .marked_unread = true}},  /* archived */
            {0, {.left_seq = LAST, .marked_unread = i % 2}}, /* left */
        };
        add(FIRST + i, kinds[i % KINDS].read, kinds[i % KINDS].own);
    }
    assert_int_equal(badge(&n), 4 * EACH);
}

static void it_ends_at_99(void **state)
{
    uint64_t n;
    (void)state;
    for (uint64_t i = 0; i < 300; i++)
        add(FIRST + i, i % 2 ? 0 : LAST, (struct par_user_conv){0});
    assert_int_equal(badge(&n), PAR_READ_BADGE_MAX);
}

/* One for the list, and one for the rows of many. */
static void many_conversations_cost_few_calls(void **state)
{
    uint64_t n;
    (void)state;
    for (uint64_t i = 0; i < 100; i++)
        add(FIRST + i, LAST, (struct par_user_conv){0});
    assert_int_equal(badge(&n), 0);
    assert_int_equal(n, 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(what_is_unread_counts),
        T(it_ends_at_99),
        T(many_conversations_cost_few_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
