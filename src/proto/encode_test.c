/* Answers and events, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/encode.h"
#include "proto/openapi.h"
#include "store/record_conv.h"

#include <jansson.h>

static struct par_buf out;

static int out_drop(void **state)
{
    (void)state;
    par_buf_fini(&out);
    return 0;
}

static void is(const char *want)
{
    if (!par_str_is(par_buf_str(&out), want))
        fail_msg("got  %.*s\nwant %s", (int)out.len, out.data, want);
    par_buf_clear(&out);
}

static const struct par_re seven = {true, 7};

static void answers(void **state)
{
    (void)state;
    struct par_conv direct = par_conv_direct(9, 5);
    par_answer_empty(&out, seven);
    is("{\"re\":7,\"ok\":{}}");
    par_answer_written(&out, (struct par_re){true, -3}, &direct, 12, 1700000000000, true);
    is("{\"re\":-3,\"ok\":{\"conv\":\"d.5.9\",\"seq\":12,\"ts\":1700000000000,\"dup\":true}}");
    par_answer_error(&out, (struct par_re){0}, PAR_E_BAD_REQUEST, "text: \"x\"", 0);
    is("{\"re\":null,\"error\":{\"code\":\"bad_request\",\"message\":\"text: "
       "\\\"x\\\"\",\"retry\":false,"
       "\"retry_after_ms\":0}}");
    par_answer_error(&out, seven, PAR_E_OVERLOADED, NULL, 250);
    is("{\"re\":7,\"error\":{\"code\":\"overloaded\",\"message\":\"overloaded\",\"retry\":true,"
       "\"retry_after_ms\":250}}");
    par_rest_error(&out, PAR_E_GONE, NULL, 0);
    is("{\"error\":{\"code\":\"gone\",\"message\":\"gone\",\"retry\":false,\"retry_after_ms\":0}}");
    struct par_json_out w = par_answer_open(&out, seven);
    par_json_key_int(&w, "server_time", 1);
    par_answer_close(&w);
    is("{\"re\":7,\"ok\":{\"server_time\":1}}");
}

static void entries(void **state)
{
    (void)state;
    struct par_entry text = {.conv = par_conv_direct(5, 9),
                             .seq = 3,
                             .ts = 1700000000000,
                             .sender = 5,
                             .kind = PAR_ENTRY_TEXT,
                             .text = PAR_STR("hi \"you\"\n"),
                             .cmid = PAR_STR("c1"),
                             .reply_to = 2,
                             .has_client_ts = true,
                             .edited_seq = 4};
    par_event_entry(&out, &text, true);
    is("{\"ev\":\"entry\",\"conv\":\"d.5.9\",\"seq\":3,\"ts\":1700000000000,\"from\":\"5\","
       "\"kind\":\"text\","
       "\"text\":\"hi \\\"you\\\"\\n\",\"cmid\":\"c1\",\"reply_to\":2,\"client_ts\":0}");
    struct par_json_out w = par_json_out(&out);
    text.text = (struct par_str){0};
    text.has_client_ts = false;
    text.deleted_seq = 5;
    par_json_entry(&w, &text, PAR_ENTRY_SHOW_MESSAGE_ID);
    is("{\"conv\":\"d.5.9\",\"seq\":3,\"ts\":1700000000000,\"from\":\"5\",\"kind\":\"text\","
       "\"reply_to\":2,"
       "\"edited_seq\":4,\"deleted_seq\":5,\"message_id\":\"d.5.9:3\"}");

    struct par_buf users = {0};
    par_users_put(&users, (const uint64_t[]){5, 7}, 2);
    struct par_entry created = {.conv = par_conv_group((const uint8_t[16]){0xab, 1}),
                                .seq = 1,
                                .ts = 1,
                                .sender = 5,
                                .kind = PAR_ENTRY_CREATED,
                                .history = PAR_HISTORY_JOINED,
                                .text = PAR_STR("Family"),
                                .users = par_buf_str(&users)};
    par_event_entry(&out, &created, false);
    is("{\"ev\":\"entry\",\"conv\":\"g.ab010000000000000000000000000000\",\"seq\":1,\"ts\":1,"
       "\"from\":\"5\","
       "\"kind\":\"created\",\"text\":\"Family\",\"users\":[\"5\",\"7\"],\"history\":\"joined\"}");
    created.kind = PAR_ENTRY_ROLE_CHANGED;
    created.role = PAR_ROLE_ADMIN;
    created.text = (struct par_str){0};
    created.users.len = 8;
    par_event_entry(&out, &created, false);
    is("{\"ev\":\"entry\",\"conv\":\"g.ab010000000000000000000000000000\",\"seq\":1,\"ts\":1,"
       "\"from\":\"5\","
       "\"kind\":\"role_changed\",\"users\":[\"5\"],\"role\":\"admin\"}");
    struct par_entry reaction = {.conv = par_conv_direct(5, 9),
                                 .seq = 6,
                                 .ts = 2,
                                 .sender = 9,
                                 .kind = PAR_ENTRY_REACTION,
                                 .text = PAR_STR("x"),
                                 .target = 3};
    par_event_entry(&out, &reaction, false);
    is("{\"ev\":\"entry\",\"conv\":\"d.5.9\",\"seq\":6,\"ts\":2,\"from\":\"9\",\"kind\":"
       "\"reaction\",\"text\":"
       "\"x\",\"target\":3,\"on\":false}");
    par_buf_fini(&users);
}

static void other_events(void **state)
{
    (void)state;
    struct par_conv direct = par_conv_direct(5, 9);
    struct par_conv group = par_conv_group((const uint8_t[16]){0});
    par_event_mark(&out, &direct, 9, 4, 3);
    is("{\"ev\":\"mark\",\"conv\":\"d.5.9\",\"user\":\"9\",\"delivered\":4,\"read\":3}");
    par_event_mark_others(&out, &direct, 4, 3);
    is("{\"ev\":\"mark\",\"conv\":\"d.5.9\",\"others\":{\"delivered\":4,\"read\":3}}");
    par_event_sync(&out);
    is("{\"ev\":\"sync\"}");
    par_event_presence(&out, 9, true, 5);
    is("{\"ev\":\"presence\",\"user\":\"9\",\"status\":\"online\",\"last_seen\":5}");
    par_event_typing(&out, &direct, 9, false);
    is("{\"ev\":\"typing\",\"conv\":\"d.5.9\",\"user\":\"9\",\"on\":false}");
    par_event_drain(&out, 1000);
    is("{\"ev\":\"drain\",\"retry_after_ms\":1000}");
    struct par_conv_change joined = {
        .has_kind = true, .name = PAR_STR("N"), .has_member = true, .member = true};
    par_event_conv(&out, &group, &joined);
    is("{\"ev\":\"conv\",\"conv\":\"g.00000000000000000000000000000000\",\"kind\":\"group\","
       "\"name\":\"N\","
       "\"member\":true}");
    struct par_settings settings = {.set = PAR_SET_ARCHIVED | PAR_SET_DRAFT | PAR_SET_MUTED_UNTIL,
                                    .archived = true};
    struct par_conv_change changed = {.settings = &settings};
    par_event_conv(&out, &direct, &changed);
    is("{\"ev\":\"conv\",\"conv\":\"d.5.9\",\"muted_until\":0,\"archived\":true,\"draft\":\"\"}");
}

static void rows_and_limits(void **state)
{
    (void)state;
    struct par_json_out w = par_json_out(&out);
    struct par_conv_row row = {.conv = par_conv_direct(5, 9),
                               .name = PAR_STR("Raj"),
                               .last_seq = 3,
                               .unread = 2,
                               .delivered = 3,
                               .read = 1,
                               .others_delivered = 2,
                               .member = true,
                               .member_count = 2};
    par_json_conv_row(&w, &row);
    is("{\"conv\":\"d.5.9\",\"kind\":\"direct\",\"name\":\"Raj\",\"last_seq\":3,\"last_entry\":"
       "null,\"unread\":2,"
       "\"delivered\":3,\"read\":1,\"others\":{\"delivered\":2,\"read\":0},\"member\":true,"
       "\"member_count\":2,\"muted_until\":0,\"archived\":false,\"pinned\":false,\"marked_unread\":"
       "false,"
       "\"draft\":\"\"}");
    w = par_json_out(&out);
    par_json_limits(&w, &par_proto_limits_default);
    is("{\"text_code_points\":8000,\"text_bytes\":32768,\"frame_bytes\":65536,\"group_members\":"
       "500,"
       "\"sends_per_second\":20,\"sends_burst\":100,\"ops_per_second\":1000,\"devices\":10,"
       "\"history_page\":200,\"presence_ids\":500,\"name_code_points\":64,\"json_depth\":16}");
}

static void hands_out_the_page(void **state)
{
    (void)state;
    struct par_str page = par_proto_openapi();
    json_t *j = json_loadb(page.ptr, page.len, 0, NULL);
    assert_non_null(json_object_get(json_object_get(j, "paths"), "/v1/messages"));
    json_decref(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(answers, out_drop),
        cmocka_unit_test_teardown(entries, out_drop),
        cmocka_unit_test_teardown(other_events, out_drop),
        cmocka_unit_test_teardown(rows_and_limits, out_drop),
        cmocka_unit_test(hands_out_the_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
