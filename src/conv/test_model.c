/* Unit tests only: the reference model of conversations. It shares no code with the writer but the
 * digest. */
#include "conv/test_model.h"

#include <stdio.h>
#include <stdlib.h>

#define REFUSE(code) ((struct model_answer){.err = PAR_E_##code})

void model_init(struct model *m)
{
    static const uint64_t two[3][2] = {{1, 2}, {1, 3}, {2, 4}};
    *m = (struct model){.cmid = calloc(MODEL_CMIDS, sizeof *m->cmid)};
    for (size_t i = 0; i < MODEL_CONVS; i++) {
        struct model_conv *v = &m->conv[i];
        v->entry = calloc(MODEL_ENTRIES, sizeof *v->entry);
        v->group = i >= 3;
        v->id = v->group ? par_conv_group_id(i - 2, PAR_STR("create"))
                         : par_conv_direct(two[i][0], two[i][1]);
        for (size_t k = 0; !v->group && k < 2; k++)
            v->member[two[i][k]] =
                (struct model_member){.in = true, .role = PAR_ROLE_MEMBER, .joined = 1};
    }
}

void model_fini(struct model *m)
{
    for (size_t i = 0; i < MODEL_CONVS; i++)
        free(m->conv[i].entry);
    free(m->cmid);
}

static size_t conv_of(const struct model *m, const struct par_conv *id)
{
    size_t i = 0;
    while (i < MODEL_CONVS && !par_conv_eq(&m->conv[i].id, id))
        i++;
    return i;
}

static struct model_entry *append(struct model_conv *v, uint8_t kind, const struct par_command *c)
{
    struct model_entry *e = &v->entry[++v->last];
    *e = (struct model_entry){.kind = kind, .sender = c->sender};
    v->texts += kind == PAR_ENTRY_TEXT;
    if (v->last == 1 && !v->group)
        for (size_t u = 1; u <= MODEL_USERS; u++)
            v->member[u].ever |= v->member[u].in;
    return e;
}

static bool visible(const struct model_conv *v, uint64_t user, uint64_t seq)
{
    return seq >= 1 && seq <= v->last && (!v->joined_history || seq >= v->member[user].joined);
}

static bool blocked(const struct model_conv *v)
{
    bool any = false;
    for (size_t u = 1; u <= MODEL_USERS; u++)
        any |= v->blocks[u];
    return any;
}

static void set_text(struct model_entry *e, struct par_str text)
{
    snprintf(e->text, sizeof e->text, "%.*s", PAR_STR_ARGS(text));
}

/* The parts of edit, delete and react that are alike. */
static struct model_answer change(struct model_conv *v, const struct par_command *c)
{
    struct model_member *me = &v->member[c->sender];
    if (!me->in)
        return REFUSE(NOT_MEMBER);
    if (c->kind != PAR_COMMAND_DELETE && blocked(v))
        return REFUSE(BLOCKED);
    if (c->target == 0)
        return REFUSE(BAD_REQUEST);
    if (!visible(v, c->sender, c->target))
        return REFUSE(NOT_FOUND);
    struct model_entry *t = &v->entry[c->target];
    if (t->kind != PAR_ENTRY_TEXT)
        return REFUSE(BAD_REQUEST);
    bool chief = v->group && me->role != PAR_ROLE_MEMBER;
    if (c->kind != PAR_COMMAND_REACT && t->sender != c->sender &&
        !(c->kind == PAR_COMMAND_DELETE && chief))
        return REFUSE(FORBIDDEN);
    if (t->deleted)
        return REFUSE(CONFLICT);
    struct model_entry *e = append(v,
                                   c->kind == PAR_COMMAND_EDIT     ? PAR_ENTRY_EDITED
                                   : c->kind == PAR_COMMAND_DELETE ? PAR_ENTRY_DELETED
                                                                   : PAR_ENTRY_REACTION,
                                   c);
    e->target = c->target;
    e->on = c->on;
    if (c->kind == PAR_COMMAND_DELETE) {
        t->deleted = v->last;
        t->text[0] = 0;
        return (struct model_answer){.seq = v->last};
    }
    set_text(e, c->text);
    if (c->kind == PAR_COMMAND_EDIT) {
        set_text(t, c->text);
        t->edited = v->last;
    }
    return (struct model_answer){.seq = v->last};
}

