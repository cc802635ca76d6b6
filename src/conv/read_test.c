/* Reading: pages of history against a simple model, and sync's tokens and cursors, on the memory
 * store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "conv/read_private.h"
#include "parley/queue.h"
#include "store/key.h"

#include <jansson.h>
#include <stdlib.h>

enum { ANN = 11, BOB = 22, ENTRIES = 300 };

struct world {
    struct par_store *store;
    struct par_conv conv;
    int64_t ts[ENTRIES + 1];
    uint64_t seed;
};

static uint64_t draw(struct world *w, uint64_t below)
{
    w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
    return (w->seed >> 33) % below;
}

static void put(struct par_store *store, enum par_table table, struct par_key key,
                struct par_buf *value)
{
    assert_int_equal(par_store_put(store, table, par_key_str(&key), par_buf_str(value), 1),
                     PAR_OUTCOME_OK);
    par_buf_fini(value);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct par_buf value = {0};
    w->seed = 7;
    w->conv = par_conv_direct(ANN, BOB);
    assert_int_equal(
        par_store_open(&(struct par_store_options){.driver = "memory"}, &w->store, &value), PAR_OK);
    for (uint64_t seq = 1; seq <= ENTRIES; seq++) {
        w->ts[seq] = w->ts[seq - 1] + 1 + (int64_t)draw(w, 50);
        struct par_entry e = {.stamp = seq,
                              .text_no = seq,
                              .ts = w->ts[seq],
                              .sender = seq % 3 ? ANN : BOB,
                              .kind = PAR_ENTRY_TEXT,
                              .cmid = PAR_STR("c"),
                              .text = PAR_STR("hello")};
        par_entry_encode(&e, &value);
        put(w->store, PAR_T_ENTRIES, par_key_entry(&w->conv, seq), &value);
    }
    struct par_conversation row = {.last_seq = ENTRIES,
                                   .last_ts = w->ts[ENTRIES],
                                   .last_stamp = ENTRIES,
                                   .text_count = ENTRIES,
                                   .changed = ENTRIES};
    par_conversation_encode(&row, &value);
    put(w->store, PAR_T_CONVERSATIONS, par_key_conv(&w->conv), &value);
    par_user_conv_encode(&(struct par_user_conv){.joined_seq = 1, .stamp = 1}, &value);
    put(w->store, PAR_T_USER_CONVS, par_key_user_conv(ANN, &w->conv), &value);
    par_checkpoint_encode(&(struct par_checkpoint){.position = ENTRIES + 1, .rules = 1}, &value);
    put(w->store, PAR_T_CHECKPOINTS, par_key_number(0), &value);
    par_mark_encode(&(struct par_mark){.delivered = 250, .read = 240, .shown_read = 200}, &value);
    put(w->store, PAR_T_MARKS, par_key_mark(&w->conv, ANN), &value);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    par_store_close(&w->store);
    free(w);
    return 0;
}

static json_t *close_and_parse(struct par_buf *out, struct par_json_out *w)
{
    par_json_close(w);
    json_t *page = json_loadb((const char *)out->data, out->len, 0, NULL);
    assert_non_null(page);
    par_buf_fini(out);
    return page;
}

static int64_t number(json_t *page, const char *name)
{
    return json_integer_value(json_object_get(page, name));
}

/* What a page should be: from … to, and whether there is more in the direction asked. */
static void model(const struct world *w, const struct par_history_query *q, uint64_t *from,
                  uint64_t *to, bool *more)
{
    uint64_t value = (uint64_t)q->value, limit = q->limit;
    *to = ENTRIES;
    if (q->from == PAR_BEFORE_SEQ)
        *to = value ? (value - 1 < ENTRIES ? value - 1 : ENTRIES) : 0;
    if (q->from == PAR_BEFORE_TS) {
        *to = 0;
        while (*to < ENTRIES && w->ts[*to + 1] < q->value)
            ++*to;
    }
    if (q->from == PAR_AFTER_SEQ) {
        *from = value + 1;
        *to = value + limit < ENTRIES ? value + limit : ENTRIES;
        *more = *from <= *to && *to < ENTRIES;
        return;
    }
    if (q->from == PAR_AROUND_SEQ) {
        uint64_t at = value < 1 ? 1 : value > ENTRIES ? ENTRIES : value;
        *from = at > limit / 2 ? at - limit / 2 : 1;
        *to = *from + limit - 1;
        if (*to > ENTRIES)
            *to = ENTRIES;
        *from = *to >= limit ? *to - limit + 1 : 1;
    } else {
        *from = *to >= limit ? *to - limit + 1 : 1;
    }
    *more = *from <= *to && *from > 1;
}

