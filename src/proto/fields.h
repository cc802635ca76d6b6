/* The tables by which objects are decoded; filled by gen/fields.c, read by decode.c alone. */
#ifndef PAR_PROTO_FIELDS_H
#define PAR_PROTO_FIELDS_H

#include "proto/gen/args.h"
#include "proto/gen/limits.h"

#include <stddef.h>

enum par_field_kind {
    PAR_FIELD_STR = 0,
    PAR_FIELD_TEXT,
    PAR_FIELD_USER_NAME,
    PAR_FIELD_INT,
    PAR_FIELD_BOOL,
    PAR_FIELD_ENUM,
    PAR_FIELD_CONV,
    PAR_FIELD_USER,
    PAR_FIELD_USERS,
    PAR_FIELD_MARKS,
    PAR_FIELD_OBJECT
};

struct par_word {
    const char *word;
    int value;
};

struct par_shape;

struct par_field {
    const char *name;
    uint8_t name_len;
    uint8_t kind; /* enum par_field_kind */
    bool required;
    uint16_t off;       /* of the value in the struct */
    uint16_t has_off;   /* of its presence flag; unless required */
    uint16_t limit_off; /* 1 + offset in struct par_proto_limits of what replaces max; 0: none */
    uint32_t max_bytes; /* of a string; 0: any */
    int64_t min;        /* int: least value. str, text: least code points. marks: least value */
    int64_t max;        /* int: greatest value. str: most code points, users: most users (0: any) */
    int64_t value;      /* int: what it is when absent */
    const struct par_word *words;
    const struct par_shape *shape;
};

enum par_rule {
    PAR_RULE_NONE = 0,
    PAR_RULE_EXACTLY_ONE,
    PAR_RULE_AT_LEAST_ONE,
    PAR_RULE_AT_MOST_ONE
};

struct par_shape {
    const struct par_field *fields;
    uint8_t count; /* at most 32 */
    uint16_t size;
    enum par_rule rule;
    uint32_t rule_mask;
    const char *rule_names;
};

/* par_shape_<op> and par_shape_body_<name>. */
#define X(NAME, name, word, class, cmid, socket_only)                                              \
    extern const struct par_shape par_shape_##name;
#include "parley/tbl/ops.h"
#undef X
#define X(NAME, name) extern const struct par_shape par_shape_body_##name;
PAR_PROTO_BODIES(X)
#undef X

#endif
