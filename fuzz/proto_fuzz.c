/* The decoder of frames, REST bodies and queries: no input breaks it, and what it lets pass keeps
 * its promises. */
#include "base/buf.h"
#include "proto/decode.h"

#include <stdlib.h>

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check_send(const struct par_args_send *a)
{
    must(a->has_conv != a->has_to);
    must(a->cmid.len >= 1 && a->cmid.len <= 64);
    must(a->text.len >= 1 && a->text.len <= par_proto_limits_default.text_bytes);
    must(!memchr(a->text.ptr, 0, a->text.len) && par_utf8_check(a->text, NULL));
    must(!a->has_reply_to || a->reply_to >= 1);
}

static void check_users(const struct par_user_refs *list, struct par_arena *arena)
{
    uint64_t *ids = par_user_ids(list, arena);
    for (uint32_t i = 0; i < list->count; i++) {
        for (uint32_t k = 0; k < i && i < 64; k++)
            must(!par_str_eq(list->users[k].text, list->users[i].text));
        must(ids[i] == list->users[i].id && ids[i] <= INT64_MAX);
    }
}

static void fuzz_frame(struct par_str bytes)
{
    struct par_arena arena = {0};
    struct par_frame_in in;
    switch (par_proto_decode(bytes, &par_proto_limits_default, &arena, &in)) {
    case PAR_DECODED_OK:
        must(in.op != PAR_OP_NONE && in.has_id && in.args.any);
        if (in.op == PAR_OP_SEND)
            check_send(in.args.send);
        if (in.op == PAR_OP_WATCH)
            check_users(&in.args.watch->users, &arena);
        if (in.op == PAR_OP_HISTORY)
            must(in.args.history->limit >= 1 && in.args.history->limit <= 200);
        break;
    case PAR_DECODED_ERROR:
        must(in.err != PAR_OK && in.message);
        break;
    case PAR_DECODED_CLOSE:
        must(in.message != NULL);
        break;
    }
    par_arena_fini(&arena);
}

static void fuzz_query(enum par_op op, struct par_str bytes)
{
    struct par_text_arg args[8];
    size_t n = 0;
    const char *p = bytes.ptr, *end = p + bytes.len;
    while (p < end && n < 8) {
        const char *stop = memchr(p, '&', (size_t)(end - p));
        stop = stop ? stop : end;
        const char *eq = memchr(p, '=', (size_t)(stop - p));
        eq = eq ? eq : stop;
        args[n].name = par_str_of(p, (size_t)(eq - p));
        args[n++].value = eq < stop ? par_str_of(eq + 1, (size_t)(stop - eq - 1)) : PAR_STR("");
        p = stop + 1;
    }
    struct par_arena arena = {0};
    struct par_body_in in;
    enum par_err err = par_proto_decode_query(op, args, n, &par_proto_limits_default, &arena, &in);
    must((err == PAR_OK) == (in.args.any != NULL) && (err == PAR_OK || in.message));
    par_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    /* The first byte says which entrance; frames are what most inputs are for, and begin with a
     * brace. */
    struct par_str rest = par_str_of(data + 1, size - 1);
    if (data[0] < PAR_BODY_COUNT) {
        struct par_arena arena = {0};
        struct par_body_in in;
        enum par_err err = par_proto_decode_body((enum par_body)data[0], rest,
                                                 &par_proto_limits_default, &arena, &in);
        must((err == PAR_OK) == (in.args.any != NULL) && (err == PAR_OK || in.message));
        par_arena_fini(&arena);
    } else if (data[0] == '?') {
        fuzz_query((enum par_op)(1 + data[1] % (PAR_OP_COUNT - 1)), par_str_of(data + 2, size - 2));
    } else if (par_utf8_check(par_str_of(data, size), NULL)) {
        fuzz_frame(par_str_of(data, size));
    }
    return 0;
}
