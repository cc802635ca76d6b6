/* Inside src/proto: filling a struct of arguments from members, and telling what is wrong with one.
 */
#ifndef PAR_PROTO_DECODE_PRIVATE_H
#define PAR_PROTO_DECODE_PRIVATE_H

#include "base/json_read.h"
#include "proto/fields.h"

/* Where an object is being decoded; `outer` is the object around it. */
struct par_proto__path {
    const struct par_proto__path *outer;
    const char *name;
};

struct par_proto__ctx {
    const struct par_proto_limits *limits;
    struct par_arena *arena;
    enum par_err err; /* the first thing that is wrong */
    const char *message;
};

/* Both return false, so that `return fail(…)` reads well. The message is "path.name: why". */
bool par_proto__fail(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                     const char *name, enum par_err err, const char *why);
bool par_proto__no_memory(struct par_proto__ctx *ctx);

/* The text of a string, or an error under the field's name. */
bool par_proto__text(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                     const char *name, const struct par_json *value, struct par_str *text_r);

/* Fills *base (shape->size bytes, all zero) from an object; members[] are its first ones, already
 * read, and `rest` gives those behind them. */
bool par_proto__fill(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                     const struct par_shape *shape, const struct par_json_member *members,
                     size_t count, struct par_json_iter rest, void *base);

/* Puts a text that is already unescaped into a field; for queries too. */
bool par_proto__set_text(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                         const struct par_field *f, struct par_str text, void *base);
bool par_proto__set_int(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                        const struct par_field *f, int64_t v, void *base);
/* What holds over all members once each is read: required ones, defaults, exclusive ones. */
bool par_proto__finish(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                       const struct par_shape *shape, uint32_t seen, void *base);

/* Lists (decode_lists.c). Texts are those of the list's strings. */
bool par_proto__users(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                      const struct par_field *f, const struct par_json *array,
                      struct par_user_refs *list_r);
/* Drops repetitions and checks the count. */
bool par_proto__users_done(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                           const struct par_field *f, struct par_user_refs *list);
bool par_proto__marks(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                      const struct par_field *f, const struct par_json *object,
                      struct par_mark_refs *list_r);
bool par_proto__conv(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                     const char *name, struct par_str text, struct par_conv_ref *conv_r);
/* The greatest value or length of a field, of the limits or its own; 0: none. */
int64_t par_proto__max(const struct par_proto__ctx *ctx, const struct par_field *f);

#endif
