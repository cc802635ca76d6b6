/* The arguments of operations and REST bodies after decoding, made by tools/gen-protocol from protocol/schema: change it there. */
#ifndef PAR_PROTO_GEN_ARGS_H
#define PAR_PROTO_GEN_ARGS_H

#include "proto/values.h"

struct par_args_sync_ask {
    bool has_have;
    struct par_mark_refs have;
    bool has_limit;
    int64_t limit;
    bool has_cursor;
    struct par_str cursor;
    bool has_since;
    struct par_str since;
};

struct par_args_subscription_keys {
    struct par_str p256dh;
    struct par_str auth;
};

struct par_args_subscription {
    struct par_str endpoint;
    struct par_args_subscription_keys keys;
};

struct par_args_hello {
    struct par_str token;
    struct par_str client;
    bool has_sync;
    struct par_args_sync_ask sync;
};

struct par_args_send {
    bool has_conv;
    struct par_conv_ref conv;
    bool has_to;
    struct par_user_ref to;
    struct par_str cmid;
    struct par_str text;
    bool has_reply_to;
    int64_t reply_to;
    bool has_client_ts;
    int64_t client_ts;
};

struct par_args_edit {
    struct par_conv_ref conv;
    int64_t seq;
    struct par_str cmid;
    struct par_str text;
};

struct par_args_delete {
    struct par_conv_ref conv;
    int64_t seq;
    struct par_str cmid;
};

struct par_args_react {
    struct par_conv_ref conv;
    int64_t seq;
    struct par_str emoji;
    bool on;
    struct par_str cmid;
};

struct par_args_history {
    struct par_conv_ref conv;
    bool has_before_seq;
    int64_t before_seq;
    bool has_after_seq;
    int64_t after_seq;
    bool has_before_ts;
    int64_t before_ts;
    bool has_around_seq;
    int64_t around_seq;
    bool has_limit;
    int64_t limit;
};

struct par_args_search {
    struct par_str query;
    bool has_conv;
    struct par_conv_ref conv;
    bool has_from;
    struct par_user_ref from;
    bool has_after_ts;
    int64_t after_ts;
    bool has_before_ts;
    int64_t before_ts;
    bool has_limit;
    int64_t limit;
    bool has_cursor;
    struct par_str cursor;
};

struct par_args_sync {
    bool has_have;
    struct par_mark_refs have;
    bool has_limit;
    int64_t limit;
    bool has_cursor;
    struct par_str cursor;
    bool has_since;
    struct par_str since;
};

struct par_args_ack {
    bool has_delivered;
    struct par_mark_refs delivered;
    bool has_read;
    struct par_mark_refs read;
};

struct par_args_presence {
    struct par_user_refs users;
};

struct par_args_watch {
    struct par_user_refs users;
};

struct par_args_typing {
    struct par_conv_ref conv;
    bool on;
};

struct par_args_group_create {
    struct par_str name;
    struct par_user_refs members;
    bool has_history;
    int history; /* enum par_history */
    struct par_str cmid;
};

struct par_args_group_add {
    struct par_conv_ref conv;
    struct par_user_refs users;
    struct par_str cmid;
};

struct par_args_group_remove {
    struct par_conv_ref conv;
    struct par_user_refs users;
    struct par_str cmid;
};

struct par_args_group_leave {
    struct par_conv_ref conv;
    struct par_str cmid;
};

struct par_args_group_rename {
    struct par_conv_ref conv;
    struct par_str name;
    struct par_str cmid;
};

struct par_args_group_role {
    struct par_conv_ref conv;
    struct par_user_ref user;
    int role; /* enum par_role */
    struct par_str cmid;
};

struct par_args_members {
    struct par_conv_ref conv;
    bool has_cursor;
    struct par_str cursor;
    bool has_limit;
    int64_t limit;
};

struct par_args_conv_set {
    struct par_conv_ref conv;
    bool has_muted_until;
    int64_t muted_until;
    bool has_archived;
    bool archived;
    bool has_pinned;
    bool pinned;
    bool has_marked_unread;
    bool marked_unread;
    bool has_draft;
    struct par_str draft;
};

struct par_args_contact_add {
    struct par_user_ref user;
};

struct par_args_contact_remove {
    struct par_user_ref user;
};

struct par_args_block {
    struct par_user_ref user;
};

struct par_args_unblock {
    struct par_user_ref user;
};

struct par_args_contacts {
    char _none;
};

