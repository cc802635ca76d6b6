/* What the decoder knows of each object, made by tools/gen-protocol from protocol/schema: change it there. */
#include "proto/fields.h"
#include "parley/words.h"
#include "store/record_user.h"

const struct par_proto_limits par_proto_limits_default = {
#define X(name, value) .name = value,
    PAR_PROTO_LIMITS(X)
#undef X
};

static const struct par_word words_role[] = {
    {"owner", PAR_ROLE_OWNER},
    {"admin", PAR_ROLE_ADMIN},
    {"member", PAR_ROLE_MEMBER},
    {NULL, 0},
};

static const struct par_word words_history_mode[] = {
    {"all", PAR_HISTORY_ALL},
    {"joined", PAR_HISTORY_JOINED},
    {NULL, 0},
};

static const struct par_word words_push_kind[] = {
    {"apns", PAR_PUSH_APNS},
    {"fcm", PAR_PUSH_FCM},
    {"webpush", PAR_PUSH_WEBPUSH},
    {NULL, 0},
};

static const struct par_field fields_sync_ask[] = {
    {"have", 4, .kind = PAR_FIELD_MARKS, .has_off = offsetof(struct par_args_sync_ask, has_have), .off = offsetof(struct par_args_sync_ask, have), .min = 0},
    {"limit", 5, .kind = PAR_FIELD_INT, .has_off = offsetof(struct par_args_sync_ask, has_limit), .off = offsetof(struct par_args_sync_ask, limit), .min = 1, .max = 500, .value = 100},
    {"cursor", 6, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_sync_ask, has_cursor), .off = offsetof(struct par_args_sync_ask, cursor), .max_bytes = 512},
    {"since", 5, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_sync_ask, has_since), .off = offsetof(struct par_args_sync_ask, since), .max_bytes = 512},
};

static const struct par_shape shape_sync_ask = {
    .fields = fields_sync_ask,
    .count = 4,
    .size = sizeof(struct par_args_sync_ask),
};

static const struct par_field fields_subscription_keys[] = {
    {"p256dh", 6, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_subscription_keys, p256dh), .min = 1, .max_bytes = 128},
    {"auth", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_subscription_keys, auth), .min = 1, .max_bytes = 64},
};

static const struct par_shape shape_subscription_keys = {
    .fields = fields_subscription_keys,
    .count = 2,
    .size = sizeof(struct par_args_subscription_keys),
};

static const struct par_field fields_subscription[] = {
    {"endpoint", 8, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_subscription, endpoint), .min = 1, .max_bytes = 2048},
    {"keys", 4, .kind = PAR_FIELD_OBJECT, .required = true, .off = offsetof(struct par_args_subscription, keys), .shape = &shape_subscription_keys},
};

static const struct par_shape shape_subscription = {
    .fields = fields_subscription,
    .count = 2,
    .size = sizeof(struct par_args_subscription),
};

static const struct par_field fields_hello[] = {
    {"token", 5, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_hello, token)},
    {"client", 6, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_hello, client), .min = 1, .max = 128},
    {"sync", 4, .kind = PAR_FIELD_OBJECT, .has_off = offsetof(struct par_args_hello, has_sync), .off = offsetof(struct par_args_hello, sync), .shape = &shape_sync_ask},
};

const struct par_shape par_shape_hello = {
    .fields = fields_hello,
    .count = 3,
    .size = sizeof(struct par_args_hello),
};

static const struct par_field fields_send[] = {
    {"conv", 4, .kind = PAR_FIELD_CONV, .has_off = offsetof(struct par_args_send, has_conv), .off = offsetof(struct par_args_send, conv)},
    {"to", 2, .kind = PAR_FIELD_USER, .has_off = offsetof(struct par_args_send, has_to), .off = offsetof(struct par_args_send, to)},
    {"cmid", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_send, cmid), .min = 1, .max_bytes = 64},
    {"text", 4, .kind = PAR_FIELD_TEXT, .required = true, .off = offsetof(struct par_args_send, text), .min = 1, .max = 8000},
    {"reply_to", 8, .kind = PAR_FIELD_INT, .has_off = offsetof(struct par_args_send, has_reply_to), .off = offsetof(struct par_args_send, reply_to), .min = 1, .max = INT64_MAX},
    {"client_ts", 9, .kind = PAR_FIELD_INT, .has_off = offsetof(struct par_args_send, has_client_ts), .off = offsetof(struct par_args_send, client_ts), .min = 0, .max = INT64_MAX},
};

