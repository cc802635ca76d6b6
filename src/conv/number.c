/* Numbering: what every command goes through, and what its operations share. */
#include "conv/writer_private.h"

static struct par_release *release(struct par_writer *w, const struct par_numbering *n,
                                   enum par_release_kind kind)
{
    static struct par_release nowhere;
    struct par_release *r = &nowhere;
    if (par_batch__grow(w, (void **)&w->releases, &w->release_cap, w->release_count,
                        sizeof *w->releases))
        r = &w->releases[w->release_count++];
    *r = (struct par_release){.kind = (uint8_t)kind, .command = n->index};
    return r;
}

enum par_step par_number__refuse(struct par_writer *w, const struct par_numbering *n,
                                 enum par_err err, const char *message)
{
    /* N6: a refusal writes nothing. */
    struct par_release *r = release(w, n, PAR_RELEASE_ANSWER);
    r->err = (uint8_t)err;
    r->message = message;
    w->live.refusals++;
    if (err == PAR_E_CONFLICT)
        w->live.conflicts++;
    return PAR_STEP_DONE;
}

enum par_step par_number__done(struct par_writer *w, const struct par_numbering *n)
{
    struct par_release *r = release(w, n, PAR_RELEASE_ANSWER);
    if (n->c->cmid.len > 0) {
        r->seq = n->st->last_seq;
        r->ts = n->st->last_ts;
    }
    return PAR_STEP_DONE;
}

static bool first_of_direct(struct par_writer *w, struct par_conv_state *st, uint64_t stamp)
{
    for (size_t i = 0; i < 2; i++) {
        struct par_user_conv_row *row = par_batch__user_conv(w, st, st->members[i].user);
        if (!row)
            return false;
        row->record.joined_seq = 1;
        par_batch__user_conv_changed(row, stamp);
    }
    st->row_last = true;
    return true;
}

struct par_entry *par_number__append(struct par_writer *w, const struct par_numbering *n,
                                     uint8_t kind)
{
    struct par_conv_state *st = n->st;
    struct par_entry_row *row = par_arena_zalloc(&w->arena, sizeof *row);
    if (!row) {
        w->no_memory = true;
        return NULL;
    }
    par_batch__dirty(w, st, n->stamp);
    if (st->last_seq == 0 && st->conv.kind == PAR_CONV_DIRECT && !first_of_direct(w, st, n->stamp))
        return NULL;
    /* N1: the next seq, and a ts above the last one, from the time of the record; never from a
     * clock here. */
    st->last_seq++;
    st->last_ts =
        n->time_ms > st->last_ts || PAR_MUTANT(N1_TS_OF_RECORD) ? n->time_ms : st->last_ts + 1;
    st->last_stamp = n->stamp;
    if (st->last_seq == 1)
        st->created = st->last_ts;
    if (kind == PAR_ENTRY_TEXT)
        st->text_count++;
    struct par_entry *e = &row->entry;
    e->conv = st->conv;
    e->seq = st->last_seq;
    e->ts = st->last_ts;
    e->stamp = n->stamp; /* N5: two entries of one command have both its stamp */
    e->text_no = st->text_count;
    e->sender = n->c->sender;
    e->kind = kind;
    row->version = e->ts;
    row->next = st->entries;
    st->entries = row;
    st->entry_count++;
    w->live.entries++;
    return e;
}

void par_number__accept(struct par_writer *w, const struct par_numbering *n, struct par_entry *e)
{
    struct par_known known = {.seq = e->seq, .ts = e->ts};
    memcpy(known.digest, n->c->digest, sizeof known.digest);
    e->cmid = n->c->cmid;
    par_cmids__add(w, n, &known);
    struct par_release *r = release(w, n, PAR_RELEASE_ANSWER);
    r->seq = e->seq;
    r->ts = e->ts;
}

void par_number__release(struct par_writer *w, const struct par_numbering *n,
                         const struct par_entry *e, struct par_members *users, bool to_origin)
{
    struct par_release *r = release(w, n, PAR_RELEASE_ENTRY);
    r->entry = e;
    r->users = users;
    r->to_origin = to_origin;
}

void par_number__member_event(struct par_writer *w, const struct par_numbering *n,
                              enum par_release_kind kind, struct par_members *users,
                              struct par_str name)
{
    struct par_release *r = release(w, n, kind);
    r->users = users;
    r->name = name;
}

