/* Reading: what those see who came in or went out, between the rows of one look, too. */
#include "conv/test_world.h"

#include "conv/read_private.h"

#include <jansson.h>

enum { OWNER = 1, MEMBER = 2, GUEST = 3 };

static struct world w;
static struct par_conv conv;

/* A group that shows its past to all, or not, with the guest in it; and a text, which is 2. */
static void set_up(uint8_t history)
{
    uint64_t users[] = {OWNER, MEMBER, GUEST};
    world_init(&w, "memory", NULL, NULL);
    world_online(&w, OWNER, GUEST);
    world_start(&w);
    struct par_command c = create(OWNER, "g", "G", users, 3);
    c.history = history;
    conv = c.conv;
    assert_seq(&w, c, 1);
    assert_seq(&w, send_to(OWNER, conv, "a", "first"), 2);
}

static json_t *parsed(struct par_buf *out, struct par_json_out *json)
{
    par_json_close(json);
    json_t *object = json_loadb((const char *)out->data, out->len, 0, NULL);
    assert_non_null(object);
    par_buf_fini(out);
    return object;
}

static enum par_err history_of(uint64_t user, json_t **page_r)
{
    struct par_arena arena = {0};
    struct par_buf out = {0};
    struct par_json_out json = par_json_out(&out);
    struct par_reader r = {.store = w.store, .arena = &arena, .page_bytes = 1 << 20};
    struct par_history_query q = {.conv = conv, .limit = 50};
    par_json_open(&json);
    enum par_err err = par_read_history(&r, user, &q, &json);
    *page_r = parsed(&out, &json);
    par_arena_fini(&arena);
    return err;
}

static enum par_err sync_of(uint64_t user, json_t **rows_r)
{
    struct par_arena arena = {0};
    struct par_buf out = {0};
    struct par_json_out json = par_json_out(&out);
    struct par_reader r = {.store = w.store, .arena = &arena, .page_bytes = 1 << 20};
    par_json_open(&json);
    enum par_err err = par_read_sync(&r, user, &(struct par_sync_query){.limit = 50}, &json);
    *rows_r = err ? NULL : parsed(&out, &json);
    par_buf_fini(&out);
    par_arena_fini(&arena);
    return err;
}

static int64_t only_row(json_t *rows, const char *name)
{
    json_t *list = json_object_get(rows, "conversations");
    assert_int_equal(json_array_size(list), 1);
    return json_integer_value(json_object_get(json_array_get(list, 0), name));
}

static json_t *entry_of(json_t *page, size_t i)
{
    return json_array_get(json_object_get(page, "entries"), i);
}

static void an_edit_after_the_removal_is_not_shown(void **state)
{
    (void)state;
    json_t *page;
    uint64_t guest = GUEST;
    set_up(PAR_HISTORY_ALL);
    assert_seq(&w, send_to(OWNER, conv, "b", "second"), 3);
    assert_seq(&w, change(PAR_COMMAND_EDIT, OWNER, conv, "c", 3, "while in"), 4);
    assert_seq(&w, group(PAR_COMMAND_GROUP_REMOVE, OWNER, conv, "d", &guest, 1), 5);
    assert_seq(&w, change(PAR_COMMAND_EDIT, OWNER, conv, "e", 2, "after"), 6);
    world_settle(&w);
    assert_int_equal(history_of(GUEST, &page), PAR_OK);
    assert_int_equal(json_array_size(json_object_get(page, "entries")), 5);
    assert_null(json_object_get(entry_of(page, 1), "text"));
    assert_int_equal(json_integer_value(json_object_get(entry_of(page, 1), "edited_seq")), 6);
    assert_string_equal(json_string_value(json_object_get(entry_of(page, 2), "text")), "while in");
    json_decref(page);
    assert_int_equal(history_of(MEMBER, &page), PAR_OK);
    assert_string_equal(json_string_value(json_object_get(entry_of(page, 1), "text")), "after");
    json_decref(page);
    /* Who is in again may see it. */
    assert_seq(&w, group(PAR_COMMAND_GROUP_ADD, OWNER, conv, "f", &guest, 1), 7);
    world_settle(&w);
    assert_int_equal(history_of(GUEST, &page), PAR_OK);
    assert_string_equal(json_string_value(json_object_get(entry_of(page, 1), "text")), "after");
    json_decref(page);
    world_fini(&w);
}

static void keep(enum par_table table, const struct par_key *key, struct par_buf *value)
{
    assert_int_equal(par_store_get(w.store, table, par_key_str(key), value), 1);
}

static void put_back(enum par_table table, const struct par_key *key, struct par_buf *value)
{
    assert_int_equal(par_store_put(w.store, table, par_key_str(key), par_buf_str(value), 1),
                     PAR_OUTCOME_OK);
    par_buf_fini(value);
}

/* The roster has landed, or was read a moment later, and the rest of its command was not. */
static void who_comes_back_sees_nothing_from_before(void **state)
{
    (void)state;
    json_t *rows, *page;
    struct par_buf conversation = {0}, own = {0};
    uint64_t guest = GUEST;
    set_up(PAR_HISTORY_JOINED);
    struct par_key conv_key = par_key_conv(&conv), own_key = par_key_user_conv(GUEST, &conv);
    struct par_key entry = par_key_entry(&conv, 5);
    assert_seq(&w, group(PAR_COMMAND_GROUP_REMOVE, OWNER, conv, "b", &guest, 1), 3);
    assert_seq(&w, send_to(OWNER, conv, "c", "not theirs"), 4);
    world_settle(&w);
    keep(PAR_T_CONVERSATIONS, &conv_key, &conversation);
    keep(PAR_T_USER_CONVS, &own_key, &own);
    assert_seq(&w, group(PAR_COMMAND_GROUP_ADD, OWNER, conv, "d", &guest, 1), 5);
    world_settle(&w);
    assert_int_equal(sync_of(GUEST, &rows), PAR_OK);
    assert_int_equal(only_row(rows, "last_seq"), 5);
    json_decref(rows);
    world_stop(&w);
    put_back(PAR_T_CONVERSATIONS, &conv_key, &conversation);
    assert_int_equal(sync_of(GUEST, &rows), PAR_E_UNAVAILABLE);
    /* As before the command: out since 3. */
    put_back(PAR_T_USER_CONVS, &own_key, &own);
    assert_int_equal(sync_of(GUEST, &rows), PAR_OK);
    assert_int_equal(only_row(rows, "last_seq"), 3);
    json_decref(rows);
    assert_int_equal(history_of(GUEST, &page), PAR_OK);
    assert_int_equal(json_array_size(json_object_get(page, "entries")), 1);
    json_decref(page);
    assert_int_equal(par_store_delete(w.store, PAR_T_ENTRIES, par_key_str(&entry), UINT64_MAX),
                     PAR_OUTCOME_OK);
    assert_int_equal(history_of(GUEST, &page), PAR_E_UNAVAILABLE);
    json_decref(page);
    assert_int_equal(history_of(MEMBER, &page), PAR_OK);
    assert_int_equal(json_array_size(json_object_get(page, "entries")), 4);
    json_decref(page);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edit_after_the_removal_is_not_shown),
        cmocka_unit_test(who_comes_back_sees_nothing_from_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
