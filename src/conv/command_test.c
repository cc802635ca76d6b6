/* Commands as bytes: every kind there and back, the digest, and bytes that are none. */
#include "conv/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

static const uint64_t users[] = {5, 3, INT64_MAX};

static struct par_command sample(enum par_command_kind kind)
{
    static struct par_command_mark marks[2];
    struct par_command c = {
        .kind = kind,
        .conv = par_conv_direct(1, 2),
        .sender = 1,
        .reply = {11, 12, 13, 14, 15},
        .verdict = {PAR_E_RATE_LIMITED, 350, PAR_STR("slower")},
    };
    marks[0] = (struct par_command_mark){par_conv_direct(1, 2), 7, 8};
    marks[1] = (struct par_command_mark){par_conv_group_id(1, PAR_STR("x")), UINT64_MAX, 0};
    if (kind < PAR_COMMAND_MARKS)
        c.cmid = PAR_STR("cmid");
    switch (kind) {
    case PAR_COMMAND_SEND:
        c.text = PAR_STR("hello");
        c.reply_to = 3;
        c.has_client_ts = true;
        c.client_ts = -9;
        break;
    case PAR_COMMAND_EDIT:
        c.text = PAR_STR("hello");
        c.target = 3;
        break;
    case PAR_COMMAND_DELETE:
        c.target = 3;
        break;
    case PAR_COMMAND_REACT:
        c.text = PAR_STR("+");
        c.target = 3;
        c.on = true;
        break;
    case PAR_COMMAND_GROUP_CREATE:
    case PAR_COMMAND_GROUP_ADD:
    case PAR_COMMAND_GROUP_REMOVE:
        c.conv = marks[1].conv;
        c.users = users;
        c.user_count = 3;
        c.group_members = 500;
        c.history = PAR_HISTORY_JOINED;
        c.text = kind == PAR_COMMAND_GROUP_CREATE ? PAR_STR("Name") : (struct par_str){0};
        break;
    case PAR_COMMAND_GROUP_RENAME:
        c.text = PAR_STR("Name");
        break;
    case PAR_COMMAND_GROUP_ROLE:
        c.users = users;
        c.user_count = 1;
        c.role = PAR_ROLE_ADMIN;
        break;
    case PAR_COMMAND_MARKS:
        c.conv = (struct par_conv){0};
        c.marks = marks;
        c.mark_count = 2;
        c.show_read = true;
        break;
    case PAR_COMMAND_CONV_SET:
        c.settings =
            (struct par_settings){.set = PAR_SET_DRAFT | PAR_SET_PINNED | PAR_SET_MUTED_UNTIL,
                                  .muted_until = 99,
                                  .pinned = true,
                                  .draft = PAR_STR("")};
        break;
    case PAR_COMMAND_VOID:
        c.sender = 0;
        break;
    case PAR_COMMAND_SEAL:
    case PAR_COMMAND_RULES:
        c.sender = 0;
        c.conv = (struct par_conv){0};
        c.target = kind == PAR_COMMAND_RULES;
        break;
    default:
        break;
    }
    return c;
}

static void there_and_back(void **state)
{
    (void)state;
    for (int kind = 1; kind < PAR_COMMAND_KINDS; kind++) {
        struct par_command c = sample((enum par_command_kind)kind), d;
        struct par_buf bytes = {0}, again = {0};
        struct par_arena arena = {0};
        par_command_encode(&c, &bytes);
        assert_true(par_command_decode(par_buf_str(&bytes), &arena, &d));
        assert_int_equal(d.kind, kind);
        assert_memory_equal(&d.reply, &c.reply, sizeof c.reply);
        assert_true(d.verdict.err == PAR_E_RATE_LIMITED && d.verdict.retry_after_ms == 350 &&
                    par_str_is(d.verdict.message, "slower"));
        assert_true(par_str_eq(d.cmid, c.cmid) && par_str_eq(d.text, c.text));
        assert_true(d.target == c.target && d.reply_to == c.reply_to && d.on == c.on &&
                    d.role == c.role);
        assert_true(d.has_client_ts == c.has_client_ts && d.client_ts == c.client_ts);
        assert_true(d.user_count == c.user_count && d.mark_count == c.mark_count &&
                    d.show_read == c.show_read);
        assert_true(d.history == c.history && d.group_members == c.group_members);
        assert_true(d.settings.set == c.settings.set &&
                    d.settings.muted_until == c.settings.muted_until &&
                    d.settings.pinned == c.settings.pinned);
        for (size_t i = 0; i < d.user_count; i++)
            assert_int_equal(d.users[i], c.users[i]);
        for (size_t i = 0; i < d.mark_count; i++)
            assert_true(par_conv_eq(&d.marks[i].conv, &c.marks[i].conv) &&
                        d.marks[i].delivered == c.marks[i].delivered &&
                        d.marks[i].read == c.marks[i].read);
        if (c.cmid.len) {
            uint8_t digest[16];
            par_command_digest(&c, digest);
            assert_memory_equal(digest, d.digest, 16);
        }
        par_command_encode(&d, &again);
        assert_true(par_str_eq(par_buf_str(&again), par_buf_str(&bytes)));
        /* No part of it, and nothing longer, is a command. */
        for (size_t n = 0; n < bytes.len; n++) {
            uint8_t *part = malloc(n ? n : 1);
            memcpy(part, bytes.data, n);
            assert_false(par_command_decode(par_str_of(part, n), &arena, &d));
            free(part);
        }
        par_buf_add_u8(&bytes, 0);
        assert_false(par_command_decode(par_buf_str(&bytes), &arena, &d));
        par_buf_fini(&bytes);
        par_buf_fini(&again);
        par_arena_fini(&arena);
    }
}

