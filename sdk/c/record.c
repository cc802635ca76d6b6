/* What survives a restart: records handed out as JSON, and read back. */
#include "sdk/c/sdk_private.h"

static bool keeps(const struct par_sdk *sdk)
{
    return sdk->ops->put != NULL;
}

void par_sdk__put_record(struct par_sdk *sdk, enum par_sdk_record kind, struct par_str key,
                         struct par_buf *value)
{
    if (value->failed)
        par_sdk__break(sdk);
    else
        sdk->ops->put(sdk->arg, kind, key, par_buf_str(value));
    sdk->batch = true;
    par_buf_fini(value);
}

void par_sdk__del_record(struct par_sdk *sdk, enum par_sdk_record kind, struct par_str key)
{
    if (!keeps(sdk))
        return;
    sdk->ops->del(sdk->arg, kind, key);
    sdk->batch = true;
}

void par_sdk__clear_records(struct par_sdk *sdk)
{
    if (!keeps(sdk))
        return;
    sdk->ops->clear(sdk->arg);
    sdk->batch = true;
}

void par_sdk__put_meta(struct par_sdk *sdk, const char *key, struct par_str value)
{
    struct par_buf out = {0};
    if (!keeps(sdk))
        return;
    struct par_json_out w = par_json_out(&out);
    par_json_open(&w);
    par_json_key_str(&w, "value", value);
    par_json_close(&w);
    par_sdk__put_record(sdk, PAR_SDK_RECORD_META, par_str(key), &out);
}

/* ---- entries ---- */

enum { ENTRY_KEY_MAX = PAR_SDK__ID_MAX + 9 };

static struct par_str entry_key(const struct par_sdk__conv *c, uint64_t seq,
                                char key[ENTRY_KEY_MAX])
{
    size_t n = c->view.id.len;
    memcpy(key, c->id, n);
    key[n++] = '\0';
    for (int shift = 56; shift >= 0; shift -= 8)
        key[n++] = (char)(seq >> shift);
    return par_str_of(key, n);
}

void par_sdk__put_entry(struct par_sdk__conv *c, const struct par_sdk_entry *e)
{
    struct par_buf out = {0};
    char key[ENTRY_KEY_MAX];
    if (!keeps(c->sdk))
        return;
    par_sdk__entry_write(&out, e);
    par_sdk__put_record(c->sdk, PAR_SDK_RECORD_ENTRY, entry_key(c, e->seq, key), &out);
}

void par_sdk__del_entry(struct par_sdk__conv *c, uint64_t seq)
{
    char key[ENTRY_KEY_MAX];
    par_sdk__del_record(c->sdk, PAR_SDK_RECORD_ENTRY, entry_key(c, seq, key));
}

static bool restore_entry(struct par_sdk *sdk, struct par_str key, const struct par_json *object,
                          struct par_arena *arena)
{
    struct par_sdk_entry e;
    struct par_str ignored;
    if (key.len < 10 || !par_sdk__entry_read(object, arena, &e, &ignored))
        return false;
    struct par_sdk__conv *c = par_sdk__conv_get(sdk, par_str_of(key.ptr, key.len - 9));
    return c && par_sdk__hold_restored(c, &e);
}

/* ---- conversations ---- */

static void put_conv(struct par_sdk__conv *c)
{
    const struct par_sdk_conv *v = &c->view;
    struct par_buf out = {0};
    struct par_json_out w = par_json_out(&out);
    /* What unread covers: more than is held, if the row knew of more. */
    bool ahead = c->base_seq > v->hi && c->base_read >= v->read;
    par_json_open(&w);
    par_json_key_str(&w, "name", v->name);
    par_json_key_bool(&w, "member", v->member);
    par_json_key_int(&w, "member_count", v->member_count);
    par_json_key_int(&w, "muted_until", v->muted_until);
    par_json_key_bool(&w, "archived", v->archived);
    par_json_key_bool(&w, "pinned", v->pinned);
    par_json_key_bool(&w, "marked_unread", v->marked_unread);
    par_json_key_str(&w, "draft", v->draft);
    par_json_key_int(&w, "delivered", (int64_t)v->delivered);
    par_json_key_int(&w, "read", (int64_t)v->read);
    par_json_key_int(&w, "others_delivered", (int64_t)v->others_delivered);
    par_json_key_int(&w, "others_read", (int64_t)v->others_read);
    par_json_key_int(&w, "acked_delivered", (int64_t)c->acked_delivered);
    par_json_key_int(&w, "acked_read", (int64_t)c->acked_read);
    par_json_key_int(&w, "first_seq", (int64_t)v->first_seq);
    par_json_key_int(&w, "last_seq", (int64_t)v->last_seq);
    par_json_key_int(&w, "counted_seq", (int64_t)c->counted_seq);
    par_json_key_int(&w, "unread", par_sdk_unread(v));
    par_json_key_int(&w, "unread_seq", (int64_t)(ahead ? c->base_seq : v->hi));
    par_json_key_int(&w, "pending", c->set_pending | c->set_flying);
    par_json_close(&w);
    par_sdk__put_record(c->sdk, PAR_SDK_RECORD_CONV, v->id, &out);
}

