/* Requests: what a client asked, in the form in which an entry would have it. */
#include "check/check_private.h"

static uint8_t op_of(const struct par_json *v)
{
#define X(NAME, name, text, class, cmid, ws)                                                       \
    if (par_json_text_is(v, PAR_STR(text)))                                                        \
        return PAR_CK_##NAME;
#include "parley/tbl/ops.h"
#undef X
    return PAR_CK_NO_OP;
}

/* The kind of entry that the operation writes. */
static uint8_t kind_of(uint8_t op)
{
    switch (op) {
    case PAR_CK_SEND:
        return PAR_CK_KIND_TEXT;
    case PAR_CK_EDIT:
        return PAR_CK_KIND_EDITED;
    case PAR_CK_DELETE:
        return PAR_CK_KIND_DELETED;
    case PAR_CK_REACT:
        return PAR_CK_KIND_REACTION;
    case PAR_CK_GROUP_CREATE:
        return PAR_CK_KIND_CREATED;
    case PAR_CK_GROUP_ADD:
        return PAR_CK_KIND_MEMBER_ADDED;
    case PAR_CK_GROUP_REMOVE:
        return PAR_CK_KIND_MEMBER_REMOVED;
    case PAR_CK_GROUP_LEAVE:
        return PAR_CK_KIND_MEMBER_LEFT;
    case PAR_CK_GROUP_RENAME:
        return PAR_CK_KIND_RENAMED;
    case PAR_CK_GROUP_ROLE:
        return PAR_CK_KIND_ROLE_CHANGED;
    default:
        return PAR_CK_KIND_NONE;
    }
}

/* The members of a frame of any operation. */
struct args {
    struct par_json op, id, conv, to, cmid, text, reply_to, client_ts, seq, emoji, on, name, users,
        members, user, role, history, before_seq, after_seq, around_seq, before_ts, limit, have,
        cursor, since, list, delivered, read, show_read, show_last_seen, sync;
};

static void take_args(const struct par_json *frame, struct args *a)
{
    static const struct {
        const char *name;
        size_t offset;
    } members[] = {
#define M(name) {#name, offsetof(struct args, name)}
        M(op),        M(id),         M(conv),      M(to),    M(cmid),      M(text),
        M(reply_to),  M(client_ts),  M(seq),       M(emoji), M(on),        M(name),
        M(users),     M(members),    M(user),      M(role),  M(history),   M(before_seq),
        M(after_seq), M(around_seq), M(before_ts), M(limit), M(have),      M(cursor),
        M(since),     M(list),       M(delivered), M(read),  M(show_read), M(show_last_seen),
        M(sync),
#undef M
    };
    struct par_json_iter it = par_json_iter(frame);
    struct par_json_member m;
    while (par_json_next_member(&it, &m)) {
        for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
            const char *name = members[i].name;
            if (m.name.ptr[0] == name[0] && par_json_text_is(&m.name, par_str(name))) {
                memcpy((char *)a + members[i].offset, &m.value, sizeof m.value);
                break;
            }
        }
    }
}

static uint64_t mix(uint64_t h, const void *data, size_t n)
{
    uint64_t seed[2] = {h, n};
    return par_siphash(seed, data, n);
}

/* The body of PROTOCOL.md 3 ("the same cmid with another body"), as a number. */
static uint64_t digest_of(const struct par_ck_request *r)
{
    const struct par_ck_entry *b = &r->body;
    uint64_t numbers[] = {r->op, b->reply_to, b->target, b->on, b->role, b->joined};
    uint64_t h = mix(1, numbers, sizeof numbers);
    h = mix(h, b->text.len ? b->text.ptr : "", b->text.len);
    return mix(h, b->users ? (const void *)b->users : "", b->user_count * sizeof *b->users);
}

static int64_t number_or(const struct par_json *v, int64_t missing)
{
    int64_t n;
    return par_check__i64(v, &n) ? n : missing;
}

