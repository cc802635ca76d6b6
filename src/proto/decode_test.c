/* The decoder beyond the frame vectors: configured limits, REST bodies, queries, hostile sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "parley/words.h"
#include "proto/decode.h"
#include "store/record_user.h"

#include <stdio.h>

static struct par_arena arena;

static int arena_drop(void **state)
{
    (void)state;
    par_arena_fini(&arena);
    return 0;
}

static enum par_err frame(const char *text, const struct par_proto_limits *limits,
                          struct par_frame_in *in)
{
    enum par_decoded got = par_proto_decode(par_str(text), limits, &arena, in);
    assert_int_not_equal(got, PAR_DECODED_CLOSE);
    return in->err;
}

static enum par_err body(enum par_body which, const char *text, struct par_body_in *in)
{
    return par_proto_decode_body(which, par_str(text), &par_proto_limits_default, &arena, in);
}

static void obeys_configured_limits(void **state)
{
    (void)state;
    struct par_proto_limits l = par_proto_limits_default;
    struct par_frame_in in;
    l.text_bytes = 5;
    const char *send = "{\"op\":\"send\",\"id\":1,\"to\":\"2\",\"cmid\":\"c\",\"text\":\"aaaaaa\"}";
    assert_int_equal(frame(send, &l, &in), PAR_E_TOO_LARGE);
    /* The rest of it is there, for who knows the cmid; unless that is wrong, too. */
    assert_non_null(in.args.any);
    assert_true(par_str_is(in.args.send->cmid, "c"));
    assert_int_equal(frame("{\"op\":\"send\",\"id\":1,\"to\":\"2\",\"text\":\"aaaaaa\"}", &l, &in),
                     PAR_E_BAD_REQUEST);
    assert_null(in.args.any);
    l.text_bytes = 6;
    assert_int_equal(frame(send, &l, &in), PAR_OK);
    l.text_code_points = 5;
    assert_int_equal(frame(send, &l, &in), PAR_E_TOO_LARGE);
    l.history_page = 20;
    assert_int_equal(
        frame("{\"op\":\"history\",\"id\":1,\"conv\":\"d.1.2\",\"limit\":21}", &l, &in),
        PAR_E_BAD_REQUEST);
    assert_int_equal(frame("{\"op\":\"history\",\"id\":1,\"conv\":\"d.1.2\"}", &l, &in), PAR_OK);
    assert_int_equal(in.args.history->limit, 20);
    l.presence_ids = 1;
    assert_int_equal(frame("{\"op\":\"watch\",\"id\":1,\"users\":[\"1\",\"1\"]}", &l, &in), PAR_OK);
    assert_int_equal(frame("{\"op\":\"watch\",\"id\":1,\"users\":[\"1\",\"2\"]}", &l, &in),
                     PAR_E_BAD_REQUEST);
    l.json_depth = 2;
    assert_int_equal(
        par_proto_decode(PAR_STR("{\"op\":\"ping\",\"id\":1,\"x\":[[]]}"), &l, &arena, &in),
        PAR_DECODED_CLOSE);
    l.json_depth = 0;
    assert_int_equal(frame("{\"op\":\"ping\",\"id\":1}", &l, &in), PAR_OK);
}

static void tells_the_first_fault_with_its_path(void **state)
{
    (void)state;
    struct par_frame_in in;
    assert_int_equal(frame("{\"op\":\"hello\",\"id\":1,\"token\":\"t\",\"client\":\"c\",\"sync\":{"
                           "\"have\":{\"d.1.2\":-1}}}",
                           &par_proto_limits_default, &in),
                     PAR_E_BAD_REQUEST);
    assert_non_null(strstr(in.message, "sync.have: "));
    assert_int_equal(in.op, PAR_OP_HELLO);
    assert_true(in.has_id && in.id == 1);
}

static void decodes_bodies(void **state)
{
    (void)state;
    struct par_body_in in;
    assert_int_equal(body(PAR_BODY_REGISTER, "{\"name\":\"a.b_9\",\"password\":\"x\"}", &in),
                     PAR_OK);
    assert_true(par_str_is(in.args.body_register->name, "a.b_9"));
    assert_false(in.args.body_register->has_display_name);
    static const char *const names[] = {
        "a", "A", "a b", "", "a-b", "\\u00e4\\u00e4", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[128];
        snprintf(text, sizeof text, "{\"name\":\"%s\",\"password\":\"x\"}", names[i]);
        assert_int_equal(body(PAR_BODY_REGISTER, text, &in), PAR_E_BAD_REQUEST);
        assert_non_null(strstr(in.message, "name"));
        assert_null(in.args.any);
        assert_int_equal(body(PAR_BODY_LOGIN, text, &in), PAR_OK);
    }
    assert_int_equal(body(PAR_BODY_MEMBER_PATCH, "{\"role\":\"admin\"}", &in), PAR_OK);
    assert_int_equal(in.args.body_member_patch->role, PAR_ROLE_ADMIN);
    assert_int_equal(body(PAR_BODY_PUSH, "{\"kind\":\"fcm\",\"token\":\"t\"}", &in), PAR_OK);
    assert_int_equal(in.args.body_push->kind, PAR_PUSH_FCM);
    assert_int_equal(body(PAR_BODY_LOGIN, "[]", &in), PAR_E_BAD_REQUEST);
    assert_int_equal(body(PAR_BODY_LOGIN, "", &in), PAR_E_BAD_REQUEST);
    assert_int_equal(body(PAR_BODY_LOGIN, "{\"name\":\"\xff\",\"password\":\"x\"}", &in),
                     PAR_E_BAD_REQUEST);
    assert_int_equal(
        body(PAR_BODY_LOGIN, "{\"name\":\"a\",\"name\":\"a\",\"password\":\"x\"}", &in),
        PAR_E_BAD_REQUEST);
}

