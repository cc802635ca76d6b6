/* Rows to JSON and back. */
#include "store/record_json.h"

#include "store/key.h"
#include "store/record.h"
#include "store/record_codec.h"

#include "base/json_write.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

/* What a key consists of, and the record of the value (NULL: bytes). */
enum shape {
    SHAPE_CONV,
    SHAPE_ENTRY,
    SHAPE_CMID,
    SHAPE_MARK,
    SHAPE_USER_CONV,
    SHAPE_USER,
    SHAPE_USER_ID,
    SHAPE_NUMBER,
    SHAPE_HASH,
    SHAPE_TEXT
};

static const struct {
    enum shape shape;
    const struct par_record *record;
} shapes[PAR_T_COUNT] = {
    [PAR_T_ENTRIES] = {SHAPE_ENTRY, &par_record__entry},
    [PAR_T_CMIDS] = {SHAPE_CMID, &par_record__cmid},
    [PAR_T_CONVERSATIONS] = {SHAPE_CONV, &par_record__conversation},
    [PAR_T_MARKS] = {SHAPE_MARK, &par_record__mark},
    [PAR_T_ROSTERS] = {SHAPE_CONV, &par_record__roster},
    [PAR_T_CHECKPOINTS] = {SHAPE_NUMBER, &par_record__checkpoint},
    [PAR_T_USER_CONVS] = {SHAPE_USER_CONV, &par_record__user_conv},
    [PAR_T_USERS] = {SHAPE_USER, &par_record__user},
    [PAR_T_NAMES] = {SHAPE_TEXT, &par_record__name},
    [PAR_T_DEVICES] = {SHAPE_USER_ID, &par_record__device},
    [PAR_T_TOKENS] = {SHAPE_HASH, &par_record__token},
    [PAR_T_CONTACTS] = {SHAPE_USER_ID, &par_record__contact},
    [PAR_T_BLOCKS] = {SHAPE_USER_ID, &par_record__block},
    [PAR_T_PUSH_TOKENS] = {SHAPE_USER_ID, &par_record__push_token},
    [PAR_T_API_KEYS] = {SHAPE_NUMBER, &par_record__api_key},
    [PAR_T_INVITES] = {SHAPE_HASH, &par_record__invite},
    [PAR_T_META] = {SHAPE_TEXT, NULL},
    [PAR_T_SEARCH] = {SHAPE_ENTRY, NULL},
    [PAR_T_PUSH_LEDGER] = {SHAPE_USER_ID, &par_record__push_ledger},
};

/* ---- To JSON ---- */

static void put_hex(struct par_json_out *w, const char *name, struct par_str bytes)
{
    struct par_buf hex = {0};
    for (size_t i = 0; i < bytes.len; i++)
        par_buf_printf(&hex, "%02x", (uint8_t)bytes.ptr[i]);
    if (hex.failed)
        w->buf->failed = true;
    par_json_key_str(w, name, par_buf_str(&hex));
    par_buf_fini(&hex);
}

/* jansson refuses U+0000, and JSON what is not UTF-8. */
static bool is_text(struct par_str s)
{
    return par_utf8_check(s, NULL) && (s.len == 0 || memchr(s.ptr, 0, s.len) == NULL);
}

static void put_conv(struct par_json_out *w, const struct par_conv *conv)
{
    char text[PAR_CONV_TEXT_MAX];
    par_json_key_str(w, "conv", par_str_of(text, par_conv_format(conv, text)));
}

