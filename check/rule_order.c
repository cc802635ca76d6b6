/* Rules about order on a connection: answers, effects, and events. */
#include "check/check_private.h"

/* Operations about one conversation. */
static bool about_one(const struct par_ck_request *r)
{
    return r->conv && r->op != PAR_CK_GROUP_CREATE &&
           (r->body.kind != PAR_CK_KIND_NONE || r->op == PAR_CK_HISTORY || r->op == PAR_CK_TYPING ||
            r->op == PAR_CK_MEMBERS || r->op == PAR_CK_CONV_SET);
}

/* Wrong whatever the state: nothing was done that could have an order. */
static bool not_done(const struct par_ck_request *r)
{
    return r->code == PAR_CK_E_BAD_REQUEST || r->code == PAR_CK_E_TOO_LARGE ||
           r->code == PAR_CK_E_UNKNOWN_OP || r->code == PAR_CK_E_UNAUTHORIZED;
}

static void answer_order(struct par_check *c, const struct par_ck_request *r)
{
    struct par_ck_conv *conv = r->conv;
    if (r->got == PAR_CHECK_NEVER) {
        if (!conv->at_waiting)
            conv->at_waiting = r->asked;
        return;
    }
    if (not_done(r))
        return;
    if (conv->at_waiting)
        par_check__broken(c, PAR_RULE_ANSWER_ORDER, conv->at_waiting, r->asked, r->got,
                          "%.*s: answered, while what was asked before was not",
                          PAR_STR_ARGS(conv->id));
    else if (r->got < conv->at_got)
        par_check__broken(c, PAR_RULE_ANSWER_ORDER, conv->at_got, r->asked, r->got,
                          "%.*s: answered before what was asked before", PAR_STR_ARGS(conv->id));
    if (r->got > conv->at_got)
        conv->at_got = r->got;
}

static void effect_order(struct par_check *c, const struct par_ck_request *r)
{
    struct par_ck_conv *conv = r->conv;
    if (r->got == PAR_CHECK_NEVER || r->code != PAR_CK_OK)
        return;
    if (r->op == PAR_CK_HISTORY && r->page_last >= 0) {
        struct par_ck_seat *seat = par_check__seat(c, conv, r->user, false);
        uint64_t last = (uint64_t)r->page_last;
        if (last < conv->at_seq && seat && par_check__surely_in(seat, r->asked, r->got))
            par_check__broken(c, PAR_RULE_EFFECT_ORDER, r->asked, r->got, 0,
                              "%.*s %llu was written before on this connection, and is not read",
                              PAR_STR_ARGS(conv->id), (unsigned long long)conv->at_seq);
        if (last > conv->at_read)
            conv->at_read = last;
        return;
    }
    if (r->body.kind == PAR_CK_KIND_NONE || r->seq < 1)
        return;
    if (!r->dup && !r->no_entry && (r->seq <= conv->at_seq || r->seq <= conv->at_read))
        par_check__broken(
            c, PAR_RULE_EFFECT_ORDER, r->asked, r->got, 0,
            "%.*s %llu was asked after %llu was %s on this connection", PAR_STR_ARGS(conv->id),
            (unsigned long long)r->seq,
            (unsigned long long)(r->seq <= conv->at_seq ? conv->at_seq : conv->at_read),
            r->seq <= conv->at_seq ? "asked for" : "read");
    if (r->no_entry && r->seq < conv->at_seq)
        par_check__broken(c, PAR_RULE_EFFECT_ORDER, r->asked, r->got, 0,
                          "%.*s: the last seq is below one written before on this connection",
                          PAR_STR_ARGS(conv->id));
    if (r->seq > conv->at_seq)
        conv->at_seq = r->seq;
}

void par_check__rule_order(struct par_check *c)
{
    for (uint32_t i = 0; i < c->conn_list.count; i++) {
        const struct par_ck_conn *conn = *PAR_CK_AT(&c->conn_list, struct par_ck_conn *, i);
        if (conn->via != PAR_CK_WS)
            continue;
        for (const struct par_ck_request *r = conn->first; r; r = r->next_on_conn) {
            if (!about_one(r))
                continue;
            if (r->conv->at != conn) {
                r->conv->at = conn;
                r->conv->at_got = r->conv->at_waiting = 0;
                r->conv->at_seq = r->conv->at_read = 0;
            }
            answer_order(c, r);
            effect_order(c, r);
        }
    }
}