struct par_members *par_number__users(struct par_writer *w, const uint64_t *users, size_t count)
{
    struct par_members *list =
        par_arena_alloc(&w->arena, sizeof *list + count * sizeof list->user[0]);
    if (!list) {
        w->no_memory = true;
        return NULL;
    }
    *list = (struct par_members){.count = (uint32_t)count};
    memcpy(list->user, users, count * sizeof list->user[0]);
    return list;
}

struct par_str par_number__pack_users(struct par_writer *w, const uint64_t *users, size_t count)
{
    uint8_t *bytes = par_arena_alloc(&w->arena, count * 8);
    if (!bytes) {
        w->no_memory = true;
        return (struct par_str){0};
    }
    for (size_t i = 0; i < count; i++)
        for (int b = 0; b < 8; b++)
            bytes[i * 8 + (size_t)b] = (uint8_t)(users[i] >> (56 - 8 * b));
    return par_str_of(bytes, count * 8);
}

enum par_err par_number__group_rights(const struct par_numbering *n, bool admin)
{
    if (n->st->conv.kind != PAR_CONV_GROUP)
        return PAR_E_BAD_REQUEST;
    if (!n->self)
        return PAR_E_NOT_MEMBER;
    if (admin && n->self->role != PAR_ROLE_OWNER && n->self->role != PAR_ROLE_ADMIN)
        return PAR_E_FORBIDDEN;
    return PAR_OK;
}

enum par_err par_number__target(struct par_writer *w, const struct par_numbering *n,
                                struct par_entry_row **row_r)
{
    bool missing;
    *row_r = NULL;
    if (n->c->target == 0)
        return PAR_E_BAD_REQUEST;
    if (!par_conv__visible(n->st, n->self, n->c->target))
        return PAR_E_NOT_FOUND;
    struct par_entry_row *row = par_batch__entry(w, n->st, n->c->target, &missing);
    /* The log is dense: a row that is not there, or cannot be understood, is damage and no answer.
     */
    if (!row && missing && !w->embedded) {
        par_writer__end(w, PAR_WRITER_HALTED, "an entry below the last cannot be read");
        return PAR_E_UNAVAILABLE;
    }
    if (!row)
        return missing ? PAR_E_INTERNAL : PAR_E_UNAVAILABLE;
    if (row->entry.kind != PAR_ENTRY_TEXT)
        return PAR_E_BAD_REQUEST;
    *row_r = row;
    return PAR_OK;
}

/* W2a, W2b: must the command wait until what the batch holds of its conversation is durable? A
 * command makes at most two entries. */
static bool waits(const struct par_writer *w, const struct par_numbering *n)
{
    const struct par_conv_state *st = n->st;
    if (!w->by_rows || st->batch != w->batch)
        return false;
    if (par_conv__waits(w, st))
        return true;
    uint32_t makes =
        n->c->kind == PAR_COMMAND_GROUP_LEAVE || n->c->kind == PAR_COMMAND_GROUP_REMOVE ? 2 : 1;
    return st->entry_count > 0 && st->entry_count + makes > par_rules.window &&
           !PAR_MUTANT(W2A_NO_WINDOW);
}

/* Kinds that may change the roster. */
static bool changes_roster(enum par_command_kind kind)
{
    switch (kind) {
    case PAR_COMMAND_GROUP_CREATE:
    case PAR_COMMAND_GROUP_ADD:
    case PAR_COMMAND_GROUP_REMOVE:
    case PAR_COMMAND_GROUP_LEAVE:
    case PAR_COMMAND_GROUP_RENAME:
    case PAR_COMMAND_GROUP_ROLE:
    case PAR_COMMAND_BLOCK:
    case PAR_COMMAND_UNBLOCK:
        return true;
    default:
        return false;
    }
}