static void pages_are_those_of_the_model(void **state)
{
    struct world *w = *state;
    for (int round = 0; round < 3000; round++) {
        struct par_arena arena = {0};
        struct par_buf out = {0};
        struct par_reader r = {.store = w->store, .arena = &arena, .page_bytes = 1 << 20};
        struct par_history_query q = {.conv = w->conv,
                                      .from = (enum par_history_from)draw(w, 5),
                                      .value = (int64_t)draw(w, ENTRIES + 20),
                                      .limit = 1 + (uint32_t)draw(w, 200)};
        if (q.from == PAR_BEFORE_TS)
            q.value = (int64_t)draw(w, (uint64_t)w->ts[ENTRIES] + 50);
        uint64_t from, to;
        bool more;
        model(w, &q, &from, &to, &more);
        struct par_json_out json = par_json_out(&out);
        par_json_open(&json);
        assert_int_equal(par_read_history(&r, ANN, &q, &json), PAR_OK);
        json_t *page = close_and_parse(&out, &json), *entries = json_object_get(page, "entries");
        size_t n = from <= to ? (size_t)(to - from + 1) : 0;
        assert_int_equal(json_array_size(entries), n);
        for (size_t i = 0; i < n; i++) {
            json_t *e = json_array_get(entries, i);
            assert_int_equal(number(e, "seq"), from + i);
            /* Only one's own cmid is told. */
            assert_int_equal(json_object_get(e, "cmid") != NULL, (from + i) % 3 != 0);
        }
        assert_int_equal(json_is_true(json_object_get(page, "more")), more);
        assert_int_equal(number(page, "last_seq"), ENTRIES);
        json_t *cursor = json_object_get(page, "next_cursor");
        assert_int_equal(cursor != NULL, n && from > 1);
        if (cursor)
            assert_int_equal(atoll(json_string_value(cursor)), w->ts[from]);
        json_decref(page);
        par_arena_fini(&arena);
    }
}

static void a_page_ends_before_it_is_too_large(void **state)
{
    struct world *w = *state;
    static const enum par_history_from modes[] = {PAR_FROM_NEWEST, PAR_AFTER_SEQ, PAR_AROUND_SEQ};
    for (size_t i = 0; i < 3; i++) {
        struct par_arena arena = {0};
        struct par_buf out = {0};
        struct par_reader r = {.store = w->store, .arena = &arena, .page_bytes = 4096};
        struct par_history_query q = {
            .conv = w->conv, .from = modes[i], .value = 150, .limit = 200};
        struct par_json_out json = par_json_out(&out);
        par_json_open(&json);
        assert_int_equal(par_read_history(&r, ANN, &q, &json), PAR_OK);
        assert_true(out.len < 4096);
        json_t *page = close_and_parse(&out, &json), *entries = json_object_get(page, "entries");
        size_t n = json_array_size(entries);
        assert_in_range(n, 5, 100);
        int64_t first = number(json_array_get(entries, 0), "seq");
        int64_t last = number(json_array_get(entries, n - 1), "seq");
        assert_int_equal(last - first + 1, n);
        if (modes[i] == PAR_FROM_NEWEST)
            assert_int_equal(last, ENTRIES);
        else if (modes[i] == PAR_AFTER_SEQ)
            assert_int_equal(first, 151);
        else
            assert_true(first <= 150 && last >= 150);
        assert_true(json_is_true(json_object_get(page, "more")));
        json_decref(page);
        par_arena_fini(&arena);
    }
}

static enum par_err sync_with(struct world *w, struct par_str since, struct par_str cursor,
                              json_t **page_r)
{
    struct par_arena arena = {0};
    struct par_buf out = {0};
    struct par_reader r = {.store = w->store, .arena = &arena, .page_bytes = 1 << 20};
    struct par_sync_query q = {.limit = 10, .since = since, .cursor = cursor};
    struct par_json_out json = par_json_out(&out);
    par_json_open(&json);
    enum par_err err = par_read_sync(&r, ANN, &q, &json);
    if (err)
        par_buf_fini(&out);
    else
        *page_r = close_and_parse(&out, &json);
    par_arena_fini(&arena);
    return err;
}

