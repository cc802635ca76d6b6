/* Pages of sync, after each hello and whenever the server asks for it. */
#include "sdk/c/sdk_private.h"

enum { PAGE = 200, AGAIN_MS = 2000, REFUSED_MS = 30000, FRAME_SPARE = 1024, CURSOR_MAX = 512 };

/* What is held; as much of it as fits a frame, as the rest does no harm. */
static void write_have(struct par_sdk *sdk, struct par_json_out *w)
{
    par_json_key(w, "have");
    par_json_open(w);
    PAR_LIST_FOR_EACH (node, &sdk->convs) {
        const struct par_sdk__conv *c = PAR_CONTAINER(node, struct par_sdk__conv, node);
        if (sdk->out.len - sdk->frame_at + FRAME_SPARE > sdk->frame_bytes)
            break;
        if (c->count) {
            par_json_key_text(w, c->view.id);
            par_json_int(w, (int64_t)c->view.hi);
        }
    }
    par_json_close(w);
}

static void write_ask(struct par_sdk *sdk, struct par_json_out *w, bool whole)
{
    if (!whole && sdk->settings.by_have)
        write_have(sdk, w);
    else if (!whole && sdk->sync_token)
        par_json_key_z(w, "since", sdk->sync_token);
    par_json_key_int(w, "limit", PAGE);
}

void par_sdk__sync_hello(struct par_sdk *sdk, struct par_json_out *w)
{
    par_json_open(w);
    write_ask(sdk, w, false);
    par_json_close(w);
}

static void ask(struct par_sdk *sdk)
{
    struct par_json_out w;
    if (!par_sdk__request_begin(sdk, PAR_SDK__SYNC, "sync", &w))
        return;
    sdk->sync.paging = sdk->sync.cursor != NULL;
    if (sdk->sync.cursor)
        par_json_key_z(&w, "cursor", sdk->sync.cursor);
    else
        write_ask(sdk, &w, sdk->sync.whole);
    par_sdk__request_end(sdk, &w);
}

static void set_cursor(struct par_sdk *sdk, struct par_str cursor)
{
    free(sdk->sync.cursor);
    sdk->sync.cursor = par_sdk__strdup(cursor);
    if (cursor.ptr && !sdk->sync.cursor)
        par_sdk__break(sdk);
}

/* One that no server would take back is none. */
static struct par_str get_cursor(const struct par_json *ok, const char *name,
                                 struct par_arena *arena)
{
    struct par_str cursor = par_sdk__get_text(ok, name, arena);
    return cursor.len <= CURSOR_MAX ? cursor : (struct par_str){0};
}

static void begin(struct par_sdk *sdk, bool whole)
{
    sdk->sync.active = true;
    sdk->sync.whole = whole;
    sdk->sync.again = false;
    set_cursor(sdk, (struct par_str){0});
}

/* All rows are applied: from here on it is enough to ask what changed since. */
static void done(struct par_sdk *sdk, struct par_str token)
{
    sdk->sync.active = false;
    if (token.len && !sdk->settings.by_have) {
        char *copy = par_sdk__strdup(token);
        if (!copy) {
            par_sdk__break(sdk);
            return;
        }
        free(sdk->sync_token);
        sdk->sync_token = copy;
        par_sdk__put_meta(sdk, "token", token);
    }
    if (sdk->sync.again)
        par_sdk__sync(sdk, NULL, NULL, false);
}

static void take_page(struct par_sdk *sdk, const struct par_json *ok, struct par_arena *arena)
{
    struct par_json rows, row;
    if (par_sdk__get_array(ok, "conversations", &rows)) {
        for (struct par_json_iter it = par_json_iter(&rows); par_json_next_item(&it, &row);) {
            if (row.type == PAR_JSON_OBJECT)
                par_sdk__row(sdk, &row, arena);
        }
    }
    if (!par_sdk__online(sdk))
        return;
    set_cursor(sdk, get_cursor(ok, "cursor", arena));
    if (sdk->sync.cursor)
        ask(sdk);
    else
        done(sdk, get_cursor(ok, "sync_token", arena));
}

void par_sdk__sync(struct par_sdk *sdk, const struct par_json *ok, struct par_arena *arena,
                   bool whole)
{
    /* Without a connection the next hello does it. */
    if (!par_sdk__online(sdk))
        return;
    if (sdk->sync.active) {
        sdk->sync.again = true;
        return;
    }
    begin(sdk, whole);
    if (ok)
        take_page(sdk, ok, arena);
    else
        ask(sdk);
}

void par_sdk__sync_due(struct par_sdk *sdk, struct par_sdk__timer *timer)
{
    (void)timer;
    if (par_sdk__online(sdk) && sdk->sync.active)
        ask(sdk);
}

void par_sdk__sync_answer(struct par_sdk *sdk, const struct par_sdk__answer *a)
{
    if (!par_sdk__online(sdk))
        return;
    if (a->ok) {
        take_page(sdk, a->ok, a->arena);
        return;
    }
    bool again = sdk->sync.again;
    bool marked = sdk->sync.paging || (!sdk->sync.whole && sdk->sync_token);
    if (!a->retry && a->err == PAR_E_BAD_REQUEST && marked) {
        /* The token or the cursor is too old for this server: everything anew. */
        begin(sdk, true);
        ask(sdk);
    } else {
        int64_t wait = a->retry ? AGAIN_MS : REFUSED_MS;
        begin(sdk, sdk->sync.whole);
        par_sdk__timer_set(sdk, &sdk->sync.timer,
                           wait > a->retry_after_ms ? wait : a->retry_after_ms);
    }
    sdk->sync.again = again;
}