static int8_t flag_or(const struct par_json *v)
{
    bool on;
    return par_check__bool(v, &on) ? on : -1;
}

/* {conv: seq} of an ack or a have. */
static void take_refs(struct par_check *c, struct par_ck_request *r, const struct par_json *map,
                      bool read, uint32_t room)
{
    struct par_json_member m;
    for (struct par_json_iter it = par_json_iter(map);
         map->type == PAR_JSON_OBJECT && par_json_next_member(&it, &m) && r->ref_count < room;) {
        struct par_str id;
        uint64_t seq;
        if (!par_check__text(c, &m.name, &id) || !par_check__u64(&m.value, &seq))
            continue;
        struct par_ck_ref *ref = &r->refs[r->ref_count];
        *ref = (struct par_ck_ref){par_check__conv(c, id, true), seq, read};
        r->ref_count += ref->conv != NULL;
    }
}

static uint32_t members_of(const struct par_json *map)
{
    struct par_json_member m;
    uint32_t n = 0;
    for (struct par_json_iter it = par_json_iter(map);
         map->type == PAR_JSON_OBJECT && par_json_next_member(&it, &m);)
        n++;
    return n;
}

static void take_ack(struct par_check *c, struct par_ck_request *r, const struct args *a)
{
    uint32_t room = members_of(&a->delivered) + members_of(&a->read);
    r->refs = par_check__alloc(c, room * sizeof *r->refs);
    if (!r->refs)
        return;
    take_refs(c, r, &a->delivered, false, room);
    take_refs(c, r, &a->read, true, room);
    struct par_ck_user *u = r->user;
    bool hidden = u->read_off && c->t >= u->read_off_t + 1000;
    for (uint32_t i = 0; i < r->ref_count; i++) {
        const struct par_ck_ref *ref = &r->refs[i];
        struct par_ck_seat *seat = par_check__seat(c, ref->conv, u, true);
        if (!seat)
            return;
        par_check__climb(c, &seat->asked_delivered, c->line, ref->seq);
        if (!ref->read)
            continue;
        par_check__climb(c, &seat->asked_read, c->line, ref->seq);
        if (!hidden)
            par_check__climb(c, &seat->shown_read, c->line, ref->seq);
        else if (seat->hidden_read < ref->seq)
            seat->hidden_read = ref->seq;
    }
}

static void take_sync(struct par_check *c, struct par_ck_request *r, const struct args *a)
{
    r->has_have = a->have.type == PAR_JSON_OBJECT;
    uint32_t room = members_of(&a->have);
    r->refs = par_check__alloc(c, room * sizeof *r->refs);
    if (r->refs)
        take_refs(c, r, &a->have, false, room);
    (void)par_check__text(c, &a->cursor, &r->cursor);
    (void)par_check__text(c, &a->since, &r->since);
    r->list = a->list.type == PAR_JSON_TRUE;
    r->limit = number_or(&a->limit, 100);
}

static void take_me_set(struct par_check *c, struct par_ck_request *r, const struct args *a)
{
    struct par_ck_user *u = r->user;
    r->show_read = flag_or(&a->show_read);
    r->show_last_seen = flag_or(&a->show_last_seen);
    u->ever_hid_read |= r->show_read == 0;
    if (r->show_read == 1) {
        /* What was hidden may be shown from here on. */
        u->read_off = false;
        for (struct par_ck_seat *s = u->seats; s; s = s->next_of_user)
            par_check__climb(c, &s->shown_read, c->line, s->hidden_read);
    }
    struct par_ck_request **kept = r->show_last_seen >= 0 || r->show_read >= 0
                                       ? par_check__push(c, &c->settings, sizeof *kept)
                                       : NULL;
    if (kept)
        *kept = r;
}