static bool restore_conv(struct par_sdk *sdk, struct par_str key, const struct par_json *o,
                         struct par_arena *arena)
{
    struct par_sdk__conv *c = par_sdk__conv_get(sdk, key);
    if (!c)
        return false;
    struct par_sdk_conv *v = &c->view;
    par_sdk__row_fields(c, o, arena, false);
    v->delivered = par_sdk__get_seq(o, "delivered");
    v->read = par_sdk__get_seq(o, "read");
    v->others_delivered = par_sdk__get_seq(o, "others_delivered");
    v->others_read = par_sdk__get_seq(o, "others_read");
    c->acked_delivered = par_sdk__get_seq(o, "acked_delivered");
    c->acked_read = par_sdk__get_seq(o, "acked_read");
    uint64_t first = par_sdk__get_seq(o, "first_seq"), last = par_sdk__get_seq(o, "last_seq");
    v->first_seq = first ? first : 1;
    v->last_seq = last > v->last_seq ? last : v->last_seq;
    c->counted_seq = par_sdk__get_seq(o, "counted_seq");
    c->base_unread = (uint32_t)par_sdk__get_int(o, "unread", 0) % (PAR_SDK__UNREAD_MAX + 1);
    c->base_seq = par_sdk__get_seq(o, "unread_seq");
    c->base_read = v->read;
    c->set_pending = (unsigned)par_sdk__get_int(o, "pending", 0) & (2 * PAR_SDK_SET_DRAFT - 1);
    if (c->set_pending && par_list_empty(&c->sets))
        par_list_append(&sdk->sets, &c->sets);
    return true;
}

/* ---- all together ---- */

static bool restore_meta(struct par_sdk *sdk, struct par_str key, struct par_str value)
{
    char *copy = par_sdk__strdup(value);
    if (!copy)
        return false;
    if (par_str_is(key, "token")) {
        free(sdk->sync_token);
        sdk->sync_token = copy;
        return true;
    }
    if (par_str_is(key, "store")) {
        free(sdk->store_text);
        sdk->store_text = copy;
        sdk->store = par_str_of(copy, value.len);
        return true;
    }
    free(copy);
    return false;
}

bool par_sdk_restore(struct par_sdk *sdk, enum par_sdk_record kind, struct par_str key,
                     struct par_str value)
{
    struct par_arena arena = {0};
    struct par_json object;
    bool ok = false;
    if (sdk->started ||
        par_json_check(value, PAR_JSON_DEPTH_MAX, &arena, &object) != PAR_JSON_FINE) {
        par_arena_fini(&arena);
        return false;
    }
    switch (kind) {
    case PAR_SDK_RECORD_META:
        ok = restore_meta(sdk, key, par_sdk__get_text(&object, "value", &arena));
        break;
    case PAR_SDK_RECORD_CONV:
        ok = restore_conv(sdk, key, &object, &arena);
        break;
    case PAR_SDK_RECORD_ENTRY:
        ok = restore_entry(sdk, key, &object, &arena);
        break;
    case PAR_SDK_RECORD_ITEM:
        ok = par_sdk__item_restore(sdk, &object, &arena);
        break;
    case PAR_SDK_RECORD_KINDS:
        break;
    }
    par_arena_fini(&arena);
    return ok;
}

bool par_sdk__commit(struct par_sdk *sdk)
{
    for (struct par_list *node; (node = par_list_pop(&sdk->dirty));) {
        if (keeps(sdk))
            put_conv(PAR_CONTAINER(node, struct par_sdk__conv, dirty));
    }
    bool batch = sdk->batch;
    sdk->batch = false;
    return !batch || sdk->ops->commit(sdk->arg);
}