static void enter(struct model_conv *v, uint64_t user, size_t place, uint8_t role)
{
    struct model_member *u = &v->member[user];
    u->in = u->ever = true;
    u->role = role;
    u->joined = v->last;
    u->left = 0;
    u->place = place;
    if (u->delivered < v->last - 1)
        u->delivered = v->last - 1;
    if (u->read < v->last - 1)
        u->read = v->last - 1;
    if (u->shown < v->last - 1)
        u->shown = v->last - 1;
}

static struct model_answer create(struct model_conv *v, const struct par_command *c)
{
    if (c->text.len == 0)
        return REFUSE(BAD_REQUEST);
    size_t count = 1;
    for (size_t i = 0; i < c->user_count; i++)
        count += c->users[i] != c->sender;
    if (count > c->group_members)
        return REFUSE(GROUP_FULL);
    struct model_entry *e = append(v, PAR_ENTRY_CREATED, c);
    set_text(e, c->text);
    snprintf(v->name, sizeof v->name, "%s", e->text);
    v->joined_history = c->history == PAR_HISTORY_JOINED;
    e->users[e->user_count++] = c->sender;
    for (size_t i = 0; i < c->user_count; i++)
        if (c->users[i] != c->sender)
            e->users[e->user_count++] = c->users[i];
    for (size_t i = 0; i < e->user_count; i++)
        enter(v, e->users[i], i, i ? PAR_ROLE_MEMBER : PAR_ROLE_OWNER);
    return (struct model_answer){.seq = 1};
}

static struct model_answer add(struct model_conv *v, const struct par_command *c)
{
    uint64_t users[MODEL_USERS];
    size_t n = 0, members = 0;
    if (v->member[c->sender].role == PAR_ROLE_MEMBER)
        return REFUSE(FORBIDDEN);
    for (size_t i = 0; i < c->user_count; i++)
        if (!v->member[c->users[i]].in)
            users[n++] = c->users[i];
    for (size_t u = 1; u <= MODEL_USERS; u++)
        members += v->member[u].in;
    if (n == 0)
        return (struct model_answer){.seq = v->last};
    if (members + n > c->group_members)
        return REFUSE(GROUP_FULL);
    struct model_entry *e = append(v, PAR_ENTRY_MEMBER_ADDED, c);
    memcpy(e->users, users, sizeof users);
    e->user_count = n;
    for (size_t i = 0; i < n; i++)
        enter(v, users[i], i, PAR_ROLE_MEMBER);
    return (struct model_answer){.seq = v->last};
}

static bool stays(uint64_t user, const uint64_t *gone, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (gone[i] == user)
            return false;
    return true;
}

static struct model_answer go(struct model_conv *v, const struct par_command *c, uint8_t kind,
                              const uint64_t *users, size_t n)
{
    uint64_t heir = 0;
    bool owner = false;
    for (uint64_t u = 1; u <= MODEL_USERS; u++) {
        struct model_member *a = &v->member[u], *b = &v->member[heir];
        if (!a->in || !stays(u, users, n))
            continue;
        owner |= a->role == PAR_ROLE_OWNER;
        uint64_t rank_a =
            (uint64_t)(a->role == PAR_ROLE_ADMIN ? 0 : 1) << 60 | a->joined << 20 | a->place;
        uint64_t rank_b =
            (uint64_t)(b->role == PAR_ROLE_ADMIN ? 0 : 1) << 60 | b->joined << 20 | b->place;
        if (!heir || rank_a < rank_b)
            heir = u;
    }
    if (!owner && heir) {
        struct model_entry *e = append(v, PAR_ENTRY_ROLE_CHANGED, c);
        e->role = v->member[heir].role = PAR_ROLE_OWNER;
        e->users[e->user_count++] = heir;
    }
    struct model_entry *e = append(v, kind, c);
    for (size_t i = 0; i < n; i++) {
        v->member[users[i]].in = false;
        v->member[users[i]].left = v->last;
        if (kind == PAR_ENTRY_MEMBER_REMOVED)
            e->users[e->user_count++] = users[i];
    }
    return (struct model_answer){.seq = v->last};
}

