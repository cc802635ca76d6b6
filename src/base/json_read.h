/* Reads JSON without building a tree. A text is first checked whole: one object, the grammar of RFC
 * 8259, no name twice in an object, no deeper than allowed. After that values are looked at where
 * they stand in the text: an iterator walks an object or an array, strings are unescaped and
 * numbers converted when asked for. So a string that is no text (a lone surrogate, U+0000) or a
 * number that fits nothing spoils only the member that is used.
 *
 * The text is borrowed and must outlive every value. It is expected to be UTF-8; bytes of other
 * encodings pass through strings unharmed and unseen. Nothing here blocks; no function keeps state.
 */
#ifndef PAR_BASE_JSON_READ_H
#define PAR_BASE_JSON_READ_H

#include "base/arena.h"
#include "parley/err.h"

enum { PAR_JSON_DEPTH_MAX = 64 };

enum par_json_fault {
    PAR_JSON_FINE = 0,
    PAR_JSON_NOT_OBJECT, /* JSON perhaps, but the outer value is no object */
    PAR_JSON_SYNTAX,
    PAR_JSON_DEPTH,
    PAR_JSON_DUPLICATE,
    PAR_JSON_NO_MEMORY
};

enum par_json_type {
    PAR_JSON_NONE = 0, /* no value at all */
    PAR_JSON_NULL,
    PAR_JSON_FALSE,
    PAR_JSON_TRUE,
    PAR_JSON_NUMBER,
    PAR_JSON_STRING,
    PAR_JSON_ARRAY,
    PAR_JSON_OBJECT
};

/* A value where it stands: of a string what is between the quotes, of anything else all of it. */
struct par_json {
    const char *ptr;
    uint32_t len;
    uint8_t type;    /* enum par_json_type */
    uint8_t escaped; /* a string with a backslash */
};

struct par_json_member {
    struct par_json name;
    struct par_json value;
};

/* The first members of the outer object, found on the way by the check: most objects need no walk.
 */
enum { PAR_JSON_FOUND = 16 };
struct par_json_found {
    struct par_json_member members[PAR_JSON_FOUND];
    uint32_t count;
    bool more; /* there are members behind these */
};

/* Checks the text and puts the outer object into *object_r. max_depth is 1 for an object of plain
 * values and at most PAR_JSON_DEPTH_MAX. Names are compared unescaped. Time is linear in the
 * length; memory from the arena only for objects with many members or escaped names, then at most
 * some times the length. */
enum par_json_fault par_json_check(struct par_str text, unsigned max_depth, struct par_arena *arena,
                                   struct par_json *object_r) PAR_MUST_CHECK;

/* The same, and *found_r tells the first members. */
enum par_json_fault par_json_check_found(struct par_str text, unsigned max_depth,
                                         struct par_arena *arena, struct par_json *object_r,
                                         struct par_json_found *found_r) PAR_MUST_CHECK;

/* A few words for a log or a message. Static storage. */
const char *par_json_fault_text(enum par_json_fault fault);

/* Sets what hashes of names start from; once, before threads start, from a random source, so that
 * nobody can prepare names that collide. Only the first call of a process counts. */
void par_json_seed(uint64_t seed);

/* A hash of these bytes under that seed, for those who look for equal strings of a client's making.
 */
uint64_t par_json_hash(struct par_str s);

/* Walks an object or an array of a checked text. */
struct par_json_iter {
    const char *_pos;
    const char *_end;
};

/* Starts before the first member or item. */
struct par_json_iter par_json_iter(const struct par_json *container);
/* From behind the found members on. */
struct par_json_iter par_json_iter_rest(const struct par_json *object,
                                        const struct par_json_found *found);
/* False at the end. */
bool par_json_next_member(struct par_json_iter *it, struct par_json_member *member_r);
bool par_json_next_item(struct par_json_iter *it, struct par_json *value_r);

/* The member of that name (plain ASCII); false, and type NONE, when there is none. Linear. */
bool par_json_get(const struct par_json *object, const char *name, struct par_json *value_r);

/* The text of a string (or of a member's name). BAD: it is no text. Without escapes it borrows from
 * the document, else it lives in the arena. Only for values of type STRING. */
enum par_json_text { PAR_JSON_TEXT_OK = 0, PAR_JSON_TEXT_BAD, PAR_JSON_TEXT_NO_MEMORY };
enum par_json_text par_json_text(const struct par_json *string, struct par_arena *arena,
                                 struct par_str *text_r) PAR_MUST_CHECK;

/* True when the unescaped text is exactly this ASCII literal. */
bool par_json_text_is(const struct par_json *string, struct par_str ascii);

/* The number, when it is written without fraction and exponent and fits 64 bits; else false and 0.
 */
bool par_json_to_int(const struct par_json *number, int64_t *value_r) PAR_MUST_CHECK;

/* The bytes of the value as they stand in the text (a string with its quotes). */
static inline struct par_str par_json_source(const struct par_json *value)
{
    if (value->type == PAR_JSON_STRING)
        return par_str_of(value->ptr - 1, value->len + 2);
    return par_str_of(value->ptr, value->len);
}

#endif