static void flipped_bits_are_refused_or_another_command(void **state)
{
    (void)state;
    for (int kind = 1; kind < PAR_COMMAND_KINDS; kind++) {
        struct par_command c = sample((enum par_command_kind)kind), d;
        struct par_buf bytes = {0};
        par_command_encode(&c, &bytes);
        for (size_t bit = 0; bit < bytes.len * 8; bit++) {
            struct par_arena arena = {0};
            bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            (void)!par_command_decode(par_buf_str(&bytes), &arena, &d);
            bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            par_arena_fini(&arena);
        }
        par_buf_fini(&bytes);
    }
}

static bool same_digest(const struct par_command *a, const struct par_command *b)
{
    uint8_t x[16], y[16];
    par_command_digest(a, x);
    par_command_digest(b, y);
    return memcmp(x, y, 16) == 0;
}

static void the_digest_is_of_the_body(void **state)
{
    (void)state;
    struct par_command a = sample(PAR_COMMAND_SEND), b = a;
    b.client_ts++;
    b.sender = 2;
    b.reply.handle++;
    b.verdict.err = PAR_OK;
    b.cmid = PAR_STR("other");
    assert_true(same_digest(&a, &b));
    b.text = PAR_STR("hellp");
    assert_false(same_digest(&a, &b));
    b = a;
    b.reply_to = 0;
    assert_false(same_digest(&a, &b));
    b = a;
    b.kind = PAR_COMMAND_EDIT;
    assert_false(same_digest(&a, &b));
    a = sample(PAR_COMMAND_REACT);
    b = a;
    b.on = false;
    assert_false(same_digest(&a, &b));
    b = a;
    b.target++;
    assert_false(same_digest(&a, &b));
    const uint64_t swapped[] = {3, 5, INT64_MAX};
    a = sample(PAR_COMMAND_GROUP_CREATE);
    b = a;
    b.users = swapped;
    assert_false(same_digest(&a, &b));
    b = a;
    b.history = PAR_HISTORY_ALL;
    assert_false(same_digest(&a, &b));
    b = a;
    b.group_members = 3;
    assert_true(same_digest(&a, &b));
    /* A long body takes another way to the same function. */
    char *text = malloc(5000);
    memset(text, 'a', 5000);
    a = b = sample(PAR_COMMAND_SEND);
    a.text = par_str_of(text, 5000);
    b.text = par_str_of(text, 4999);
    assert_false(same_digest(&a, &b));
    free(text);
}

static void users_are_counted_once(void **state)
{
    (void)state;
    uint64_t few[] = {3, 1, 3, 2, 1};
    assert_int_equal(par_command_dedup(few, 5), 3);
    assert_true(few[0] == 3 && few[1] == 1 && few[2] == 2);
    enum { N = 4000 };
    uint64_t *many = malloc(2 * N * sizeof *many);
    for (uint64_t i = 0; i < N; i++)
        many[i] = many[N + i] = (i + 1) << 20;
    assert_int_equal(par_command_dedup(many, 2 * (size_t)N), N);
    for (uint64_t i = 0; i < N; i++)
        assert_int_equal(many[i], (i + 1) << 20);
    free(many);
    assert_int_equal(par_command_dedup(NULL, 0), 0);
}

static void group_ids_come_from_creator_and_cmid(void **state)
{
    (void)state;
    struct par_conv a = par_conv_group_id(1, PAR_STR("x")), b = par_conv_group_id(1, PAR_STR("x"));
    struct par_conv c = par_conv_group_id(2, PAR_STR("x")), d = par_conv_group_id(1, PAR_STR("y"));
    assert_true(a.kind == PAR_CONV_GROUP && par_conv_eq(&a, &b));
    assert_false(par_conv_eq(&a, &c) || par_conv_eq(&a, &d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(flipped_bits_are_refused_or_another_command),
        cmocka_unit_test(the_digest_is_of_the_body),
        cmocka_unit_test(users_are_counted_once),
        cmocka_unit_test(group_ids_come_from_creator_and_cmid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