struct par_args_me_set {
    bool has_display_name;
    struct par_str display_name;
    bool has_about;
    struct par_str about;
    bool has_show_last_seen;
    bool show_last_seen;
    bool has_show_read;
    bool show_read;
    bool has_show_typing;
    bool show_typing;
};

struct par_args_push_register {
    int kind; /* enum par_push_kind */
    bool has_token;
    struct par_str token;
    bool has_subscription;
    struct par_args_subscription subscription;
    bool has_show_text;
    bool show_text;
};

struct par_args_push_unregister {
    struct par_str push_id;
};

struct par_args_push_test {
    struct par_str push_id;
};

struct par_args_ping {
    char _none;
};

struct par_args_body_register {
    struct par_str name;
    struct par_str password;
    bool has_display_name;
    struct par_str display_name;
    bool has_device_name;
    struct par_str device_name;
    bool has_invite;
    struct par_str invite;
};

struct par_args_body_login {
    struct par_str name;
    struct par_str password;
    bool has_device_name;
    struct par_str device_name;
};

struct par_args_body_message {
    bool has_conv;
    struct par_conv_ref conv;
    bool has_to;
    struct par_user_ref to;
    struct par_str cmid;
    struct par_str text;
    bool has_reply_to;
    int64_t reply_to;
    bool has_client_ts;
    int64_t client_ts;
};

struct par_args_body_server_message {
    struct par_user_ref sender_id;
    struct par_user_ref receiver_id;
    struct par_str text;
    bool has_cmid;
    struct par_str cmid;
};

struct par_args_body_group {
    struct par_str name;
    struct par_user_refs members;
    bool has_history;
    int history; /* enum par_history */
    struct par_str cmid;
};

struct par_args_body_group_patch {
    struct par_str name;
    bool has_cmid;
    struct par_str cmid;
};

struct par_args_body_group_members {
    struct par_user_refs users;
    struct par_str cmid;
};

struct par_args_body_member_patch {
    int role; /* enum par_role */
    bool has_cmid;
    struct par_str cmid;
};

struct par_args_body_push {
    int kind; /* enum par_push_kind */
    bool has_token;
    struct par_str token;
    bool has_subscription;
    struct par_args_subscription subscription;
    bool has_show_text;
    bool show_text;
};

/* The decoded arguments: which one holds is said by the operation or the body asked for. */
union par_args {
    const void *any;
    const struct par_args_hello *hello;
    const struct par_args_send *send;
    const struct par_args_edit *edit;
    const struct par_args_delete *delete;
    const struct par_args_react *react;
    const struct par_args_history *history;
    const struct par_args_search *search;
    const struct par_args_sync *sync;
    const struct par_args_ack *ack;
    const struct par_args_presence *presence;
    const struct par_args_watch *watch;
    const struct par_args_typing *typing;
    const struct par_args_group_create *group_create;
    const struct par_args_group_add *group_add;
    const struct par_args_group_remove *group_remove;
    const struct par_args_group_leave *group_leave;
    const struct par_args_group_rename *group_rename;
    const struct par_args_group_role *group_role;
    const struct par_args_members *members;
    const struct par_args_conv_set *conv_set;
    const struct par_args_contact_add *contact_add;
    const struct par_args_contact_remove *contact_remove;
    const struct par_args_block *block;
    const struct par_args_unblock *unblock;
    const struct par_args_contacts *contacts;
    const struct par_args_me_set *me_set;
    const struct par_args_push_register *push_register;
    const struct par_args_push_unregister *push_unregister;
    const struct par_args_push_test *push_test;
    const struct par_args_ping *ping;
    const struct par_args_body_register *body_register;
    const struct par_args_body_login *body_login;
    const struct par_args_body_message *body_message;
    const struct par_args_body_server_message *body_server_message;
    const struct par_args_body_group *body_group;
    const struct par_args_body_group_patch *body_group_patch;
    const struct par_args_body_group_members *body_group_members;
    const struct par_args_body_member_patch *body_member_patch;
    const struct par_args_body_push *body_push;
};

/* REST bodies: X(NAME, name). */
#define PAR_PROTO_BODIES(X) \
    X(REGISTER, register) \
    X(LOGIN, login) \
    X(MESSAGE, message) \
    X(SERVER_MESSAGE, server_message) \
    X(GROUP, group) \
    X(GROUP_PATCH, group_patch) \
    X(GROUP_MEMBERS, group_members) \
    X(MEMBER_PATCH, member_patch) \
    X(PUSH, push)

#endif
