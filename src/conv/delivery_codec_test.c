/* Deliveries as bytes: every kind there and back, and bytes that are none. */
#include "conv/delivery_codec.h"

#include "parley/close.h"
#include "store/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

static const uint64_t users[] = {5, 3, UINT64_MAX};
static const struct par_entry entry = {
    .seq = 77,
    .stamp = 1234567,
    .text_no = 50,
    .ts = 1700000000000,
    .sender = 9,
    .kind = PAR_ENTRY_TEXT,
    .cmid = {.ptr = "c-1", .len = 3},
    .text = {.ptr = "hello", .len = 5},
    .has_client_ts = true,
    .client_ts = -3,
    .reply_to = 12,
    .edited_seq = 80,
};

static struct par_delivery sample(enum par_delivery_kind kind)
{
    struct par_delivery d = {
        .kind = kind,
        .forwards = 2,
        .conv = par_conv_direct(1, 2),
        .reply = {11, 12, 13, 14, 15},
    };
    if (kind != PAR_DELIVERY_ANSWER && kind != PAR_DELIVERY_SYNC && kind != PAR_DELIVERY_CLOSE &&
        kind != PAR_DELIVERY_USER && kind != PAR_DELIVERY_WHO_SERVES &&
        kind != PAR_DELIVERY_I_SERVE) {
        d.users = users;
        d.user_count = sizeof users / sizeof users[0];
    }
    switch (kind) {
    case PAR_DELIVERY_ANSWER:
        d.command = PAR_COMMAND_SEND;
        d.err = PAR_E_RATE_LIMITED;
        d.retry_after_ms = 100;
        d.message = PAR_STR("slower");
        d.seq = 7;
        d.ts = 8;
        d.dup = true;
        break;
    case PAR_DELIVERY_ENTRY:
        d.entry = &entry;
        break;
    case PAR_DELIVERY_MARK:
        d.user = 3;
        d.delivered = 8;
        d.read = 7;
        break;
    case PAR_DELIVERY_OTHERS:
        d.delivered = UINT64_MAX;
        d.read = 7;
        break;
    case PAR_DELIVERY_CONV:
        d.conv_set = PAR_CONV_EVENT_KIND | PAR_CONV_EVENT_NAME | PAR_CONV_EVENT_MEMBER |
                     PAR_CONV_EVENT_SETTINGS;
        d.member = true;
        d.name = PAR_STR("Name");
        d.settings = (struct par_settings){
            .set = PAR_SET_MUTED_UNTIL | PAR_SET_ARCHIVED | PAR_SET_PINNED | PAR_SET_MARKED_UNREAD |
                   PAR_SET_DRAFT,
            .muted_until = 99,
            .archived = true,
            .marked_unread = true,
            .draft = PAR_STR("dear"),
        };
        break;
    case PAR_DELIVERY_SYNC:
        d.user = 3;
        d.device = 4;
        break;
    case PAR_DELIVERY_CLOSE:
        d.user = 3;
        d.device = 4;
        d.close = PAR_CLOSE_REPLACED;
        d.endpoint_kinds = PAR_DELIVERY_SOCKETS;
        d.ts = 1700000000000;
        break;
    case PAR_DELIVERY_USER:
        d.user = 3;
        break;
    case PAR_DELIVERY_TYPING:
        d.user = 3;
        d.on = true;
        break;
    case PAR_DELIVERY_WHO_SERVES:
    case PAR_DELIVERY_I_SERVE:
    case PAR_DELIVERY_KINDS:
        break;
    }
    return d;
}

static void assert_text(struct par_str a, struct par_str b)
{
    assert_true(par_str_eq(a, b));
}

static void assert_same(const struct par_delivery *a, const struct par_delivery *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->forwards, b->forwards);
    assert_memory_equal(&a->conv, &b->conv, sizeof a->conv);
    assert_memory_equal(&a->reply, &b->reply, sizeof a->reply);
    assert_int_equal(a->command, b->command);
    assert_int_equal(a->err, b->err);
    assert_int_equal(a->retry_after_ms, b->retry_after_ms);
    assert_text(a->message, b->message);
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->ts, b->ts);
    assert_int_equal(a->dup, b->dup);
    assert_int_equal(a->user, b->user);
    assert_int_equal(a->device, b->device);
    assert_int_equal(a->close, b->close);
    assert_int_equal(a->endpoint_kinds, b->endpoint_kinds);
    assert_int_equal(a->on, b->on);
    assert_int_equal(a->delivered, b->delivered);
    assert_int_equal(a->read, b->read);
    assert_int_equal(a->conv_set, b->conv_set);
    assert_int_equal(a->member, b->member);
    assert_text(a->name, b->name);
    assert_int_equal(a->settings.set, b->settings.set);
    assert_int_equal(a->settings.muted_until, b->settings.muted_until);
    assert_int_equal(a->settings.archived, b->settings.archived);
    assert_int_equal(a->settings.pinned, b->settings.pinned);
    assert_int_equal(a->settings.marked_unread, b->settings.marked_unread);
    assert_text(a->settings.draft, b->settings.draft);
    assert_int_equal(a->user_count, b->user_count);
    for (size_t i = 0; i < a->user_count; i++)
        assert_int_equal(a->users[i], b->users[i]);
    assert_int_equal(a->entry == NULL, b->entry == NULL);
    if (!a->entry)
        return;
    assert_int_equal(a->entry->seq, b->entry->seq);
    assert_int_equal(a->entry->stamp, b->entry->stamp);
    assert_int_equal(a->entry->ts, b->entry->ts);
    assert_int_equal(a->entry->client_ts, b->entry->client_ts);
    assert_int_equal(a->entry->edited_seq, b->entry->edited_seq);
    assert_text(a->entry->text, b->entry->text);
    assert_text(a->entry->cmid, b->entry->cmid);
    assert_memory_equal(&a->conv, &b->entry->conv, sizeof a->conv);
}