const struct par_shape par_shape_send = {
    .fields = fields_send,
    .count = 6,
    .size = sizeof(struct par_args_send),
    .rule = PAR_RULE_EXACTLY_ONE,
    .rule_mask = 0x3,
    .rule_names = "conv, to",
};

static const struct par_field fields_edit[] = {
    {"conv", 4, .kind = PAR_FIELD_CONV, .required = true, .off = offsetof(struct par_args_edit, conv)},
    {"seq", 3, .kind = PAR_FIELD_INT, .required = true, .off = offsetof(struct par_args_edit, seq), .min = 1, .max = INT64_MAX},
    {"cmid", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_edit, cmid), .min = 1, .max_bytes = 64},
    {"text", 4, .kind = PAR_FIELD_TEXT, .required = true, .off = offsetof(struct par_args_edit, text), .min = 1, .max = 8000},
};

const struct par_shape par_shape_edit = {
    .fields = fields_edit,
    .count = 4,
    .size = sizeof(struct par_args_edit),
};

static const struct par_field fields_delete[] = {
    {"conv", 4, .kind = PAR_FIELD_CONV, .required = true, .off = offsetof(struct par_args_delete, conv)},
    {"seq", 3, .kind = PAR_FIELD_INT, .required = true, .off = offsetof(struct par_args_delete, seq), .min = 1, .max = INT64_MAX},
    {"cmid", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_delete, cmid), .min = 1, .max_bytes = 64},
};

const struct par_shape par_shape_delete = {
    .fields = fields_delete,
    .count = 3,
    .size = sizeof(struct par_args_delete),
};

static const struct par_field fields_react[] = {
    {"conv", 4, .kind = PAR_FIELD_CONV, .required = true, .off = offsetof(struct par_args_react, conv)},
    {"seq", 3, .kind = PAR_FIELD_INT, .required = true, .off = offsetof(struct par_args_react, seq), .min = 1, .max = INT64_MAX},
    {"emoji", 5, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_react, emoji), .min = 1, .max_bytes = 32},
    {"on", 2, .kind = PAR_FIELD_BOOL, .required = true, .off = offsetof(struct par_args_react, on)},
    {"cmid", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_react, cmid), .min = 1, .max_bytes = 64},
};

const struct par_shape par_shape_react = {
    .fields = fields_react,
    .count = 5,
    .size = sizeof(struct par_args_react),
};

static const struct par_field fields_history[] = {
    {"conv", 4, .kind = PAR_FIELD_CONV, .required = true, .off = offsetof(struct par_args_history, conv)},
    {"before_seq", 10, .kind = PAR_FIELD_INT, .has_off = offsetof(struct par_args_history, has_before_seq), .off = offsetof(struct par_args_history, before_seq), .min = 0, .max = INT64_MAX},
    {"after_seq", 9, .kind = PAR_FIELD_INT, .has_off = offsetof(struct par_args_history, has_after_seq), .off = offsetof(struct par_args_history, after_seq), .min = 0, .max = INT64_MAX},
    {"before_ts", 9, .kind = PAR_FIELD_INT, .has_off = offsetof(struct par_args_history, has_before_ts), .off = offsetof(struct par_args_history, before_ts), .min = 0, .max = INT64_MAX},
    {"around_seq", 10, .kind = PAR_FIELD_INT, .has_off = offsetof(struct par_args_history, has_around_seq), .off = offsetof(struct par_args_history, around_seq), .min = 0, .max = INT64_MAX},
    {"limit", 5, .kind = PAR_FIELD_INT, .has_off = offsetof(struct par_args_history, has_limit), .off = offsetof(struct par_args_history, limit), .min = 1, .max = 200, .value = 50, .limit_off = offsetof(struct par_proto_limits, history_page) + 1},
};

const struct par_shape par_shape_history = {
    .fields = fields_history,
    .count = 6,
    .size = sizeof(struct par_args_history),
    .rule = PAR_RULE_AT_MOST_ONE,
    .rule_mask = 0x1e,
    .rule_names = "before_seq, after_seq, before_ts, around_seq",
};

