/* One item of the outbox: as a request, as a record, and as the entry that it becomes. */
#include "sdk/c/sdk_private.h"

/* ---- memory ---- */

static void copy_str(struct par_str *s, char **at)
{
    if (!s->ptr)
        return;
    memcpy(*at, s->ptr, s->len);
    s->ptr = *at;
    *at += s->len;
}

struct par_sdk__item *par_sdk__item_new(const struct par_sdk_write *w)
{
    size_t users = w->user_count * sizeof *w->users;
    size_t bytes = users + w->conv.len + w->text.len + w->emoji.len + w->name.len + w->role.len +
                   w->cmid.len + 1;
    struct par_sdk__item *item = malloc(sizeof *item + bytes);
    if (!item)
        return NULL;
    *item = (struct par_sdk__item){.write = *w};
    char *at = item->storage;
    if (users)
        memcpy(at, w->users, users);
    item->write.users = (const uint64_t *)(const void *)at;
    at += users;
    copy_str(&item->write.conv, &at);
    copy_str(&item->write.text, &at);
    copy_str(&item->write.emoji, &at);
    copy_str(&item->write.name, &at);
    copy_str(&item->write.role, &at);
    copy_str(&item->write.cmid, &at);
    item->view.write = &item->write;
    par_list_init(&item->node);
    par_list_init(&item->in_lane);
    par_list_init(&item->announced);
    return item;
}

void par_sdk__item_free(struct par_sdk__item *item)
{
    if (item->request)
        item->request->item = NULL;
    par_list_remove(&item->node);
    par_list_remove(&item->in_lane);
    par_list_remove(&item->announced);
    free(item->message);
    free(item);
}

/* ---- as a request ---- */

static void key_users(struct par_json_out *w, const char *name, const struct par_sdk_write *what)
{
    par_json_key(w, name);
    par_json_open_array(w);
    for (uint32_t i = 0; i < what->user_count; i++)
        par_json_id(w, what->users[i]);
    par_json_close_array(w);
}

void par_sdk__item_body(struct par_json_out *w, const struct par_sdk__item *item)
{
    const struct par_sdk_write *what = &item->write;
    if (what->conv.len)
        par_json_key_str(w, "conv", what->conv);
    par_json_key_str(w, "cmid", what->cmid);
    switch (what->op) {
    case PAR_OP_SEND:
        par_json_key_str(w, "text", what->text);
        if (what->reply_to)
            par_json_key_int(w, "reply_to", (int64_t)what->reply_to);
        if (item->view.client_ts > 0)
            par_json_key_int(w, "client_ts", item->view.client_ts);
        break;
    case PAR_OP_EDIT:
        par_json_key_int(w, "seq", (int64_t)what->seq);
        par_json_key_str(w, "text", what->text);
        break;
    case PAR_OP_DELETE:
        par_json_key_int(w, "seq", (int64_t)what->seq);
        break;
    case PAR_OP_REACT:
        par_json_key_int(w, "seq", (int64_t)what->seq);
        par_json_key_str(w, "emoji", what->emoji);
        par_json_key_bool(w, "on", what->on);
        break;
    case PAR_OP_GROUP_CREATE:
        par_json_key_str(w, "name", what->name);
        key_users(w, "members", what);
        if (what->history_joined)
            par_json_key_z(w, "history", "joined");
        break;
    case PAR_OP_GROUP_ADD:
    case PAR_OP_GROUP_REMOVE:
        key_users(w, "users", what);
        break;
    case PAR_OP_GROUP_RENAME:
        par_json_key_str(w, "name", what->name);
        break;
    case PAR_OP_GROUP_ROLE:
        par_json_key_id(w, "user", what->user);
        par_json_key_str(w, "role", what->role);
        break;
    default:
        break;
    }
}

/* ---- as a record ---- */

enum { ITEM_KEY_MAX = 2 * PAR_SDK__ID_MAX + 1 };

static struct par_str item_key(const struct par_sdk__item *item, char key[ITEM_KEY_MAX])
{
    struct par_str conv = item->write.conv, cmid = item->write.cmid;
    if (conv.len)
        memcpy(key, conv.ptr, conv.len);
    key[conv.len] = '\0';
    memcpy(key + conv.len + 1, cmid.ptr, cmid.len);
    return par_str_of(key, conv.len + 1 + cmid.len);
}

void par_sdk__item_put(struct par_sdk *sdk, const struct par_sdk__item *item)
{
    struct par_buf out = {0};
    char key[ITEM_KEY_MAX];
    if (!sdk->ops->put)
        return;
    struct par_json_out w = par_json_out(&out);
    par_json_open(&w);
    par_json_key_str(&w, "op", par_op_info(item->write.op)->name);
    par_json_key_int(&w, "order", (int64_t)item->order);
    par_json_key_int(&w, "written", item->view.client_ts);
    if (item->view.state == PAR_SDK_FAILED) {
        par_json_key_z(&w, "failed",
                       item->view.err < PAR_E_COUNT ? par_err_code(item->view.err) : "?");
        par_json_key_str(&w, "message", item->view.message);
    }
    par_sdk__item_body(&w, item);
    par_json_close(&w);
    par_sdk__put_record(sdk, PAR_SDK_RECORD_ITEM, item_key(item, key), &out);
}