/* A record of one delivery. */
static bool decode_one(struct par_str bytes, struct par_arena *arena, struct par_delivery *d_r)
{
    struct par_cursor cur = par_cursor(bytes);
    return par_delivery_next(&cur, arena, d_r) && par_cursor_left(&cur) == 0;
}

/* Any two kinds in one record. */
static void several_in_a_record(void **state)
{
    (void)state;
    for (int a = PAR_DELIVERY_ANSWER; a < PAR_DELIVERY_KINDS; a++)
        for (int b = PAR_DELIVERY_ANSWER; b < PAR_DELIVERY_KINDS; b++) {
            struct par_delivery d[2] = {sample((enum par_delivery_kind)a),
                                        sample((enum par_delivery_kind)b)},
                                back;
            struct par_buf bytes = {0};
            struct par_arena arena = {0};
            par_delivery_encode(&d[0], &bytes);
            par_delivery_encode(&d[1], &bytes);
            struct par_cursor cur = par_cursor(par_buf_str(&bytes));
            for (int i = 0; i < 2; i++) {
                assert_int_not_equal(par_cursor_left(&cur), 0);
                assert_true(par_delivery_next(&cur, &arena, &back));
                assert_same(&d[i], &back);
            }
            assert_int_equal(par_cursor_left(&cur), 0);
            assert_false(par_delivery_next(&cur, &arena, &back));
            par_arena_fini(&arena);
            par_buf_fini(&bytes);
        }
}

static void every_kind_there_and_back(void **state)
{
    (void)state;
    for (int kind = PAR_DELIVERY_ANSWER; kind < PAR_DELIVERY_KINDS; kind++) {
        struct par_delivery d = sample((enum par_delivery_kind)kind), back;
        struct par_buf bytes = {0};
        struct par_arena arena = {0};
        par_delivery_encode(&d, &bytes);
        assert_false(bytes.failed);
        assert_true(decode_one(par_buf_str(&bytes), &arena, &back));
        assert_same(&d, &back);
        par_arena_fini(&arena);
        par_buf_fini(&bytes);
    }
}

static void a_long_message_is_cut(void **state)
{
    (void)state;
    char text[400];
    memset(text, 'x', sizeof text);
    struct par_delivery d = sample(PAR_DELIVERY_ANSWER), back;
    struct par_buf bytes = {0};
    struct par_arena arena = {0};
    d.message = par_str_of(text, sizeof text);
    par_delivery_encode(&d, &bytes);
    assert_true(decode_one(par_buf_str(&bytes), &arena, &back));
    assert_int_equal(back.message.len, PAR_DELIVERY_MESSAGE_MAX);
    par_arena_fini(&arena);
    par_buf_fini(&bytes);
}

/* Cut anywhere, longer, or with another byte anywhere: refused, or something that encodes again. */
static void damaged_bytes_are_refused(void **state)
{
    (void)state;
    for (int kind = PAR_DELIVERY_ANSWER; kind < PAR_DELIVERY_KINDS; kind++) {
        struct par_delivery d = sample((enum par_delivery_kind)kind), back;
        struct par_buf bytes = {0};
        par_delivery_encode(&d, &bytes);
        for (size_t cut = 0; cut < bytes.len; cut++) {
            struct par_arena arena = {0};
            uint8_t *copy = malloc(cut + 1);
            memcpy(copy, bytes.data, cut);
            assert_false(decode_one(par_str_of(copy, cut), &arena, &back));
            assert_int_equal(back.kind, 0);
            free(copy);
            par_arena_fini(&arena);
        }
        for (size_t at = 0; at < bytes.len; at++)
            for (int flip = 1; flip < 256; flip <<= 1) {
                struct par_arena arena = {0};
                struct par_buf again = {0};
                bytes.data[at] ^= (uint8_t)flip;
                if (decode_one(par_buf_str(&bytes), &arena, &back))
                    par_delivery_encode(&back, &again);
                bytes.data[at] ^= (uint8_t)flip;
                par_buf_fini(&again);
                par_arena_fini(&arena);
            }
        par_buf_add_u8(&bytes, 0);
        struct par_arena arena = {0};
        assert_false(decode_one(par_buf_str(&bytes), &arena, &back));
        par_arena_fini(&arena);
        par_buf_fini(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_there_and_back),
        cmocka_unit_test(several_in_a_record),
        cmocka_unit_test(a_long_message_is_cut),
        cmocka_unit_test(damaged_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