static const struct par_field fields_search[] = {
    {"query", 5, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_search, query), .min = 1, .max_bytes = 256},
    {"conv", 4, .kind = PAR_FIELD_CONV, .has_off = offsetof(struct par_args_search, has_conv), .off = offsetof(struct par_args_search, conv)},
    {"from", 4, .kind = PAR_FIELD_USER, .has_off = offsetof(struct par_args_search, has_from), .off = offsetof(struct par_args_search, from)},
    {"after_ts", 8, .kind = PAR_FIELD_INT, .has_off = offsetof(struct par_args_search, has_after_ts), .off = offsetof(struct par_args_search, after_ts), .min = 0, .max = INT64_MAX},
    {"before_ts", 9, .kind = PAR_FIELD_INT, .has_off = offsetof(struct par_args_search, has_before_ts), .off = offsetof(struct par_args_search, before_ts), .min = 0, .max = INT64_MAX},
    {"limit", 5, .kind = PAR_FIELD_INT, .has_off = offsetof(struct par_args_search, has_limit), .off = offsetof(struct par_args_search, limit), .min = 1, .max = 100, .value = 20},
    {"cursor", 6, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_search, has_cursor), .off = offsetof(struct par_args_search, cursor), .max_bytes = 512},
};

const struct par_shape par_shape_search = {
    .fields = fields_search,
    .count = 7,
    .size = sizeof(struct par_args_search),
};

static const struct par_field fields_sync[] = {
    {"have", 4, .kind = PAR_FIELD_MARKS, .has_off = offsetof(struct par_args_sync, has_have), .off = offsetof(struct par_args_sync, have), .min = 0},
    {"limit", 5, .kind = PAR_FIELD_INT, .has_off = offsetof(struct par_args_sync, has_limit), .off = offsetof(struct par_args_sync, limit), .min = 1, .max = 500, .value = 100},
    {"cursor", 6, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_sync, has_cursor), .off = offsetof(struct par_args_sync, cursor), .max_bytes = 512},
    {"since", 5, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_sync, has_since), .off = offsetof(struct par_args_sync, since), .max_bytes = 512},
};

const struct par_shape par_shape_sync = {
    .fields = fields_sync,
    .count = 4,
    .size = sizeof(struct par_args_sync),
};

static const struct par_field fields_ack[] = {
    {"delivered", 9, .kind = PAR_FIELD_MARKS, .has_off = offsetof(struct par_args_ack, has_delivered), .off = offsetof(struct par_args_ack, delivered), .min = 1},
    {"read", 4, .kind = PAR_FIELD_MARKS, .has_off = offsetof(struct par_args_ack, has_read), .off = offsetof(struct par_args_ack, read), .min = 1},
};

const struct par_shape par_shape_ack = {
    .fields = fields_ack,
    .count = 2,
    .size = sizeof(struct par_args_ack),
};

static const struct par_field fields_presence[] = {
    {"users", 5, .kind = PAR_FIELD_USERS, .required = true, .off = offsetof(struct par_args_presence, users), .max = 500, .limit_off = offsetof(struct par_proto_limits, presence_ids) + 1},
};

const struct par_shape par_shape_presence = {
    .fields = fields_presence,
    .count = 1,
    .size = sizeof(struct par_args_presence),
};

static const struct par_field fields_watch[] = {
    {"users", 5, .kind = PAR_FIELD_USERS, .required = true, .off = offsetof(struct par_args_watch, users), .max = 500, .limit_off = offsetof(struct par_proto_limits, presence_ids) + 1},
};

const struct par_shape par_shape_watch = {
    .fields = fields_watch,
    .count = 1,
    .size = sizeof(struct par_args_watch),
};

static const struct par_field fields_typing[] = {
    {"conv", 4, .kind = PAR_FIELD_CONV, .required = true, .off = offsetof(struct par_args_typing, conv)},
    {"on", 2, .kind = PAR_FIELD_BOOL, .required = true, .off = offsetof(struct par_args_typing, on)},
};

const struct par_shape par_shape_typing = {
    .fields = fields_typing,
    .count = 2,
    .size = sizeof(struct par_args_typing),
};

