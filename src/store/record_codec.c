/* Records to bytes and back, by their tables of fields. */
#include "store/record_codec.h"

#include "store/record_roster.h"

/* The lowest bit of a field's first byte: what follows is a varint, or a length and bytes. */
enum { WIRE_NUMBER = 0, WIRE_BYTES = 1 };

static bool is_number(uint8_t type)
{
    return type >= PAR_FIELD_BOOL && type <= PAR_FIELD_I64;
}

static uint64_t load_number(const struct par_field *f, const void *at)
{
    int64_t i;
    switch (f->type) {
    case PAR_FIELD_BOOL:
        return *(const bool *)at;
    case PAR_FIELD_U8:
        return *(const uint8_t *)at;
    case PAR_FIELD_U32:
        return *(const uint32_t *)at;
    case PAR_FIELD_I64:
        i = *(const int64_t *)at;
        return (uint64_t)i << 1 ^ (uint64_t)(i >> 63);
    default:
        return *(const uint64_t *)at;
    }
}

static bool store_number(const struct par_field *f, uint64_t v, void *at)
{
    switch (f->type) {
    case PAR_FIELD_BOOL:
        *(bool *)at = v == 1;
        return v <= 1;
    case PAR_FIELD_U8:
        *(uint8_t *)at = (uint8_t)v;
        return v <= UINT8_MAX;
    case PAR_FIELD_U32:
        *(uint32_t *)at = (uint32_t)v;
        return v <= UINT32_MAX;
    case PAR_FIELD_I64:
        *(int64_t *)at = (int64_t)(v >> 1 ^ (0 - (v & 1)));
        return true;
    default:
        *(uint64_t *)at = v;
        return true;
    }
}

static void put_bytes(struct par_buf *out, const struct par_field *f, struct par_str bytes)
{
    if (bytes.len == 0)
        return;
    par_buf_add_u8(out, (uint8_t)(f->number << 1 | WIRE_BYTES));
    par_buf_add_lstr(out, bytes);
}

static void put_slot(struct par_buf *out, const struct par_field *f,
                     const struct par_roster_slot *slot)
{
    if (!slot->present)
        return;
    struct par_buf inner = {0};
    par_record__encode(&par_record__roster_slot, slot, &inner);
    par_buf_add_u8(out, (uint8_t)(f->number << 1 | WIRE_BYTES));
    par_buf_add_lstr(out, par_buf_str(&inner));
    if (inner.failed)
        out->failed = true;
    par_buf_fini(&inner);
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
    while (n > 0 && bytes[n - 1] == 0)
        n--;
    return n == 0;
}

void par_record__encode(const struct par_record *record, const void *obj, struct par_buf *out)
{
    par_buf_add_u8(out, record->version);
    for (const struct par_field *f = record->fields; f->type != PAR_FIELD_END; f++) {
        const void *at = (const uint8_t *)obj + f->offset;
        if (is_number(f->type)) {
            uint64_t v = load_number(f, at);
            if (v == 0)
                continue;
            par_buf_add_u8(out, (uint8_t)(f->number << 1 | WIRE_NUMBER));
            par_buf_add_varint(out, v);
        } else if (f->type == PAR_FIELD_SLOT) {
            put_slot(out, f, at);
        } else if (f->type == PAR_FIELD_BYTES16) {
            if (!is_zero(at, 16))
                put_bytes(out, f, par_str_of(at, 16));
        } else {
            put_bytes(out, f, *(const struct par_str *)at);
        }
    }
}

/* Members ascend by user, so that looking one up may halve the list. */
static bool members_ascend(struct par_str packed)
{
    struct par_roster_slot slot = {.members = packed};
    uint64_t last = 0;
    if (packed.len % PAR_MEMBER_BYTES != 0)
        return false;
    for (size_t i = 0; i < par_roster_count(&slot); i++) {
        uint64_t user = par_roster_member(&slot, i).user;
        if (user <= last)
            return false;
        last = user;
    }
    return true;
}

static bool store_bytes(const struct par_field *f, struct par_str bytes, void *at)
{
    switch (f->type) {
    case PAR_FIELD_SLOT:
        if (!par_record__decode(&par_record__roster_slot, bytes, at))
            return false;
        ((struct par_roster_slot *)at)->present = true;
        return true;
    case PAR_FIELD_BYTES16:
        if (bytes.len != 16)
            return false;
        memcpy(at, bytes.ptr, 16);
        return true;
    case PAR_FIELD_USERS:
        if (bytes.len % 8 != 0)
            return false;
        break;
    case PAR_FIELD_MEMBERS:
        if (!members_ascend(bytes))
            return false;
        break;
    default:
        break;
    }
    /* Empty and missing are one. */
    *(struct par_str *)at = bytes.len > 0 ? bytes : (struct par_str){0};
    return true;
}

/* Fields come in the order of their numbers, so the next one is looked for from where the last was.
 */
static const struct par_field *find(const struct par_record *record, const struct par_field *from,
                                    unsigned number)
{
    const struct par_field *f = from;
    if (f->number > number)
        f = record->fields;
    while (f->type != PAR_FIELD_END && f->number < number)
        f++;
    return f;
}

bool par_record__decode(const struct par_record *record, struct par_str value, void *obj_r)
{
    struct par_cursor c = par_cursor(value);
    const struct par_field *f = record->fields;
    uint8_t version, head;

    memset(obj_r, 0, record->size);
    if (!par_cursor_u8(&c, &version) || version == 0 || version > record->version)
        return false;
    while (par_cursor_left(&c) > 0 && par_cursor_u8(&c, &head)) {
        uint64_t v = 0;
        struct par_str bytes = {0};
        bool number = (head & 1) == WIRE_NUMBER;
        if (number ? !par_cursor_varint(&c, &v) : !par_cursor_lstr(&c, &bytes))
            break;
        f = find(record, f, head >> 1);
        if (f->type == PAR_FIELD_END) {
            f = record->fields;
            continue;
        }
        if (f->number != head >> 1)
            continue;
        void *at = (uint8_t *)obj_r + f->offset;
        if (number != is_number(f->type) ||
            !(number ? store_number(f, v, at) : store_bytes(f, bytes, at))) {
            c.bad = true;
            break;
        }
    }
    if (!c.bad)
        return true;
    memset(obj_r, 0, record->size);
    return false;
}