/* False: these are no such key. */
static bool put_key(struct par_json_out *w, enum shape shape, struct par_str key)
{
    struct par_conv conv;
    uint64_t a = 0, b = 0;
    struct par_str text = key;
    bool ok = true;
    switch (shape) {
    case SHAPE_CONV:
        ok = par_key_parse_conv(key, &conv);
        break;
    case SHAPE_ENTRY:
        ok = par_key_parse_entry(key, &conv, &b);
        break;
    case SHAPE_CMID:
        ok = par_key_parse_cmid(key, &conv, &a, &text) && is_text(text);
        break;
    case SHAPE_MARK:
        ok = par_key_parse_mark(key, &conv, &a);
        break;
    case SHAPE_USER_CONV:
        ok = par_key_parse_user_conv(key, &a, &conv);
        break;
    case SHAPE_USER:
        ok = par_key_parse_user(key, &a);
        break;
    case SHAPE_USER_ID:
        ok = par_key_parse_user_id(key, &a, &b);
        break;
    case SHAPE_NUMBER:
        ok = par_key_parse_number(key, &b);
        break;
    case SHAPE_HASH:
        ok = key.len == PAR_KEY_HASH;
        break;
    case SHAPE_TEXT:
        ok = is_text(key) && key.len <= PAR_KEY_MAX;
        break;
    }
    if (!ok)
        return false;
    par_json_key(w, "k");
    par_json_open(w);
    if (shape <= SHAPE_USER_CONV)
        put_conv(w, &conv);
    if (shape >= SHAPE_CMID && shape <= SHAPE_USER_ID)
        par_json_key_id(w, "user", a);
    if (shape == SHAPE_ENTRY)
        par_json_key_id(w, "seq", b);
    if (shape == SHAPE_USER_ID || shape == SHAPE_NUMBER)
        par_json_key_id(w, "id", b);
    if (shape == SHAPE_CMID)
        par_json_key_str(w, "cmid", text);
    if (shape == SHAPE_TEXT)
        par_json_key_str(w, "name", key);
    if (shape == SHAPE_HASH)
        put_hex(w, "hash", key);
    par_json_close(w);
    return true;
}

static bool all_text(const struct par_record *record, const void *obj)
{
    for (const struct par_field *f = record->fields; f->type != PAR_FIELD_END; f++) {
        const void *at = (const uint8_t *)obj + f->offset;
        if ((f->type == PAR_FIELD_TEXT && !is_text(*(const struct par_str *)at)) ||
            (f->type == PAR_FIELD_SLOT && !all_text(&par_record__roster_slot, at)))
            return false;
    }
    return true;
}

static void put_members(struct par_json_out *w, const char *name, struct par_str packed)
{
    struct par_roster_slot slot = {.members = packed};
    par_json_key(w, name);
    par_json_open_array(w);
    for (size_t i = 0; i < par_roster_count(&slot); i++) {
        struct par_member m = par_roster_member(&slot, i);
        par_json_open(w);
        par_json_key_id(w, "user", m.user);
        par_json_key_id(w, "joined_seq", m.joined_seq);
        par_json_key_int(w, "place", m.place);
        par_json_key_int(w, "role", m.role);
        par_json_close(w);
    }
    par_json_close_array(w);
}

static void put_record(struct par_json_out *w, const struct par_record *record, const void *obj)
{
    par_json_open(w);
    for (const struct par_field *f = record->fields; f->type != PAR_FIELD_END; f++) {
        const void *at = (const uint8_t *)obj + f->offset;
        const struct par_str *s = at;
        switch (f->type) {
        case PAR_FIELD_BOOL:
            if (*(const bool *)at)
                par_json_key_bool(w, f->name, true);
            break;
        case PAR_FIELD_U8:
            if (*(const uint8_t *)at)
                par_json_key_int(w, f->name, *(const uint8_t *)at);
            break;
        case PAR_FIELD_U32:
            if (*(const uint32_t *)at)
                par_json_key_int(w, f->name, *(const uint32_t *)at);
            break;
        case PAR_FIELD_I64:
            if (*(const int64_t *)at)
                par_json_key_int(w, f->name, *(const int64_t *)at);
            break;
        case PAR_FIELD_U64:
        case PAR_FIELD_USER:
            if (*(const uint64_t *)at)
                par_json_key_id(w, f->name, *(const uint64_t *)at);
            break;
        case PAR_FIELD_TEXT:
            if (s->len > 0)
                par_json_key_str(w, f->name, *s);
            break;
        case PAR_FIELD_BYTES:
            if (s->len > 0)
                put_hex(w, f->name, *s);
            break;
        case PAR_FIELD_BYTES16:
            put_hex(w, f->name, par_str_of(at, 16));
            break;
        case PAR_FIELD_USERS:
            if (s->len == 0)
                break;
            par_json_key(w, f->name);
            par_json_open_array(w);
            for (size_t i = 0; i < par_users_count(*s); i++)
                par_json_id(w, par_users_at(*s, i));
            par_json_close_array(w);
            break;
        case PAR_FIELD_MEMBERS:
            if (s->len > 0)
                put_members(w, f->name, *s);
            break;
        case PAR_FIELD_SLOT:
            if (!((const struct par_roster_slot *)at)->present)
                break;
            par_json_key(w, f->name);
            put_record(w, &par_record__roster_slot, at);
            break;
        }
    }
    par_json_close(w);
}