static const struct par_field fields_group_create[] = {
    {"name", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_group_create, name), .min = 1, .max = 64, .limit_off = offsetof(struct par_proto_limits, name_code_points) + 1},
    {"members", 7, .kind = PAR_FIELD_USERS, .required = true, .off = offsetof(struct par_args_group_create, members)},
    {"history", 7, .kind = PAR_FIELD_ENUM, .has_off = offsetof(struct par_args_group_create, has_history), .off = offsetof(struct par_args_group_create, history), .words = words_history_mode},
    {"cmid", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_group_create, cmid), .min = 1, .max_bytes = 64},
};

const struct par_shape par_shape_group_create = {
    .fields = fields_group_create,
    .count = 4,
    .size = sizeof(struct par_args_group_create),
};

static const struct par_field fields_group_add[] = {
    {"conv", 4, .kind = PAR_FIELD_CONV, .required = true, .off = offsetof(struct par_args_group_add, conv)},
    {"users", 5, .kind = PAR_FIELD_USERS, .required = true, .off = offsetof(struct par_args_group_add, users)},
    {"cmid", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_group_add, cmid), .min = 1, .max_bytes = 64},
};

const struct par_shape par_shape_group_add = {
    .fields = fields_group_add,
    .count = 3,
    .size = sizeof(struct par_args_group_add),
};

static const struct par_field fields_group_remove[] = {
    {"conv", 4, .kind = PAR_FIELD_CONV, .required = true, .off = offsetof(struct par_args_group_remove, conv)},
    {"users", 5, .kind = PAR_FIELD_USERS, .required = true, .off = offsetof(struct par_args_group_remove, users)},
    {"cmid", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_group_remove, cmid), .min = 1, .max_bytes = 64},
};

const struct par_shape par_shape_group_remove = {
    .fields = fields_group_remove,
    .count = 3,
    .size = sizeof(struct par_args_group_remove),
};

static const struct par_field fields_group_leave[] = {
    {"conv", 4, .kind = PAR_FIELD_CONV, .required = true, .off = offsetof(struct par_args_group_leave, conv)},
    {"cmid", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_group_leave, cmid), .min = 1, .max_bytes = 64},
};

const struct par_shape par_shape_group_leave = {
    .fields = fields_group_leave,
    .count = 2,
    .size = sizeof(struct par_args_group_leave),
};

static const struct par_field fields_group_rename[] = {
    {"conv", 4, .kind = PAR_FIELD_CONV, .required = true, .off = offsetof(struct par_args_group_rename, conv)},
    {"name", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_group_rename, name), .min = 1, .max = 64, .limit_off = offsetof(struct par_proto_limits, name_code_points) + 1},
    {"cmid", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_group_rename, cmid), .min = 1, .max_bytes = 64},
};

const struct par_shape par_shape_group_rename = {
    .fields = fields_group_rename,
    .count = 3,
    .size = sizeof(struct par_args_group_rename),
};

static const struct par_field fields_group_role[] = {
    {"conv", 4, .kind = PAR_FIELD_CONV, .required = true, .off = offsetof(struct par_args_group_role, conv)},
    {"user", 4, .kind = PAR_FIELD_USER, .required = true, .off = offsetof(struct par_args_group_role, user)},
    {"role", 4, .kind = PAR_FIELD_ENUM, .required = true, .off = offsetof(struct par_args_group_role, role), .words = words_role},
    {"cmid", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_group_role, cmid), .min = 1, .max_bytes = 64},
};

const struct par_shape par_shape_group_role = {
    .fields = fields_group_role,
    .count = 4,
    .size = sizeof(struct par_args_group_role),
};

static const struct par_field fields_members[] = {
    {"conv", 4, .kind = PAR_FIELD_CONV, .required = true, .off = offsetof(struct par_args_members, conv)},
    {"cursor", 6, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_members, has_cursor), .off = offsetof(struct par_args_members, cursor), .max_bytes = 512},
    {"limit", 5, .kind = PAR_FIELD_INT, .has_off = offsetof(struct par_args_members, has_limit), .off = offsetof(struct par_args_members, limit), .min = 1, .max = 500, .value = 100},
};

const struct par_shape par_shape_members = {
    .fields = fields_members,
    .count = 3,
    .size = sizeof(struct par_args_members),
};

