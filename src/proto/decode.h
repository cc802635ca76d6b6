/* From bytes to requests. A frame, a REST body or the query of a URL becomes a struct of arguments
 * that is wholly checked: types, ranges, lengths, which members exclude each other. What depends on
 * state (does the conversation exist, may one write to it) is left to those who ask.
 *
 * A frame passes three gates: it is one JSON object without duplicate names and not too deep, or
 * the connection closes with 4400; it has an id and a known op; its members fit the table made from
 * protocol/schema. Errors carry the code and a message with the member's name.
 *
 * Results borrow from the bytes and from the arena; both must outlive them. Any thread; never
 * blocks. */
#ifndef PAR_PROTO_DECODE_H
#define PAR_PROTO_DECODE_H

#include "proto/gen/args.h"
#include "proto/gen/limits.h"
#include "proto/op.h"

enum par_decoded {
    PAR_DECODED_OK = 0,
    PAR_DECODED_ERROR, /* answer err and message */
    PAR_DECODED_CLOSE  /* close with PAR_CLOSE_NOT_JSON (4400); message says why, for the log */
};

struct par_frame_in {
    enum par_op op; /* NONE: it was missing or is not known */
    bool has_id;    /* false: `re` is null */
    int64_t id;
    /* After OK: of op. After an error that is only PAR_E_TOO_LARGE of a text, too: who answers a
     * known cmid before all else looks for that first. */
    union par_args args;
    enum par_err err;
    const char *message; /* never NULL after ERROR and CLOSE; static, or in the arena */
};

/* Decodes a frame, which must be UTF-8. After ERROR op, has_id and id hold as far as they were
 * usable. */
enum par_decoded par_proto_decode(struct par_str bytes, const struct par_proto_limits *limits,
                                  struct par_arena *arena,
                                  struct par_frame_in *frame_r) PAR_MUST_CHECK;

enum par_body {
#define X(NAME, name) PAR_BODY_##NAME,
    PAR_PROTO_BODIES(X)
#undef X
        PAR_BODY_COUNT
};

struct par_body_in {
    union par_args args; /* body_<name>; as above */
    enum par_err err;
    const char *message;
};

/* Decodes the body of a REST call; err is PAR_OK or the answer. Checks that it is UTF-8. */
enum par_err par_proto_decode_body(enum par_body body, struct par_str bytes,
                                   const struct par_proto_limits *limits, struct par_arena *arena,
                                   struct par_body_in *body_r) PAR_MUST_CHECK;

/* One argument as text, already percent-decoded. */
struct par_text_arg {
    struct par_str name;
    struct par_str value;
};

/* Fills the arguments of an operation from a path and a query ("before_seq" = "12"); unknown names
 * are ignored, a name given twice is bad_request. Lists and objects cannot be given this way, but
 * users: with commas between. */
enum par_err par_proto_decode_query(enum par_op op, const struct par_text_arg *args, size_t count,
                                    const struct par_proto_limits *limits, struct par_arena *arena,
                                    struct par_body_in *args_r) PAR_MUST_CHECK;

/* The users' ids alone, in the arena; NULL when count is 0 or memory is refused. Unknown ones are
 * 0. */
uint64_t *par_user_ids(const struct par_user_refs *list, struct par_arena *arena);

#endif