union any {
#define X(name) struct par_##name name;
#include "store/records.h"
#undef X
};

void par_row__to_json(enum par_table table, struct par_str key, struct par_str value,
                      struct par_buf *out)
{
    const struct par_record *record = shapes[table].record;
    struct par_json_out w = par_json_out(out);
    union any obj;
    par_json_open(&w);
    par_json_key_z(&w, "t", par_table_name(table));
    if (!put_key(&w, shapes[table].shape, key))
        put_hex(&w, "kx", key);
    if (record != NULL && par_record__decode(record, value, &obj) && all_text(record, &obj)) {
        par_json_key(&w, "v");
        put_record(&w, record, &obj);
    } else {
        put_hex(&w, "vx", value);
    }
    par_json_close(&w);
}

/* ---- And back ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* An absent member is empty. */
static bool get_hex(const json_t *obj, const char *name, struct par_buf *out)
{
    json_t *v = json_object_get(obj, name);
    size_t n = v ? json_string_length(v) : 0;
    const char *hex = v ? json_string_value(v) : "";
    if (hex == NULL || n % 2 != 0)
        return false;
    for (size_t i = 0; i < n; i += 2) {
        int high = hex_digit(hex[i]), low = hex_digit(hex[i + 1]);
        if (high < 0 || low < 0)
            return false;
        par_buf_add_u8(out, (uint8_t)(high << 4 | low));
    }
    return true;
}

static struct par_str text_of(const json_t *v)
{
    return json_is_string(v) ? par_str_of(json_string_value(v), json_string_length(v))
                             : (struct par_str){0};
}

static struct par_str get_text(const json_t *obj, const char *name)
{
    return text_of(json_object_get(obj, name));
}

/* Ids are strings; an absent one is 0. */
static bool get_id(const json_t *obj, const char *name, uint64_t *id_r)
{
    json_t *v = json_object_get(obj, name);
    *id_r = 0;
    return v == NULL || (json_is_string(v) && par_str_to_u64(text_of(v), id_r));
}

static bool read_key(const json_t *k, enum shape shape, struct par_buf *key_r)
{
    struct par_conv conv = {0};
    uint64_t user, seq, id;
    struct par_key key = {0};
    struct par_buf hash = {0};
    if (!get_id(k, "user", &user) || !get_id(k, "seq", &seq) || !get_id(k, "id", &id) ||
        (shape <= SHAPE_USER_CONV && par_conv_parse(get_text(k, "conv"), &conv) != PAR_CONV_OK))
        return false;
    struct par_str cmid = get_text(k, "cmid"), name = get_text(k, "name");
    switch (shape) {
    case SHAPE_CONV:
        key = par_key_conv(&conv);
        break;
    case SHAPE_ENTRY:
        key = par_key_entry(&conv, seq);
        break;
    case SHAPE_CMID:
        if (cmid.len == 0 || cmid.len > PAR_KEY_CMID_MAX)
            return false;
        key = par_key_cmid(&conv, user, cmid);
        break;
    case SHAPE_MARK:
        key = par_key_mark(&conv, user);
        break;
    case SHAPE_USER_CONV:
        key = par_key_user_conv(user, &conv);
        break;
    case SHAPE_USER:
        key = par_key_user(user);
        break;
    case SHAPE_USER_ID:
        key = par_key_user_id(user, id);
        break;
    case SHAPE_NUMBER:
        key = par_key_number(id);
        break;
    case SHAPE_HASH:
        if (get_hex(k, "hash", &hash) && hash.len == PAR_KEY_HASH)
            key = par_key_hash(hash.data);
        par_buf_fini(&hash);
        break;
    case SHAPE_TEXT:
        if (name.len > PAR_KEY_MAX)
            return false;
        key = par_key_text(name);
        break;
    }
    par_buf_add_str(key_r, par_key_str(&key));
    return key.len > 0;
}

static bool read_members(const json_t *list, struct par_buf *packed)
{
    uint64_t last = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct par_member m = {.place =
                                   (uint32_t)json_integer_value(json_object_get(item, "place")),
                               .role = (uint8_t)json_integer_value(json_object_get(item, "role"))};
        if (!get_id(item, "user", &m.user) || !get_id(item, "joined_seq", &m.joined_seq) ||
            m.user <= last)
            return false;
        last = m.user;
        par_roster_pack(packed, &m, 1);
    }
    return json_is_array(list);
}

