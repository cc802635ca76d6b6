/* Runs protocol/vectors/frames.json: each frame through the decoder, the arguments turned back into
 * JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "proto/decode.h"
#include "proto/fields.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static const struct par_shape *const shapes[PAR_OP_COUNT] = {
#define X(NAME, name, word, class, cmid, socket_only) [PAR_OP_##NAME] = &par_shape_##name,
#include "parley/tbl/ops.h"
#undef X
};

static json_t *str_json(struct par_str s)
{
    return json_stringn(s.ptr, s.len);
}

static json_t *user_json(const struct par_user_ref *user)
{
    return user->id ? str_json(user->text) : json_pack("{s:o}", "unknown", str_json(user->text));
}

static json_t *conv_json(const struct par_conv_ref *conv)
{
    if (conv->err == PAR_OK) {
        char text[PAR_CONV_TEXT_MAX];
        return json_stringn(text, par_conv_format(&conv->conv, text));
    }
    return json_pack("{s:o,s:s}", "text", str_json(conv->text), "answer", par_err_code(conv->err));
}

static json_t *object_json(const struct par_shape *shape, const void *base);

static json_t *value_json(const struct par_field *f, const void *at)
{
    json_t *j = NULL;
    switch (f->kind) {
    case PAR_FIELD_INT:
        return json_integer(*(const int64_t *)at);
    case PAR_FIELD_BOOL:
        return json_boolean(*(const bool *)at);
    case PAR_FIELD_ENUM:
        for (const struct par_word *w = f->words; w->word; w++) {
            if (w->value == *(const int *)at)
                return json_string(w->word);
        }
        return NULL;
    case PAR_FIELD_CONV:
        return conv_json(at);
    case PAR_FIELD_USER:
        return user_json(at);
    case PAR_FIELD_USERS: {
        const struct par_user_refs *list = at;
        uint32_t unknown = 0;
        j = json_array();
        for (uint32_t i = 0; i < list->count; i++) {
            json_array_append_new(j, user_json(&list->users[i]));
            unknown += !list->users[i].id;
        }
        assert_int_equal(unknown, list->unknown);
        return j;
    }
    case PAR_FIELD_MARKS: {
        const struct par_mark_refs *list = at;
        j = json_object();
        for (uint32_t i = 0; i < list->count; i++)
            json_object_setn_new(j, list->marks[i].conv.text.ptr, list->marks[i].conv.text.len,
                                 json_integer(list->marks[i].seq));
        return j;
    }
    case PAR_FIELD_OBJECT:
        return object_json(f->shape, at);
    default:
        return str_json(*(const struct par_str *)at);
    }
}

static json_t *object_json(const struct par_shape *shape, const void *base)
{
    json_t *j = json_object();
    for (unsigned i = 0; i < shape->count; i++) {
        const struct par_field *f = &shape->fields[i];
        bool has = f->required || *((const bool *)base + f->has_off);
        if (has || f->value)
            json_object_set_new(j, f->name, value_json(f, (const char *)base + f->off));
    }
    return j;
}

static void join(struct par_buf *out, const json_t *frame)
{
    size_t i;
    json_t *piece;
    if (json_is_string(frame)) {
        par_buf_add(out, json_string_value(frame), json_string_length(frame));
        return;
    }
    json_array_foreach(frame, i, piece)
    {
        json_t *text = json_is_array(piece) ? json_array_get(piece, 0) : piece;
        json_int_t n = json_is_array(piece) ? json_integer_value(json_array_get(piece, 1)) : 1;
        while (n-- > 0)
            par_buf_add(out, json_string_value(text), json_string_length(text));
    }
}

static void run_case(const char *name, const json_t *expect, struct par_str frame)
{
    struct par_arena arena = {0};
    struct par_frame_in in;
    enum par_decoded got = par_proto_decode(frame, &par_proto_limits_default, &arena, &in);
    const json_t *error = json_object_get(expect, "error");
    const json_t *op = json_object_get(expect, "op");
    if (json_object_get(expect, "close")) {
        if (got != PAR_DECODED_CLOSE)
            fail_msg("%s: not closed", name);
    } else if (error) {
        const json_t *re = json_object_get(expect, "re");
        const char *member = json_string_value(json_object_get(expect, "member"));
        if (got != PAR_DECODED_ERROR || strcmp(par_err_code(in.err), json_string_value(error)) != 0)
            fail_msg("%s: got %d %s %s", name, got, par_err_code(in.err), in.message);
        if (!strstr(in.message, member))
            fail_msg("%s: message is '%s'", name, in.message);
        if (in.has_id != json_is_integer(re) || (in.has_id && in.id != json_integer_value(re)))
            fail_msg("%s: wrong re", name);
    } else {
        if (got != PAR_DECODED_OK)
            fail_msg("%s: got %d %s %s", name, got, par_err_code(in.err), in.message);
        assert_true(par_str_is(par_op_info(in.op)->name, json_string_value(op)));
        assert_true(in.has_id && in.id == json_integer_value(json_object_get(expect, "id")));
        json_t *args = object_json(shapes[in.op], in.args.any);
        json_t *want = json_object_get(expect, "args");
        if (want && !json_equal(args, want))
            fail_msg("%s: got %s", name, json_dumps(args, 0));
        json_decref(args);
    }
    par_arena_fini(&arena);
}

static void decodes_the_frames(void **state)
{
    (void)state;
    json_error_t error;
    /* By hand the test is started in the build folder. */
    const char *root = getenv("PARLEY_SOURCE_ROOT");
    char path[4096];
    snprintf(path, sizeof path, "%s/protocol/vectors/frames.json", root ? root : "..");
    json_t *cases = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (!cases)
        fail_msg("%s:%d: %s", error.source, error.line, error.text);
    size_t i;
    json_t *one;
    json_array_foreach(cases, i, one)
    {
        struct par_buf frame = {0};
        join(&frame, json_object_get(one, "frame"));
        run_case(json_string_value(json_object_get(one, "name")), json_object_get(one, "expect"),
                 par_buf_str(&frame));
        par_buf_fini(&frame);
    }
    assert_true(json_array_size(cases) > 150);
    json_decref(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(decodes_the_frames)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
