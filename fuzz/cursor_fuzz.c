/* Cursors and tokens of sync and members, which clients keep and may change: on a small store no
 * text breaks a query, and a page that is given is JSON whose own cursor leads on, to an end.
 *
 * The first byte picks the query. `@` stands for the incarnation of the store, which is another in
 * each run. */
#include "base/json_read.h"
#include "conv/read.h"
#include "proto/values.h"
#include "store/key.h"

#include <stdlib.h>

enum { USER = 11, CONVS = 5, PAGES_MAX = 20 };
enum query { SYNC_CURSOR = 0, SYNC_SINCE, REST_CURSOR, MEMBERS_CURSOR, QUERIES };

static struct par_store *store;
static struct par_conv group;

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void put(enum par_table table, struct par_key key, struct par_buf *value)
{
    must(par_store_put(store, table, par_key_str(&key), par_buf_str(value), 1) == PAR_OUTCOME_OK);
    par_buf_fini(value);
}

/* A direct conversation of one text with user `other`, whose number is its place in the log. */
static void put_direct(uint64_t other)
{
    struct par_conv conv = par_conv_direct(USER, other);
    struct par_buf value = {0};
    struct par_entry e = {.stamp = other,
                          .text_no = 1,
                          .ts = (int64_t)other / 2,
                          .sender = other,
                          .kind = PAR_ENTRY_TEXT,
                          .cmid = PAR_STR("c"),
                          .text = PAR_STR("hello")};
    par_entry_encode(&e, &value);
    put(PAR_T_ENTRIES, par_key_entry(&conv, 1), &value);
    struct par_conversation row = {
        .last_seq = 1, .last_ts = e.ts, .last_stamp = other, .text_count = 1, .changed = other};
    par_conversation_encode(&row, &value);
    put(PAR_T_CONVERSATIONS, par_key_conv(&conv), &value);
    par_user_conv_encode(&(struct par_user_conv){.joined_seq = 1, .stamp = other}, &value);
    put(PAR_T_USER_CONVS, par_key_user_conv(USER, &conv), &value);
}

static void open_store(void)
{
    struct par_buf error = {0};
    must(par_store_open(&(struct par_store_options){.driver = "memory"}, &store, &error) == PAR_OK);
    for (uint64_t i = 1; i <= CONVS; i++)
        put_direct(100 + i);
    par_checkpoint_encode(&(struct par_checkpoint){.position = 200, .rules = 1}, &error);
    put(PAR_T_CHECKPOINTS, par_key_number(0), &error);
    group = par_conv_direct(USER, 101);
}

/* The text with each `@` replaced; shorter than out. */
static struct par_str with_incarnation(const uint8_t *data, size_t size, char *out, size_t max)
{
    struct par_str incarnation = par_str_of(par_store_incarnation(store), 8);
    size_t n = 0;
    for (size_t i = 0; i < size && n + incarnation.len < max; i++) {
        if (data[i] == '@') {
            memcpy(out + n, incarnation.ptr, incarnation.len);
            n += incarnation.len;
        } else {
            out[n++] = (char)data[i];
        }
    }
    return par_str_of(out, n);
}

static enum par_err ask(enum query query, struct par_str text, struct par_arena *arena,
                        struct par_buf *out)
{
    struct par_reader reader = {.store = store, .arena = arena, .page_bytes = 1 << 20};
    struct par_json_out w = par_json_out(out);
    par_json_open(&w);
    struct par_sync_query q = {.limit = 2, .rest = query == REST_CURSOR};
    if (query == SYNC_SINCE)
        q.since = text;
    else
        q.cursor = text;
    enum par_err err = query == MEMBERS_CURSOR
                           ? par_read_members(&reader, USER, &group, text, 1, &w)
                           : par_read_sync(&reader, USER, &q, &w);
    par_json_close(&w);
    return err;
}

/* The cursor of a page, which ends the walk when there is none. */
static bool next_cursor(const struct par_buf *page, struct par_arena *keep, struct par_str *next_r)
{
    struct par_arena arena = {0};
    struct par_json object, cursor;
    struct par_str text;
    must(!page->failed && par_json_check(par_buf_str(page), 16, &arena, &object) == PAR_JSON_FINE);
    bool more = par_json_get(&object, "cursor", &cursor) && cursor.type == PAR_JSON_STRING;
    if (more) {
        must(par_json_text(&cursor, &arena, &text) == PAR_JSON_TEXT_OK);
        char *copy = par_arena_alloc(keep, text.len + 1);
        must(copy != NULL);
        memcpy(copy, text.ptr, text.len);
        *next_r = par_str_of(copy, text.len);
    }
    par_arena_fini(&arena);
    return more;
}

static void walk(enum query query, struct par_str text)
{
    struct par_arena keep = {0};
    bool more = true;
    for (int page = 0; more; page++) {
        struct par_arena arena = {0};
        struct par_buf out = {0};
        must(page < PAGES_MAX);
        enum par_err err = ask(query, text, &arena, &out);
        /* What the server gave itself it takes. */
        must(err == PAR_OK || (page == 0 && err == PAR_E_BAD_REQUEST));
        more = err == PAR_OK && next_cursor(&out, &keep, &text);
        if (query == SYNC_SINCE)
            query = SYNC_CURSOR;
        par_buf_fini(&out);
        par_arena_fini(&arena);
    }
    par_arena_fini(&keep);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[512];
    if (!store)
        open_store();
    if (size > 0)
        walk(data[0] % QUERIES, with_incarnation(data + 1, size - 1, text, sizeof text));
    return 0;
}
