/* Records as tables of fields: one encoder, one decoder, and one JSON form for all of them. */
#ifndef PAR_STORE_RECORD_CODEC_H
#define PAR_STORE_RECORD_CODEC_H

#include "base/buf.h"

/* How a field of a struct becomes bytes. Numbers are varints, the rest bytes with their length. */
enum par_field_type {
    PAR_FIELD_END = 0,
    PAR_FIELD_BOOL,
    PAR_FIELD_U8,
    PAR_FIELD_U32,
    PAR_FIELD_U64,
    PAR_FIELD_USER,    /* a U64 that JSON has as a string */
    PAR_FIELD_I64,     /* zigzag, so that a negative one stays short */
    PAR_FIELD_TEXT,    /* struct par_str, UTF-8 */
    PAR_FIELD_BYTES,   /* struct par_str, hex in JSON */
    PAR_FIELD_USERS,   /* struct par_str of 8 bytes each */
    PAR_FIELD_MEMBERS, /* struct par_str, packed members of a roster */
    PAR_FIELD_BYTES16, /* uint8_t[16] */
    PAR_FIELD_SLOT,    /* struct par_roster_slot */
};

struct par_field {
    uint8_t number; /* 1-63, stands in the bytes: never reused */
    uint8_t type;
    uint16_t offset;
    const char *name;
};

struct par_record {
    const char *name;
    size_t size;
    uint8_t version;
    const struct par_field *fields; /* ascending by number */
};

enum { PAR_FIELD_NUMBER_MAX = 63, PAR_MEMBER_BYTES = 21 };

/* Descriptors par_record__entry … for the structs, from record_*.c; one for the slots of a roster.
 */
#define X(name) extern const struct par_record par_record__##name;
#include "store/records.h"
#undef X
extern const struct par_record par_record__roster_slot;

/* Appends the bytes of a value; false, and all zero, when bytes are damaged or of a newer version.
 */
void par_record__encode(const struct par_record *record, const void *obj, struct par_buf *out);
/* The strings of the result borrow from the value. */
bool par_record__decode(const struct par_record *record, struct par_str value, void *obj_r);

/* Defines the descriptor and the two functions of record.h from a list of
 * PAR_RECORD_FIELD(). */
#define PAR_RECORD_FIELD(strct, number_, type_, member)                                            \
    {                                                                                              \
        number_, PAR_FIELD_##type_, (uint16_t)offsetof(struct par_##strct, member), #member        \
    }
#define PAR_RECORD(name_, version_, ...)                                                           \
    static const struct par_field name_##_fields[] = {__VA_ARGS__, {0}};                           \
    const struct par_record par_record__##name_ = {                                                \
        .name = #name_,                                                                            \
        .size = sizeof(struct par_##name_),                                                        \
        .version = version_,                                                                       \
        .fields = name_##_fields,                                                                  \
    };                                                                                             \
    void par_##name_##_encode(const struct par_##name_ *record, struct par_buf *out)               \
    {                                                                                              \
        par_record__encode(&par_record__##name_, record, out);                                     \
    }                                                                                              \
    bool par_##name_##_decode(struct par_str value, struct par_##name_ *record_r)                  \
    {                                                                                              \
        return par_record__decode(&par_record__##name_, value, record_r);                          \
    }

#endif