static struct model_answer take_out(struct model_conv *v, const struct par_command *c)
{
    uint64_t users[MODEL_USERS];
    size_t n = 0;
    bool owner = false;
    uint8_t role = v->member[c->sender].role;
    for (size_t i = 0; i < c->user_count; i++)
        if (v->member[c->users[i]].in) {
            owner |= v->member[c->users[i]].role == PAR_ROLE_OWNER;
            users[n++] = c->users[i];
        }
    if (c->user_count == 1 && c->users[0] == c->sender)
        return go(v, c, PAR_ENTRY_MEMBER_LEFT, users, 1);
    if (role == PAR_ROLE_MEMBER || (owner && role != PAR_ROLE_OWNER))
        return REFUSE(FORBIDDEN);
    if (n == 0)
        return (struct model_answer){.seq = v->last};
    return go(v, c,
              n == 1 && users[0] == c->sender ? PAR_ENTRY_MEMBER_LEFT : PAR_ENTRY_MEMBER_REMOVED,
              users, n);
}

static struct model_answer give_role(struct model_conv *v, const struct par_command *c)
{
    size_t owners = 0;
    struct model_member *u = &v->member[c->users[0]];
    if (v->member[c->sender].role != PAR_ROLE_OWNER)
        return REFUSE(FORBIDDEN);
    if (!u->in)
        return REFUSE(NOT_FOUND);
    if (u->role == c->role)
        return (struct model_answer){.seq = v->last};
    for (size_t i = 1; i <= MODEL_USERS; i++)
        owners += v->member[i].in && v->member[i].role == PAR_ROLE_OWNER;
    if (u->role == PAR_ROLE_OWNER && owners == 1)
        return REFUSE(CONFLICT);
    struct model_entry *e = append(v, PAR_ENTRY_ROLE_CHANGED, c);
    e->role = u->role = c->role;
    e->users[e->user_count++] = c->users[0];
    return (struct model_answer){.seq = v->last};
}

static struct model_answer group(struct model_conv *v, const struct par_command *c)
{
    uint64_t self = c->sender;
    if (!v->group)
        return REFUSE(BAD_REQUEST);
    if (!v->member[self].in)
        return REFUSE(NOT_MEMBER);
    switch (c->kind) {
    case PAR_COMMAND_GROUP_ADD:
        return add(v, c);
    case PAR_COMMAND_GROUP_REMOVE:
        return take_out(v, c);
    case PAR_COMMAND_GROUP_LEAVE:
        return go(v, c, PAR_ENTRY_MEMBER_LEFT, &self, 1);
    case PAR_COMMAND_GROUP_ROLE:
        return give_role(v, c);
    default:
        break;
    }
    if (v->member[self].role == PAR_ROLE_MEMBER)
        return REFUSE(FORBIDDEN);
    struct model_entry *e = append(v, PAR_ENTRY_RENAMED, c);
    set_text(e, c->text);
    snprintf(v->name, sizeof v->name, "%s", e->text);
    return (struct model_answer){.seq = v->last};
}