static void decodes_queries(void **state)
{
    (void)state;
    struct par_body_in in;
    const struct par_proto_limits *l = &par_proto_limits_default;
    struct par_text_arg page[] = {{PAR_STR("conv"), PAR_STR("d.1.2")},
                                  {PAR_STR("before_ts"), PAR_STR("1700000000000")},
                                  {PAR_STR("limit"), PAR_STR("7")},
                                  {PAR_STR("else"), PAR_STR("x")}};
    assert_int_equal(par_proto_decode_query(PAR_OP_HISTORY, page, 4, l, &arena, &in), PAR_OK);
    assert_true(in.args.history->has_before_ts && in.args.history->before_ts == 1700000000000);
    assert_int_equal(in.args.history->limit, 7);
    page[3] = page[2];
    assert_int_equal(par_proto_decode_query(PAR_OP_HISTORY, page, 4, l, &arena, &in),
                     PAR_E_BAD_REQUEST);
    static const char *const numbers[] = {"", "-1", "1.5", "07", "x", "9223372036854775808", "201"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        page[2].value = par_str(numbers[i]);
        assert_int_equal(par_proto_decode_query(PAR_OP_HISTORY, page, 3, l, &arena, &in),
                         PAR_E_BAD_REQUEST);
        assert_non_null(strstr(in.message, "limit"));
    }
    struct par_text_arg users[] = {{PAR_STR("users"), PAR_STR("5,,x,5,7")}};
    assert_int_equal(par_proto_decode_query(PAR_OP_PRESENCE, users, 1, l, &arena, &in), PAR_OK);
    assert_int_equal(in.args.presence->users.count, 4);
    assert_int_equal(in.args.presence->users.unknown, 2);
    assert_true(par_str_is(in.args.presence->users.users[3].text, "7"));
    users[0].value = PAR_STR("\xff");
    assert_int_equal(par_proto_decode_query(PAR_OP_PRESENCE, users, 1, l, &arena, &in),
                     PAR_E_BAD_REQUEST);
    assert_int_equal(par_proto_decode_query(PAR_OP_PRESENCE, NULL, 0, l, &arena, &in),
                     PAR_E_BAD_REQUEST);
}

/* As many users and conversations as a frame of 64 KiB can name. */
static void takes_long_lists(void **state)
{
    (void)state;
    struct par_buf b = {0};
    struct par_frame_in in;
    par_buf_addz(
        &b, "{\"op\":\"group.create\",\"id\":1,\"name\":\"n\",\"cmid\":\"c\",\"members\":[\"1\"");
    unsigned n = 1;
    for (; b.len < 65000; n++)
        par_buf_printf(&b, ",\"%u\"", n % 3000 + 1);
    par_buf_addz(&b, "]}");
    assert_int_equal(par_proto_decode(par_buf_str(&b), &par_proto_limits_default, &arena, &in), 0);
    assert_int_equal(in.args.group_create->members.count, 3000);
    uint64_t *ids = par_user_ids(&in.args.group_create->members, &arena);
    for (unsigned i = 0; i < 3000; i++)
        assert_true(ids[i] == i + 1);

    par_buf_clear(&b);
    par_buf_addz(&b, "{\"op\":\"sync\",\"id\":1,\"have\":{");
    for (n = 0; b.len < 65000; n++)
        par_buf_printf(&b, "%s\"d.%u.%u\":%u", n ? "," : "", n + 1, n + 2, n);
    par_buf_addz(&b, "}}");
    assert_int_equal(par_proto_decode(par_buf_str(&b), &par_proto_limits_default, &arena, &in), 0);
    assert_int_equal(in.args.sync->have.count, n);
    assert_int_equal(in.args.sync->have.unknown, 0);
    assert_true(in.args.sync->have.marks[n - 1].seq == n - 1);
    par_buf_fini(&b);
}

static void knows_its_operations(void **state)
{
    (void)state;
    for (int op = PAR_OP_NONE + 1; op < PAR_OP_COUNT; op++)
        assert_int_equal(par_op_find(par_op_info((enum par_op)op)->name), op);
    assert_int_equal(par_op_find(PAR_STR("group_create")), PAR_OP_NONE);
    assert_int_equal(par_op_find(PAR_STR("")), PAR_OP_NONE);
    assert_true(par_op_info(PAR_OP_SEND)->cmid);
    assert_int_equal(par_op_info(PAR_OP_SEND)->class, PAR_OP_CLASS_WRITE);
    assert_true(par_op_info(PAR_OP_HELLO)->socket_only);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(obeys_configured_limits, arena_drop),
        cmocka_unit_test_teardown(tells_the_first_fault_with_its_path, arena_drop),
        cmocka_unit_test_teardown(decodes_bodies, arena_drop),
        cmocka_unit_test_teardown(decodes_queries, arena_drop),
        cmocka_unit_test_teardown(takes_long_lists, arena_drop),
        cmocka_unit_test(knows_its_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