static void take_body_users(struct par_check *c, struct par_ck_request *r, const struct args *a)
{
    struct par_ck_entry *b = &r->body;
    uint64_t one;
    if (r->op == PAR_CK_GROUP_ROLE) {
        b->role = (uint8_t)par_check__role(&a->role);
        b->users = par_check__alloc(c, sizeof *b->users);
        if (b->users && par_check__id(c, &a->user, &one))
            b->users[b->user_count++] = one;
    } else if (r->op == PAR_CK_GROUP_ADD || r->op == PAR_CK_GROUP_REMOVE) {
        (void)par_check__ids(c, &a->users, &b->users, &b->user_count);
    } else if (r->op == PAR_CK_GROUP_CREATE) {
        (void)par_check__ids(c, &a->members, &b->users, &b->user_count);
        /* The creator counts among the members, named or not. */
        uint64_t *all = par_check__alloc(c, (b->user_count + 1) * sizeof *all);
        if (!all)
            return;
        if (b->user_count)
            memcpy(all, b->users, b->user_count * sizeof *all);
        all[b->user_count++] = r->user->id;
        b->users = all;
    }
    if (b->users)
        b->user_count = par_check__sort_ids(b->users, b->user_count);
}

/* What an entry would have of this request. */
static void take_body(struct par_check *c, struct par_ck_request *r, const struct args *a)
{
    struct par_ck_entry *b = &r->body;
    b->from = r->user->id;
    b->kind = kind_of(r->op);
    if (b->kind == PAR_CK_KIND_NONE)
        return;
    bool names = r->op == PAR_CK_GROUP_CREATE || r->op == PAR_CK_GROUP_RENAME;
    const struct par_json *text = names ? &a->name : (r->op == PAR_CK_REACT ? &a->emoji : &a->text);
    if (r->op != PAR_CK_DELETE)
        (void)par_check__text(c, text, &b->text);
    if (r->op == PAR_CK_SEND) {
        (void)par_check__u64(&a->reply_to, &b->reply_to);
        if (par_check__i64(&a->client_ts, &b->client_ts))
            b->has |= PAR_CK_HAS_CLIENT_TS;
    }
    if (r->op == PAR_CK_EDIT || r->op == PAR_CK_DELETE || r->op == PAR_CK_REACT)
        (void)par_check__u64(&a->seq, &b->target);
    b->on = r->op == PAR_CK_REACT && a->on.type == PAR_JSON_TRUE;
    b->joined = r->op == PAR_CK_GROUP_CREATE && par_json_text_is(&a->history, PAR_STR("joined"));
    take_body_users(c, r, a);
    r->digest = digest_of(r);
}

static void take_cmid(struct par_check *c, struct par_ck_request *r, const struct args *a)
{
    if (!par_check__text(c, &a->cmid, &r->body.cmid) || r->body.kind == PAR_CK_KIND_NONE)
        return;
    r->cmid = par_check__cmid(c, r->user->id, r->op == PAR_CK_GROUP_CREATE ? NULL : r->conv,
                              r->body.cmid, true);
    if (!r->cmid)
        return;
    if (r->cmid->last)
        r->cmid->last->next_of_cmid = r;
    else
        r->cmid->first = r;
    r->cmid->last = r;
}

static void take_conv(struct par_check *c, struct par_ck_request *r, const struct args *a)
{
    struct par_str id;
    uint64_t to;
    if (par_check__text(c, &a->conv, &id) && id.len > 0)
        r->conv = par_check__conv(c, id, true);
    else if (par_check__id(c, &a->to, &to) && to != r->user->id)
        r->conv = par_check__direct(c, r->user->id, to);
}

/* Leaves out who stands there a second time, and what is no id (0). */
static uint32_t each_once(uint64_t *ids, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t k = 0;
        while (k < kept && ids[k] != ids[i])
            k++;
        if (k == kept && ids[i] != 0)
            ids[kept++] = ids[i];
    }
    return kept;
}