static enum par_step apply(struct par_writer *w, const struct par_numbering *n)
{
    switch (n->c->kind) {
    case PAR_COMMAND_SEND:
        return par_apply__send(w, n);
    case PAR_COMMAND_EDIT:
        return par_apply__edit(w, n);
    case PAR_COMMAND_DELETE:
        return par_apply__delete(w, n);
    case PAR_COMMAND_REACT:
        return par_apply__react(w, n);
    case PAR_COMMAND_GROUP_CREATE:
        return par_apply__group_create(w, n);
    case PAR_COMMAND_GROUP_ADD:
        return par_apply__group_add(w, n);
    case PAR_COMMAND_GROUP_REMOVE:
        return par_apply__group_remove(w, n);
    case PAR_COMMAND_GROUP_LEAVE:
        return par_apply__group_leave(w, n);
    case PAR_COMMAND_GROUP_RENAME:
        return par_apply__group_rename(w, n);
    case PAR_COMMAND_GROUP_ROLE:
        return par_apply__group_role(w, n);
    case PAR_COMMAND_MARKS:
        return par_apply__marks(w, n);
    case PAR_COMMAND_CONV_SET:
        return par_apply__conv_set(w, n);
    case PAR_COMMAND_BLOCK:
    case PAR_COMMAND_UNBLOCK:
        return par_apply__block(w, n);
    case PAR_COMMAND_VOID:
        return par_apply__void(w, n);
    case PAR_COMMAND_SEAL:
    case PAR_COMMAND_RULES:
    case PAR_COMMAND_KINDS:
        break;
    }
    PAR_ASSERT(!"a command without a kind");
    return PAR_STEP_LOST;
}

static enum par_step refuse_verdict(struct par_writer *w, const struct par_numbering *n)
{
    (void)par_number__refuse(w, n, n->c->verdict.err, NULL);
    if (!w->no_memory)
        w->releases[w->release_count - 1].verdict = true;
    return PAR_STEP_DONE;
}

static enum par_step answer_known(struct par_writer *w, const struct par_numbering *n,
                                  const struct par_known *known)
{
    /* S2: a retry after a delete has the digest of what was first written. */
    if (memcmp(known->digest, n->c->digest, sizeof known->digest) != 0 &&
        !PAR_MUTANT(S2_DIGEST_IGNORED))
        return par_number__refuse(w, n, PAR_E_CONFLICT, "this cmid was used for something else");
    struct par_release *r = release(w, n, PAR_RELEASE_ANSWER);
    r->seq = known->seq;
    r->ts = known->ts;
    /* A producer that begins anew may append a command twice. Both answers are released together,
     * and the first may come behind the second, so they are the same. */
    r->dup = !known->same_try;
    w->live.duplicates++;
    return PAR_STEP_DONE;
}

/* N1: (1) the cmid, (2) the verdict, (3) roster, floor, last and target as of this command, (4) the
 * number. */
static enum par_step number(struct par_writer *w, struct par_numbering *n)
{
    struct par_known known;
    bool verdict = n->c->verdict.err != PAR_OK;
    if (verdict && PAR_MUTANT(L1_VERDICT_FIRST))
        return refuse_verdict(w, n);
    if (n->st) {
        /* L1: a known cmid goes before every other check, whatever has changed since. */
        if (n->c->cmid.len > 0 && par_cmids__find(w, n, &known))
            return answer_known(w, n, &known);
        if (n->st->damaged)
            return par_number__refuse(w, n, PAR_E_INTERNAL, "this conversation is damaged");
        if (waits(w, n))
            return PAR_STEP_CUT;
        n->self = par_conv__member(n->st, n->c->sender);
    }
    if (verdict)
        return refuse_verdict(w, n);
    if (changes_roster(n->c->kind)) {
        enum par_step step = par_roster__may_change(w, n->st);
        if (step != PAR_STEP_DONE)
            return step;
    }
    return apply(w, n);
}

enum par_step par_number__command(struct par_writer *w, uint32_t index)
{
    struct par_numbering n = {
        .c = &w->commands[index],
        .index = index,
        .stamp = par_stamp(w->generation, w->records[index].offset),
        .time_ms = w->records[index].time_ms,
    };
    if (n.c->kind != PAR_COMMAND_MARKS) {
        n.st = par_conv__state(w, &n.c->conv, n.stamp);
        if (!n.st)
            return PAR_STEP_LOST;
    }
    uint64_t last = n.st ? n.st->last_seq : 0;
    enum par_step step = number(w, &n);
    if (w->no_memory)
        return PAR_STEP_LOST;
    if (step == PAR_STEP_DONE && n.st && n.st->foreseen &&
        !par_foreseen__holds(w, n.st, last, n.stamp))
        return PAR_STEP_STOP;
    return step;
}