/* Did the connection learn of the entry by its own answer? */
static bool answered_here(struct par_check *c, const struct par_ck_conv *conv, uint64_t seq,
                          const struct par_ck_conn *conn)
{
    const struct par_ck_slot *slot = par_check__slot(conv, seq);
    const struct par_ck_cmid *m =
        slot && slot->cmid.ptr
            ? par_check__cmid(c, slot->sight->entry.from,
                              slot->sight->entry.kind == PAR_CK_KIND_CREATED ? NULL : conv,
                              slot->cmid, false)
            : NULL;
    for (const struct par_ck_request *r = m ? m->first : NULL; r; r = r->next_of_cmid) {
        if (r->conn == conn && r->got != PAR_CHECK_NEVER && r->code == PAR_CK_OK)
            return true;
        /* What a device writes by HTTP does not come back to its own poll session. */
        if (conn->via == PAR_CK_POLL && r->conn->via == PAR_CK_HTTP &&
            r->conn->device == conn->device)
            return true;
    }
    return false;
}

/* Did a sync on this connection tell that the conversation goes so far? What was released before
 * the route was confirmed does not come as an event, and one before it may. */
static bool synced_here(const struct par_check *c, const struct par_ck_conv *conv, uint64_t seq,
                        const struct par_ck_conn *conn, uint32_t line)
{
    for (uint32_t i = 0; i < c->rows.count; i++) {
        const struct par_ck_row *row = PAR_CK_AT(&c->rows, const struct par_ck_row, i);
        if (row->conv == conv && row->request->conn == conn && row->request->got < line &&
            row->last_seq >= seq)
            return true;
    }
    return false;
}

bool par_check__told_to_sync(const struct par_check *c, const struct par_ck_conn *conn,
                             uint32_t after, uint32_t before)
{
    for (uint32_t i = 0; i < c->resets.count; i++) {
        const struct par_ck_reset *reset = PAR_CK_AT(&c->resets, struct par_ck_reset, i);
        if (reset->conn == conn && reset->line > after && reset->line < before)
            return true;
    }
    return false;
}

static void entry_event(struct par_check *c, struct par_ck_conv *conv, const struct par_ck_sight *s)
{
    struct par_ck_conn *conn = s->conn;
    uint64_t seq = s->entry.seq;
    if (!c->silence && conn->next && seq > conn->next &&
        !par_check__told_to_sync(c, conn, conn->at_line, s->line)) {
        struct par_ck_seat *seat = par_check__seat(c, conv, conn->user, false);
        for (uint64_t k = conn->next; k < seq && k < conv->sure && seat; k++) {
            if (!par_check__member_at(seat, k) || answered_here(c, conv, k, conn) ||
                synced_here(c, conv, k, conn, s->line))
                continue;
            par_check__broken(c, PAR_RULE_EVENT_HOLE, conn->at_line, s->line, 0,
                              "%.*s %llu comes, %llu never came on this connection",
                              PAR_STR_ARGS(conv->id), (unsigned long long)seq,
                              (unsigned long long)k);
            break;
        }
    }
    if (seq + 1 > conn->next) {
        conn->next = seq + 1;
        conn->at_line = s->line;
    }
    if (seq > conn->top) {
        conn->top = seq;
        conn->top_line = s->line;
    }
}

void par_check__rule_events(struct par_check *c, struct par_ck_conv *conv)
{
    for (uint32_t i = 0; i < conv->sights.count; i++) {
        const struct par_ck_sight *s = PAR_CK_AT(&conv->sights, struct par_ck_sight, i);
        struct par_ck_conn *conn = s->conn;
        bool answer = s->source == PAR_CK_ANSWER;
        if ((!answer && s->source != PAR_CK_EVENT) || conn->via == PAR_CK_HTTP)
            continue;
        if (conn->at != conv) {
            conn->at = conv;
            conn->next = conn->top = 0;
            conn->at_line = conn->top_line = 0;
        }
        if (!answer)
            entry_event(c, conv, s);
        else if (!s->request->dup && !s->request->no_entry && conn->top > s->entry.seq)
            par_check__broken(c, PAR_RULE_ANSWER_FIRST, s->request->asked, conn->top_line, s->line,
                              "%.*s: the answer with %llu comes after the event %llu",
                              PAR_STR_ARGS(conv->id), (unsigned long long)s->entry.seq,
                              (unsigned long long)conn->top);
    }
}