static const struct par_field fields_conv_set[] = {
    {"conv", 4, .kind = PAR_FIELD_CONV, .required = true, .off = offsetof(struct par_args_conv_set, conv)},
    {"muted_until", 11, .kind = PAR_FIELD_INT, .has_off = offsetof(struct par_args_conv_set, has_muted_until), .off = offsetof(struct par_args_conv_set, muted_until), .min = 0, .max = INT64_MAX},
    {"archived", 8, .kind = PAR_FIELD_BOOL, .has_off = offsetof(struct par_args_conv_set, has_archived), .off = offsetof(struct par_args_conv_set, archived)},
    {"pinned", 6, .kind = PAR_FIELD_BOOL, .has_off = offsetof(struct par_args_conv_set, has_pinned), .off = offsetof(struct par_args_conv_set, pinned)},
    {"marked_unread", 13, .kind = PAR_FIELD_BOOL, .has_off = offsetof(struct par_args_conv_set, has_marked_unread), .off = offsetof(struct par_args_conv_set, marked_unread)},
    {"draft", 5, .kind = PAR_FIELD_TEXT, .has_off = offsetof(struct par_args_conv_set, has_draft), .off = offsetof(struct par_args_conv_set, draft), .max = 8000},
};

const struct par_shape par_shape_conv_set = {
    .fields = fields_conv_set,
    .count = 6,
    .size = sizeof(struct par_args_conv_set),
    .rule = PAR_RULE_AT_LEAST_ONE,
    .rule_mask = 0x3e,
    .rule_names = "muted_until, archived, pinned, marked_unread, draft",
};

static const struct par_field fields_contact_add[] = {
    {"user", 4, .kind = PAR_FIELD_USER, .required = true, .off = offsetof(struct par_args_contact_add, user)},
};

const struct par_shape par_shape_contact_add = {
    .fields = fields_contact_add,
    .count = 1,
    .size = sizeof(struct par_args_contact_add),
};

static const struct par_field fields_contact_remove[] = {
    {"user", 4, .kind = PAR_FIELD_USER, .required = true, .off = offsetof(struct par_args_contact_remove, user)},
};

const struct par_shape par_shape_contact_remove = {
    .fields = fields_contact_remove,
    .count = 1,
    .size = sizeof(struct par_args_contact_remove),
};

static const struct par_field fields_block[] = {
    {"user", 4, .kind = PAR_FIELD_USER, .required = true, .off = offsetof(struct par_args_block, user)},
};

const struct par_shape par_shape_block = {
    .fields = fields_block,
    .count = 1,
    .size = sizeof(struct par_args_block),
};

static const struct par_field fields_unblock[] = {
    {"user", 4, .kind = PAR_FIELD_USER, .required = true, .off = offsetof(struct par_args_unblock, user)},
};

const struct par_shape par_shape_unblock = {
    .fields = fields_unblock,
    .count = 1,
    .size = sizeof(struct par_args_unblock),
};

const struct par_shape par_shape_contacts = {
    .count = 0,
    .size = sizeof(struct par_args_contacts),
};

static const struct par_field fields_me_set[] = {
    {"display_name", 12, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_me_set, has_display_name), .off = offsetof(struct par_args_me_set, display_name), .min = 1, .max = 64, .limit_off = offsetof(struct par_proto_limits, name_code_points) + 1},
    {"about", 5, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_me_set, has_about), .off = offsetof(struct par_args_me_set, about), .max = 500},
    {"show_last_seen", 14, .kind = PAR_FIELD_BOOL, .has_off = offsetof(struct par_args_me_set, has_show_last_seen), .off = offsetof(struct par_args_me_set, show_last_seen)},
    {"show_read", 9, .kind = PAR_FIELD_BOOL, .has_off = offsetof(struct par_args_me_set, has_show_read), .off = offsetof(struct par_args_me_set, show_read)},
    {"show_typing", 11, .kind = PAR_FIELD_BOOL, .has_off = offsetof(struct par_args_me_set, has_show_typing), .off = offsetof(struct par_args_me_set, show_typing)},
};

const struct par_shape par_shape_me_set = {
    .fields = fields_me_set,
    .count = 5,
    .size = sizeof(struct par_args_me_set),
};

static const struct par_field fields_push_register[] = {
    {"kind", 4, .kind = PAR_FIELD_ENUM, .required = true, .off = offsetof(struct par_args_push_register, kind), .words = words_push_kind},
    {"token", 5, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_push_register, has_token), .off = offsetof(struct par_args_push_register, token), .min = 1, .max_bytes = 4096},
    {"subscription", 12, .kind = PAR_FIELD_OBJECT, .has_off = offsetof(struct par_args_push_register, has_subscription), .off = offsetof(struct par_args_push_register, subscription), .shape = &shape_subscription},
    {"show_text", 9, .kind = PAR_FIELD_BOOL, .has_off = offsetof(struct par_args_push_register, has_show_text), .off = offsetof(struct par_args_push_register, show_text)},
};