static void take_settings(struct par_check *c, struct par_ck_request *r,
                          const struct par_json *frame)
{
    struct par_ck_seat *seat = r->conv ? par_check__seat(c, r->conv, r->user, true) : NULL;
    r->settings = par_check__alloc(c, sizeof *r->settings);
    struct par_ck_request **kept = seat ? par_check__push(c, &seat->sets, sizeof *kept) : NULL;
    if (!kept || !r->settings)
        return;
    *kept = r;
    struct par_json_member m;
    for (struct par_json_iter it = par_json_iter(frame); par_json_next_member(&it, &m);)
        (void)par_check__setting(c, &m.name, &m.value, r->settings);
    seat->muted |= r->settings->value[PAR_CK_MUTED] != 0;
}

static void take_op(struct par_check *c, struct par_ck_request *r, const struct args *a,
                    const struct par_json *frame)
{
    uint64_t one;
    switch (r->op) {
    case PAR_CK_HISTORY:
        r->before_seq = number_or(&a->before_seq, -1);
        r->after_seq = number_or(&a->after_seq, -1);
        r->around_seq = number_or(&a->around_seq, -1);
        r->before_ts = number_or(&a->before_ts, -1);
        r->limit = number_or(&a->limit, 50);
        break;
    case PAR_CK_MEMBERS:
        (void)par_check__text(c, &a->cursor, &r->cursor);
        break;
    case PAR_CK_HELLO: {
        struct args inner = {0};
        if (a->sync.type != PAR_JSON_OBJECT)
            break;
        take_args(&a->sync, &inner);
        take_sync(c, r, &inner);
        break;
    }
    case PAR_CK_SYNC:
        take_sync(c, r, a);
        break;
    case PAR_CK_ACK:
        take_ack(c, r, a);
        break;
    case PAR_CK_PRESENCE:
    case PAR_CK_WATCH:
        (void)par_check__ids(c, &a->users, &r->ids, &r->id_count);
        r->id_count = each_once(r->ids, r->id_count);
        break;
    case PAR_CK_BLOCK:
    case PAR_CK_UNBLOCK:
    case PAR_CK_CONTACT_ADD:
    case PAR_CK_CONTACT_REMOVE: {
        bool block = r->op == PAR_CK_BLOCK || r->op == PAR_CK_UNBLOCK;
        struct par_ck_list *list = block ? &c->blocks : &c->contacts;
        struct par_ck_request **kept = par_check__push(c, list, sizeof *kept);
        r->ids = par_check__alloc(c, sizeof *r->ids);
        if (kept)
            *kept = r;
        if (r->ids && par_check__id(c, &a->user, &one))
            r->ids[r->id_count++] = one;
        break;
    }
    case PAR_CK_ME_SET:
        take_me_set(c, r, a);
        break;
    case PAR_CK_CONV_SET:
        take_settings(c, r, frame);
        break;
    default:
        break;
    }
}

bool par_check__asked(struct par_check *c, struct par_ck_conn *conn, const struct par_json *frame)
{
    struct args a = {0};
    take_args(frame, &a);
    struct par_ck_request *r = par_check__alloc(c, sizeof *r);
    struct par_ck_request **kept = par_check__push(c, &c->requests, sizeof *kept);
    if (!r || !kept)
        return false;
    *kept = r;
    r->conn = conn;
    r->user = conn->user;
    r->asked = c->line;
    r->asked_t = c->t;
    r->got = PAR_CHECK_NEVER;
    r->before_seq = r->after_seq = r->around_seq = r->before_ts = r->limit = -1;
    r->show_read = r->show_last_seen = -1;
    r->op = op_of(&a.op);
    if (!par_check__i64(&a.id, &r->id)) {
        c->fault = "frame: id is missing";
        return false;
    }
    if (conn->last)
        conn->last->next_on_conn = r;
    else
        conn->first = r;
    conn->last = r;
    if (!conn->oldest)
        conn->oldest = r;
    take_conv(c, r, &a);
    take_body(c, r, &a);
    take_cmid(c, r, &a);
    take_op(c, r, &a, frame);
    struct par_ck_request **of_conv =
        r->conv && r->body.kind ? par_check__push(c, &r->conv->requests, sizeof *of_conv) : NULL;
    if (of_conv)
        *of_conv = r;
    return true;
}