static void sync_counts_unread_and_knows_its_tokens(void **state)
{
    struct world *w = *state;
    json_t *page, *again;
    assert_int_equal(sync_with(w, (struct par_str){0}, (struct par_str){0}, &page), PAR_OK);
    json_t *row = json_array_get(json_object_get(page, "conversations"), 0);
    assert_int_equal(number(row, "last_seq"), ENTRIES);
    assert_int_equal(number(row, "read"), 240);
    assert_int_equal(number(row, "delivered"), 250);
    /* Bob wrote every third: 243 … 300. */
    assert_int_equal(number(row, "unread"), 20);
    struct par_str token = par_str(json_string_value(json_object_get(page, "sync_token")));
    assert_int_equal(sync_with(w, token, (struct par_str){0}, &again), PAR_OK);
    assert_int_equal(json_array_size(json_object_get(again, "conversations")), 0);
    json_decref(again);
    char other[80];
    snprintf(other, sizeof other, "%.*s9", PAR_STR_ARGS(token));
    assert_int_equal(sync_with(w, par_str(other), (struct par_str){0}, &again), PAR_E_BAD_REQUEST);
    assert_int_equal(sync_with(w, PAR_STR(""), (struct par_str){0}, &again), PAR_E_BAD_REQUEST);
    assert_int_equal(sync_with(w, PAR_STR("x.1"), (struct par_str){0}, &again), PAR_E_BAD_REQUEST);
    assert_int_equal(sync_with(w, (struct par_str){0}, token, &again), PAR_E_BAD_REQUEST);
    json_decref(page);
}

/* The rows of one batch land one by one: the user's row is there, the roster is not (seed 715 of
 * the simulator). The reader cannot say yet whether the user is in, and no sync is refused for
 * good. */
static void the_roster_is_on_its_way(void **state)
{
    struct world *w = *state;
    struct par_buf value = {0};
    struct par_conv group = par_conv_group((const uint8_t[16]){7});
    struct par_entry e = {.stamp = 1,
                          .ts = 1,
                          .sender = BOB,
                          .kind = PAR_ENTRY_CREATED,
                          .cmid = PAR_STR("g"),
                          .text = PAR_STR("Group")};
    par_entry_encode(&e, &value);
    put(w->store, PAR_T_ENTRIES, par_key_entry(&group, 1), &value);
    struct par_conversation row = {.last_seq = 1, .last_ts = 1, .last_stamp = 1, .changed = 1};
    par_conversation_encode(&row, &value);
    put(w->store, PAR_T_CONVERSATIONS, par_key_conv(&group), &value);
    par_user_conv_encode(&(struct par_user_conv){.joined_seq = 1, .stamp = 1}, &value);
    put(w->store, PAR_T_USER_CONVS, par_key_user_conv(ANN, &group), &value);
    json_t *page;
    assert_int_equal(sync_with(w, (struct par_str){0}, (struct par_str){0}, &page),
                     PAR_E_UNAVAILABLE);
}