const struct par_shape par_shape_push_register = {
    .fields = fields_push_register,
    .count = 4,
    .size = sizeof(struct par_args_push_register),
    .rule = PAR_RULE_EXACTLY_ONE,
    .rule_mask = 0x6,
    .rule_names = "token, subscription",
};

static const struct par_field fields_push_unregister[] = {
    {"push_id", 7, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_push_unregister, push_id), .min = 1, .max_bytes = 64},
};

const struct par_shape par_shape_push_unregister = {
    .fields = fields_push_unregister,
    .count = 1,
    .size = sizeof(struct par_args_push_unregister),
};

static const struct par_field fields_push_test[] = {
    {"push_id", 7, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_push_test, push_id), .min = 1, .max_bytes = 64},
};

const struct par_shape par_shape_push_test = {
    .fields = fields_push_test,
    .count = 1,
    .size = sizeof(struct par_args_push_test),
};

const struct par_shape par_shape_ping = {
    .count = 0,
    .size = sizeof(struct par_args_ping),
};

static const struct par_field fields_body_register[] = {
    {"name", 4, .kind = PAR_FIELD_USER_NAME, .required = true, .off = offsetof(struct par_args_body_register, name)},
    {"password", 8, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_body_register, password)},
    {"display_name", 12, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_body_register, has_display_name), .off = offsetof(struct par_args_body_register, display_name), .min = 1, .max = 64, .limit_off = offsetof(struct par_proto_limits, name_code_points) + 1},
    {"device_name", 11, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_body_register, has_device_name), .off = offsetof(struct par_args_body_register, device_name), .max = 64, .limit_off = offsetof(struct par_proto_limits, name_code_points) + 1},
    {"invite", 6, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_body_register, has_invite), .off = offsetof(struct par_args_body_register, invite), .max = 256},
};

const struct par_shape par_shape_body_register = {
    .fields = fields_body_register,
    .count = 5,
    .size = sizeof(struct par_args_body_register),
};

static const struct par_field fields_body_login[] = {
    {"name", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_body_login, name)},
    {"password", 8, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_body_login, password)},
    {"device_name", 11, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_body_login, has_device_name), .off = offsetof(struct par_args_body_login, device_name), .max = 64, .limit_off = offsetof(struct par_proto_limits, name_code_points) + 1},
};

const struct par_shape par_shape_body_login = {
    .fields = fields_body_login,
    .count = 3,
    .size = sizeof(struct par_args_body_login),
};

static const struct par_field fields_body_message[] = {
    {"conv", 4, .kind = PAR_FIELD_CONV, .has_off = offsetof(struct par_args_body_message, has_conv), .off = offsetof(struct par_args_body_message, conv)},
    {"to", 2, .kind = PAR_FIELD_USER, .has_off = offsetof(struct par_args_body_message, has_to), .off = offsetof(struct par_args_body_message, to)},
    {"cmid", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_body_message, cmid), .min = 1, .max_bytes = 64},
    {"text", 4, .kind = PAR_FIELD_TEXT, .required = true, .off = offsetof(struct par_args_body_message, text), .min = 1, .max = 8000},
    {"reply_to", 8, .kind = PAR_FIELD_INT, .has_off = offsetof(struct par_args_body_message, has_reply_to), .off = offsetof(struct par_args_body_message, reply_to), .min = 1, .max = INT64_MAX},
    {"client_ts", 9, .kind = PAR_FIELD_INT, .has_off = offsetof(struct par_args_body_message, has_client_ts), .off = offsetof(struct par_args_body_message, client_ts), .min = 0, .max = INT64_MAX},
};

const struct par_shape par_shape_body_message = {
    .fields = fields_body_message,
    .count = 6,
    .size = sizeof(struct par_args_body_message),
    .rule = PAR_RULE_EXACTLY_ONE,
    .rule_mask = 0x3,
    .rule_names = "conv, to",
};