void par_sdk__item_del(struct par_sdk *sdk, const struct par_sdk__item *item)
{
    char key[ITEM_KEY_MAX];
    par_sdk__del_record(sdk, PAR_SDK_RECORD_ITEM, item_key(item, key));
}

static bool read_users(const struct par_json *object, const char *name, struct par_arena *arena,
                       struct par_sdk_write *w)
{
    struct par_json list, user;
    uint32_t n = 0;
    if (!par_sdk__get_array(object, name, &list))
        return true;
    for (struct par_json_iter it = par_json_iter(&list); par_json_next_item(&it, &user);)
        n++;
    uint64_t *users = par_arena_alloc(arena, (n + 1) * sizeof *users);
    if (!users)
        return false;
    for (struct par_json_iter it = par_json_iter(&list); par_json_next_item(&it, &user);)
        users[w->user_count++] = par_sdk__user(&user);
    w->users = users;
    return true;
}

bool par_sdk__item_restore(struct par_sdk *sdk, const struct par_json *o, struct par_arena *arena)
{
    struct par_json user;
    struct par_sdk_write w = {
        .op = par_op_find(par_sdk__get_text(o, "op", arena)),
        .conv = par_sdk__get_text(o, "conv", arena),
        .cmid = par_sdk__get_text(o, "cmid", arena),
        .text = par_sdk__get_text(o, "text", arena),
        .reply_to = par_sdk__get_seq(o, "reply_to"),
        .seq = par_sdk__get_seq(o, "seq"),
        .emoji = par_sdk__get_text(o, "emoji", arena),
        .on = par_sdk__get_bool(o, "on", false),
        .name = par_sdk__get_text(o, "name", arena),
        .user = par_json_get(o, "user", &user) ? par_sdk__user(&user) : 0,
        .role = par_sdk__get_text(o, "role", arena),
        .history_joined = par_str_is(par_sdk__get_text(o, "history", arena), "joined"),
    };
    if (w.op == PAR_OP_NONE || !w.cmid.len || w.cmid.len > PAR_SDK__ID_MAX ||
        !read_users(o, "members", arena, &w) || !read_users(o, "users", arena, &w))
        return false;
    struct par_sdk__conv *c = w.op == PAR_OP_GROUP_CREATE ? NULL : par_sdk__conv_get(sdk, w.conv);
    struct par_sdk__item *item = c || w.op == PAR_OP_GROUP_CREATE ? par_sdk__item_new(&w) : NULL;
    if (!item)
        return false;
    struct par_str failed = par_sdk__get_text(o, "failed", arena);
    item->conv = c;
    item->order = par_sdk__get_seq(o, "order");
    item->view.client_ts = par_sdk__get_int(o, "written", 0);
    /* Whether a try had left is not known: so it counts as one. */
    item->view.tries = 1;
    if (failed.ptr) {
        item->view.state = PAR_SDK_FAILED;
        item->view.err = par_sdk__err_of(failed);
        item->message = par_sdk__strdup(par_sdk__get_text(o, "message", arena));
        item->view.message = par_str(item->message);
    }
    par_sdk__outbox_enlist(sdk, item);
    return true;
}

/* ---- as an entry ---- */

struct par_sdk_entry par_sdk__item_entry(const struct par_sdk *sdk,
                                         const struct par_sdk__item *item, uint64_t seq, int64_t ts)
{
    const struct par_sdk_write *what = &item->write;
    struct par_sdk_entry e = {
        .seq = seq,
        .ts = ts,
        .from = sdk->settings.user,
        .kind = PAR_SDK_TEXT,
        .word = PAR_STR("text"),
        .text = what->text,
        .cmid = what->cmid,
        .on = true,
    };
    switch (what->op) {
    case PAR_OP_EDIT:
        e.kind = PAR_SDK_EDITED;
        e.word = PAR_STR("edited");
        e.target = what->seq;
        break;
    case PAR_OP_DELETE:
        e.kind = PAR_SDK_DELETED;
        e.word = PAR_STR("deleted");
        e.target = what->seq;
        e.text = (struct par_str){0};
        break;
    case PAR_OP_REACT:
        e.kind = PAR_SDK_REACTION;
        e.word = PAR_STR("reaction");
        e.target = what->seq;
        e.text = what->emoji;
        e.on = what->on;
        break;
    default:
        e.reply_to = what->reply_to;
        e.client_ts = item->view.client_ts > 0 ? item->view.client_ts : 0;
        break;
    }
    return e;
}