/* A direct conversation can be named before anybody wrote; every reader finds nothing there. */
static void nothing_was_written_yet(void **state)
{
    struct world *w = *state;
    struct par_arena arena = {0};
    struct par_buf out = {0};
    struct par_reader r = {.store = w->store, .arena = &arena, .page_bytes = 1 << 20};
    struct par_conv conv = par_conv_direct(ANN, 33);
    struct par_json_out json = par_json_out(&out);
    par_json_open(&json);
    assert_int_equal(par_read_members(&r, ANN, &conv, (struct par_str){0}, 100, &json), PAR_OK);
    json_t *page = close_and_parse(&out, &json);
    assert_int_equal(json_array_size(json_object_get(page, "members")), 0);
    assert_null(json_object_get(page, "cursor"));
    json_decref(page);
    for (int from = PAR_FROM_NEWEST; from <= PAR_AROUND_SEQ; from++) {
        struct par_history_query q = {
            .conv = conv, .from = (enum par_history_from)from, .value = 5, .limit = 10};
        json = par_json_out(&out);
        par_json_open(&json);
        assert_int_equal(par_read_history(&r, ANN, &q, &json), PAR_OK);
        page = close_and_parse(&out, &json);
        assert_int_equal(json_array_size(json_object_get(page, "entries")), 0);
        assert_int_equal(number(page, "first_seq"), 1);
        assert_int_equal(number(page, "last_seq"), 0);
        assert_false(json_is_true(json_object_get(page, "more")));
        json_decref(page);
    }
    json = par_json_out(&out);
    par_json_open(&json);
    assert_int_equal(par_read_conversation(&r, ANN, &conv, &json), PAR_E_NOT_FOUND);
    par_buf_fini(&out);
    uint64_t nobody = 0;
    bool visible = true;
    assert_int_equal(par_read_visible(&r, ANN, &nobody, 0, &visible), PAR_OK);
    assert_int_equal(par_read_visible(&r, ANN, &nobody, 1, &visible), PAR_OK);
    assert_false(visible);
    par_arena_fini(&arena);
}

/* V7: tokens of many partitions, while the log grows and when a list would be too long. */
static void put_position(struct world *w, uint32_t partition, uint64_t position, bool sealed)
{
    struct par_checkpoint c = {.generation = par_partition_generation(partition),
                               .position = position,
                               .rules = 1,
                               .sealed = sealed};
    struct par_buf value = {0};
    par_checkpoint_encode(&c, &value);
    put(w->store, PAR_T_CHECKPOINTS, par_key_number(partition), &value);
}

/* The token as it is now, by way of its text. */
static struct par_read__token token_now(struct par_reader *r)
{
    struct par_read__token now, back;
    char text[PAR_READ_TOKEN_MAX];
    assert_int_equal(par_read__token_now(r, &now), PAR_OK);
    size_t n = par_read__token_list(&now, text);
    assert_true(n > 0 && n < PAR_READ_TOKEN_MAX);
    assert_true(
        par_read__token_parse(r, par_arena_copy(r->arena, par_str_of(text, n)), &now, &back));
    return back;
}

static void tokens_of_many_partitions(void **state)
{
    struct world *w = *state;
    struct par_arena arena = {0};
    struct par_reader r = {.store = w->store, .arena = &arena, .page_bytes = 1 << 20};
    put_position(w, par_partition(0, 0), 1, true);
    put_position(w, par_partition(1, 0), 10, false);
    put_position(w, par_partition(1, 1), 20, false);
    struct par_read__token t = token_now(&r);
    assert_false(par_read__token_changed(&t, 0, par_stamp(1, 9)));
    assert_true(par_read__token_changed(&t, 0, par_stamp(1, 10)));
    assert_false(par_read__token_changed(&t, 1, par_stamp(1, 19)));
    assert_true(par_read__token_changed(&t, 1, par_stamp(1, 20)));
    /* A later generation, and a partition that had not begun. */
    assert_true(par_read__token_changed(&t, 2, par_stamp(2, 0)));
    assert_true(par_read__token_changed(&t, 7, par_stamp(1, 0)));
    /* What clients send back may name any generation. */
    struct par_read__position far = {.partition = par_partition(300, 1)};
    struct par_read__token hostile = {.at = &far, .count = 1};
    assert_false(par_read__token_changed(&hostile, 0, par_stamp(1, 9)));
    assert_true(par_read__token_changed(&hostile, 1, par_stamp(1, 9)));
    /* One half has ended, its two children have not begun; then all has ended. */
    put_position(w, par_partition(1, 0), 12, true);
    t = token_now(&r);
    assert_true(par_read__token_changed(&t, 1, par_stamp(1, 20)));
    assert_true(par_read__token_changed(&t, 0, par_stamp(2, 0)));
    put_position(w, par_partition(1, 1), 25, true);
    t = token_now(&r);
    assert_false(par_read__token_changed(&t, 0, par_stamp(1, 11)));
    assert_false(par_read__token_changed(&t, 1, par_stamp(1, 24)));
    assert_true(par_read__token_changed(&t, 3, par_stamp(2, 0)));
    /* The children have begun. */
    for (uint16_t i = 0; i < 4; i++)
        put_position(w, par_partition(2, i), i * 10, false);
    t = token_now(&r);
    assert_false(par_read__token_changed(&t, 1, par_stamp(1, 24)));
    assert_false(par_read__token_changed(&t, 3, par_stamp(2, 29)));
    assert_true(par_read__token_changed(&t, 3, par_stamp(2, 30)));
    /* Many of two generations: only the least is told, more counts as changed. */
    for (uint16_t i = 0; i < 64; i++)
        put_position(w, par_partition(3, i), 1000 + i, false);
    t = token_now(&r);
    assert_int_equal(t.count, 1);
    assert_true(par_read__token_changed(&t, 3, par_stamp(2, 29)));
    assert_false(par_read__token_changed(&t, 0, par_stamp(1, 5)));
    par_arena_fini(&arena);
}