static const struct par_field fields_body_server_message[] = {
    {"sender_id", 9, .kind = PAR_FIELD_USER, .required = true, .off = offsetof(struct par_args_body_server_message, sender_id)},
    {"receiver_id", 11, .kind = PAR_FIELD_USER, .required = true, .off = offsetof(struct par_args_body_server_message, receiver_id)},
    {"text", 4, .kind = PAR_FIELD_TEXT, .required = true, .off = offsetof(struct par_args_body_server_message, text), .min = 1, .max = 8000},
    {"cmid", 4, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_body_server_message, has_cmid), .off = offsetof(struct par_args_body_server_message, cmid), .min = 1, .max_bytes = 64},
};

const struct par_shape par_shape_body_server_message = {
    .fields = fields_body_server_message,
    .count = 4,
    .size = sizeof(struct par_args_body_server_message),
};

static const struct par_field fields_body_group[] = {
    {"name", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_body_group, name), .min = 1, .max = 64, .limit_off = offsetof(struct par_proto_limits, name_code_points) + 1},
    {"members", 7, .kind = PAR_FIELD_USERS, .required = true, .off = offsetof(struct par_args_body_group, members)},
    {"history", 7, .kind = PAR_FIELD_ENUM, .has_off = offsetof(struct par_args_body_group, has_history), .off = offsetof(struct par_args_body_group, history), .words = words_history_mode},
    {"cmid", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_body_group, cmid), .min = 1, .max_bytes = 64},
};

const struct par_shape par_shape_body_group = {
    .fields = fields_body_group,
    .count = 4,
    .size = sizeof(struct par_args_body_group),
};

static const struct par_field fields_body_group_patch[] = {
    {"name", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_body_group_patch, name), .min = 1, .max = 64, .limit_off = offsetof(struct par_proto_limits, name_code_points) + 1},
    {"cmid", 4, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_body_group_patch, has_cmid), .off = offsetof(struct par_args_body_group_patch, cmid), .min = 1, .max_bytes = 64},
};

const struct par_shape par_shape_body_group_patch = {
    .fields = fields_body_group_patch,
    .count = 2,
    .size = sizeof(struct par_args_body_group_patch),
};

static const struct par_field fields_body_group_members[] = {
    {"users", 5, .kind = PAR_FIELD_USERS, .required = true, .off = offsetof(struct par_args_body_group_members, users)},
    {"cmid", 4, .kind = PAR_FIELD_STR, .required = true, .off = offsetof(struct par_args_body_group_members, cmid), .min = 1, .max_bytes = 64},
};

const struct par_shape par_shape_body_group_members = {
    .fields = fields_body_group_members,
    .count = 2,
    .size = sizeof(struct par_args_body_group_members),
};

static const struct par_field fields_body_member_patch[] = {
    {"role", 4, .kind = PAR_FIELD_ENUM, .required = true, .off = offsetof(struct par_args_body_member_patch, role), .words = words_role},
    {"cmid", 4, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_body_member_patch, has_cmid), .off = offsetof(struct par_args_body_member_patch, cmid), .min = 1, .max_bytes = 64},
};

const struct par_shape par_shape_body_member_patch = {
    .fields = fields_body_member_patch,
    .count = 2,
    .size = sizeof(struct par_args_body_member_patch),
};

static const struct par_field fields_body_push[] = {
    {"kind", 4, .kind = PAR_FIELD_ENUM, .required = true, .off = offsetof(struct par_args_body_push, kind), .words = words_push_kind},
    {"token", 5, .kind = PAR_FIELD_STR, .has_off = offsetof(struct par_args_body_push, has_token), .off = offsetof(struct par_args_body_push, token), .min = 1, .max_bytes = 4096},
    {"subscription", 12, .kind = PAR_FIELD_OBJECT, .has_off = offsetof(struct par_args_body_push, has_subscription), .off = offsetof(struct par_args_body_push, subscription), .shape = &shape_subscription},
    {"show_text", 9, .kind = PAR_FIELD_BOOL, .has_off = offsetof(struct par_args_body_push, has_show_text), .off = offsetof(struct par_args_body_push, show_text)},
};

const struct par_shape par_shape_body_push = {
    .fields = fields_body_push,
    .count = 4,
    .size = sizeof(struct par_args_body_push),
    .rule = PAR_RULE_EXACTLY_ONE,
    .rule_mask = 0x6,
    .rule_names = "token, subscription",
};