/* Strings of the record point into the JSON or into `pool`, which has room for all of them, so that
 * it does not move. */
static bool read_record(const json_t *v, const struct par_record *record, struct par_buf *pool,
                        void *obj_r);

static bool read_field(const json_t *value, const struct par_field *f, const json_t *parent,
                       struct par_buf *pool, void *at)
{
    size_t from = pool->len;
    int64_t n = json_integer_value(value);
    switch (f->type) {
    case PAR_FIELD_BOOL:
        *(bool *)at = json_is_true(value);
        return json_is_boolean(value);
    case PAR_FIELD_U8:
        *(uint8_t *)at = (uint8_t)n;
        return json_is_integer(value) && n >= 0 && n <= UINT8_MAX;
    case PAR_FIELD_U32:
        *(uint32_t *)at = (uint32_t)n;
        return json_is_integer(value) && n >= 0 && n <= UINT32_MAX;
    case PAR_FIELD_I64:
        *(int64_t *)at = n;
        return json_is_integer(value);
    case PAR_FIELD_U64:
    case PAR_FIELD_USER:
        return get_id(parent, f->name, at);
    case PAR_FIELD_TEXT:
        *(struct par_str *)at = text_of(value);
        return json_is_string(value);
    case PAR_FIELD_BYTES16:
        if (!get_hex(parent, f->name, pool) || pool->len != from + 16)
            return false;
        memcpy(at, pool->data + from, 16);
        return true;
    case PAR_FIELD_BYTES:
        if (!get_hex(parent, f->name, pool))
            return false;
        break;
    case PAR_FIELD_USERS:
        for (size_t i = 0; i < json_array_size(value); i++) {
            uint64_t user;
            if (!par_str_to_u64(text_of(json_array_get(value, i)), &user))
                return false;
            par_buf_add_u64(pool, user);
        }
        break;
    case PAR_FIELD_MEMBERS:
        if (!read_members(value, pool))
            return false;
        break;
    case PAR_FIELD_SLOT:
        if (!json_is_object(value) || !read_record(value, &par_record__roster_slot, pool, at))
            return false;
        ((struct par_roster_slot *)at)->present = true;
        return true;
    default:
        return false;
    }
    *(struct par_str *)at = par_str_of(pool->data + from, pool->len - from);
    return !pool->failed;
}

static bool read_record(const json_t *v, const struct par_record *record, struct par_buf *pool,
                        void *obj_r)
{
    memset(obj_r, 0, record->size);
    for (const struct par_field *f = record->fields; f->type != PAR_FIELD_END; f++) {
        const json_t *value = json_object_get(v, f->name);
        if (value != NULL && !read_field(value, f, v, pool, (uint8_t *)obj_r + f->offset))
            return false;
    }
    return true;
}

static bool read_value(const json_t *v, const struct par_record *record, size_t line_len,
                       struct par_buf *value_r)
{
    union any obj;
    struct par_buf pool = {0};
    /* A number of a list has four bytes in the line, and eight here; nothing else grows. */
    bool ok =
        par_buf_reserve(&pool, 2 * line_len + 64) != NULL && read_record(v, record, &pool, &obj);
    if (ok)
        par_record__encode(record, &obj, value_r);
    par_buf_fini(&pool);
    return ok;
}

bool par_row__from_json(struct par_str line, enum par_table *table_r, struct par_buf *key_r,
                        struct par_buf *value_r, const char **what_r)
{
    json_t *row = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, NULL);
    int table = row ? par_table_by_name(get_text(row, "t")) : -1;
    json_t *k = row ? json_object_get(row, "k") : NULL, *v = row ? json_object_get(row, "v") : NULL;
    const char *what = NULL;
    *table_r = table < 0 ? PAR_T_META : (enum par_table)table;
    if (row == NULL)
        what = "no JSON";
    else if (table < 0)
        what = "no table of this name";
    else if (json_is_object(k) ? !read_key(k, shapes[table].shape, key_r)
                               : !get_hex(row, "kx", key_r) || key_r->len == 0)
        what = "no key of this table";
    else if (json_is_object(v) && shapes[table].record != NULL
                 ? !read_value(v, shapes[table].record, line.len, value_r)
                 : v != NULL || !get_hex(row, "vx", value_r))
        what = "no record of this table";
    json_decref(row);
    *what_r = what ? what : "";
    return what == NULL && !key_r->failed && !value_r->failed;
}