/* Nothing is missed with any number of partitions, wherever they are; and as long as there is room
 * for the bits, nothing is told twice. */
static void tokens_of_very_many_partitions(void **state)
{
    struct world *w = *state;
    static const uint16_t counts[] = {14, 16, 64, 256, 1024, 9000};
    uint64_t dice = 7;
    put_position(w, par_partition(0, 0), 1, true);
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        struct par_arena arena = {0};
        struct par_reader r = {.store = w->store, .arena = &arena, .page_bytes = 1 << 20};
        uint16_t generation = (uint16_t)(k + 1);
        uint64_t most_early = 0;
        for (uint16_t i = 0; k > 0 && i < counts[k - 1]; i++)
            put_position(w, par_partition(generation - 1, i), 5, true);
        for (uint16_t i = 0; i < counts[k]; i++) {
            dice = dice * 6364136223846793005u + 1442695040888963407u;
            put_position(w, par_partition(generation, i), 4000000000u + (dice >> 44), false);
        }
        struct par_read__token now, t = token_now(&r);
        assert_int_equal(par_read__token_now(&r, &now), PAR_OK);
        assert_int_equal(t.count, counts[k]);
        for (size_t i = 0; i < now.count; i++) {
            if (now.at[i].sealed)
                continue;
            uint16_t number = par_partition_number(now.at[i].partition);
            uint64_t at = now.at[i].position;
            assert_true(par_read__token_changed(&t, number, par_stamp(generation, at)));
            assert_true(t.at[number].position <= at);
            most_early =
                at - t.at[number].position > most_early ? at - t.at[number].position : most_early;
        }
        assert_true(counts[k] > 16 || most_early == 0);
        assert_true(counts[k] > 64 || most_early < 1 << 8);
        assert_true(counts[k] > 256 || most_early < 1 << 18);
        par_arena_fini(&arena);
    }
}

/* A list that a client has changed is refused, or tells of nothing that is still to come. */
static void a_changed_list_of_many_is_no_later(void **state)
{
    struct world *w = *state;
    struct par_arena arena = {0};
    struct par_reader r = {.store = w->store, .arena = &arena, .page_bytes = 1 << 20};
    char text[PAR_READ_TOKEN_MAX];
    struct par_read__token now, back;
    put_position(w, par_partition(0, 0), 1, true);
    for (uint16_t i = 0; i < 40; i++)
        put_position(w, par_partition(1, i), 1000000 + i * 977, false);
    assert_int_equal(par_read__token_now(&r, &now), PAR_OK);
    size_t n = par_read__token_list(&now, text);
    assert_int_equal(text[0], 'p');
    for (size_t i = 0; i < n; i++) {
        char was = text[i];
        assert_false(par_read__token_parse(&r, par_str_of(text, i), &now, &back));
        for (int c = 1; c < 128; c++) {
            text[i] = (char)c;
            if (!par_read__token_parse(&r, par_str_of(text, n), &now, &back))
                continue;
            for (size_t k = 0; k < back.count; k++)
                for (size_t at = 0; at < now.count; at++)
                    if (now.at[at].partition == back.at[k].partition)
                        assert_true(back.at[k].position <= now.at[at].position);
        }
        text[i] = was;
    }
    par_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pages_are_those_of_the_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_page_ends_before_it_is_too_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sync_counts_unread_and_knows_its_tokens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_roster_is_on_its_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_was_written_yet, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tokens_of_many_partitions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tokens_of_very_many_partitions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_changed_list_of_many_is_no_later, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