static struct model_answer send_text(struct model_conv *v, const struct par_command *c)
{
    if (!v->member[c->sender].in)
        return REFUSE(NOT_MEMBER);
    if (blocked(v))
        return REFUSE(BLOCKED);
    if (c->reply_to && !visible(v, c->sender, c->reply_to))
        return REFUSE(BAD_REQUEST);
    struct model_entry *e = append(v, PAR_ENTRY_TEXT, c);
    set_text(e, c->text);
    e->reply_to = c->reply_to;
    return (struct model_answer){.seq = v->last};
}

static struct model_answer marks(struct model *m, const struct par_command *c)
{
    for (size_t i = 0; i < c->mark_count; i++)
        if (!m->conv[conv_of(m, &c->marks[i].conv)].member[c->sender].in)
            return REFUSE(NOT_MEMBER);
    for (size_t i = 0; i < c->mark_count; i++) {
        struct model_conv *v = &m->conv[conv_of(m, &c->marks[i].conv)];
        struct model_member *u = &v->member[c->sender];
        uint64_t delivered = c->marks[i].delivered, read = c->marks[i].read;
        if (v->last == 0)
            continue;
        if (delivered > v->last)
            delivered = v->last;
        if (read > v->last)
            read = v->last;
        if (read > u->read)
            u->read = read;
        if (delivered > u->delivered)
            u->delivered = delivered;
        if (u->read > u->delivered)
            u->delivered = u->read;
        if (c->show_read && c->marks[i].read > 0)
            u->shown = u->read > u->shown ? u->read : u->shown;
    }
    return (struct model_answer){0};
}

static struct model_answer fresh(struct model *m, struct model_conv *v, const struct par_command *c)
{
    switch (c->kind) {
    case PAR_COMMAND_SEND:
        return send_text(v, c);
    case PAR_COMMAND_EDIT:
    case PAR_COMMAND_DELETE:
    case PAR_COMMAND_REACT:
        return change(v, c);
    case PAR_COMMAND_GROUP_CREATE:
        return create(v, c);
    case PAR_COMMAND_MARKS:
        return marks(m, c);
    case PAR_COMMAND_CONV_SET:
        if (!v->member[c->sender].in && !v->member[c->sender].ever)
            return REFUSE(NOT_MEMBER);
        v->member[c->sender].archived = c->settings.archived;
        v->member[c->sender].ever = true;
        return (struct model_answer){0};
    case PAR_COMMAND_BLOCK:
    case PAR_COMMAND_UNBLOCK:
        if (v->group)
            return REFUSE(BAD_REQUEST);
        if (!v->member[c->sender].in)
            return REFUSE(NOT_MEMBER);
        v->blocks[c->sender] = c->kind == PAR_COMMAND_BLOCK;
        return (struct model_answer){0};
    default:
        return group(v, c);
    }
}

struct model_answer model_apply(struct model *m, const struct par_command *c)
{
    size_t i = c->kind == PAR_COMMAND_MARKS ? 0 : conv_of(m, &c->conv);
    struct model_conv *v = &m->conv[i];
    uint8_t digest[16];
    par_command_digest(c, digest);
    for (size_t k = 0; c->cmid.len && k < m->cmid_count; k++) {
        const struct model_cmid *known = &m->cmid[k];
        if (known->conv != i || known->user != c->sender || !par_str_is(c->cmid, known->cmid))
            continue;
        if (memcmp(known->digest, digest, 16) != 0)
            return REFUSE(CONFLICT);
        return (struct model_answer){.seq = known->seq, .dup = true};
    }
    if (c->verdict.err != PAR_OK)
        return (struct model_answer){.err = c->verdict.err};
    uint64_t last = v->last;
    struct model_answer a = fresh(m, v, c);
    if (c->cmid.len && v->last > last) {
        struct model_cmid *known = &m->cmid[m->cmid_count++];
        *known = (struct model_cmid){.conv = i, .user = c->sender, .seq = a.seq};
        snprintf(known->cmid, sizeof known->cmid, "%.*s", PAR_STR_ARGS(c->cmid));
        memcpy(known->digest, digest, 16);
    }
    return a;
}
