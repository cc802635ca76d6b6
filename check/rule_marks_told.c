/* The rule that a mark which moved is told: grey and blue ticks come without being asked for. */
#include "check/check_private.h"

enum { FEW = 50 }; /* in larger groups one hears of the least of all others */

/* The newest ack of a seat that surely moved its mark. */
struct move {
    const struct par_ck_request *ack;
    uint64_t to;
};

static struct move newest_move(const struct par_check *c, const struct par_ck_seat *seat, bool read)
{
    const struct par_ck_ladder *asked = read ? &seat->asked_read : &seat->asked_delivered;
    struct move found = {NULL, 0};
    uint64_t begins = 0;
    for (uint32_t i = 0; i < seat->stays.count; i++)
        begins = PAR_CK_AT(&seat->stays, struct par_ck_stay, i)->joined - 1;
    for (uint32_t i = c->requests.count; i-- > 0 && !found.ack;) {
        const struct par_ck_request *r = *PAR_CK_AT(&c->requests, struct par_ck_request *, i);
        if (r->op != PAR_CK_ACK || r->user != seat->user || r->got >= c->end ||
            r->code != PAR_CK_OK)
            continue;
        for (uint32_t k = 0; k < r->ref_count; k++) {
            if (r->refs[k].conv != seat->conv || r->refs[k].read != read)
                continue;
            uint64_t last = par_check__below(&seat->conv->known, r->asked);
            uint64_t to = r->refs[k].seq < last ? r->refs[k].seq : last;
            if (to > begins && to > par_check__below(asked, r->asked))
                found = (struct move){r, to};
        }
    }
    return found;
}

static bool was_told(const struct par_ck_conv *conv, const struct par_ck_conn *conn,
                     const struct par_ck_seat *seat, const struct move *m, bool read)
{
    for (uint32_t i = conv->marks.count; i-- > 0;) {
        const struct par_ck_mark *mark = PAR_CK_AT(&conv->marks, struct par_ck_mark, i);
        if (mark->line < m->ack->asked)
            return false;
        if (mark->conn == conn && mark->user == seat->user->id &&
            (read ? mark->read : mark->delivered) >= m->to)
            return true;
    }
    return false;
}

/* Did the connection itself ask for as much? Then it may have been what moved the mark. */
static bool asked_itself(const struct par_ck_conn *conn, const struct par_ck_conv *conv,
                         const struct move *m)
{
    for (const struct par_ck_request *r = conn->first; r; r = r->next_on_conn)
        for (uint32_t k = 0; r->op == PAR_CK_ACK && k < r->ref_count; k++)
            if (r->refs[k].conv == conv && r->refs[k].seq >= m->to)
                return true;
    return false;
}

static void one_move(struct par_check *c, struct par_ck_conv *conv, const struct par_ck_seat *seat,
                     bool read)
{
    struct move m = newest_move(c, seat, read);
    if (!m.ack || !par_check__surely_in(seat, m.ack->asked, c->end))
        return;
    for (uint32_t i = 0; i < c->conn_list.count; i++) {
        const struct par_ck_conn *conn = *PAR_CK_AT(&c->conn_list, struct par_ck_conn *, i);
        if (conn->via != PAR_CK_WS || conn == m.ack->conn || !conn->signed_in ||
            conn->signed_in >= m.ack->asked || conn->closed < c->end ||
            (read && conn->user != seat->user && seat->user->ever_hid_read))
            continue;
        struct par_ck_seat *other = par_check__seat(c, conv, conn->user, false);
        if (!other || !par_check__surely_in(other, m.ack->asked, c->end) ||
            par_check__told_to_sync(c, conn, m.ack->asked, c->end) ||
            (conn->user == seat->user && asked_itself(conn, conv, &m)) ||
            was_told(conv, conn, seat, &m, read))
            continue;
        par_check__broken(c, PAR_RULE_MARKS_TOLD, conn->signed_in, m.ack->asked, m.ack->got,
                          "%llu %s up to %.*s %llu, and a connection of %llu never heard of it",
                          (unsigned long long)seat->user->id, read ? "has read" : "holds",
                          PAR_STR_ARGS(conv->id), (unsigned long long)m.to,
                          (unsigned long long)conn->user->id);
    }
}

void par_check__rule_marks_told(struct par_check *c, struct par_ck_conv *conv)
{
    uint32_t seats = 0;
    for (const struct par_ck_seat *s = conv->seats; s; s = s->next_of_conv)
        seats++;
    if (c->silence || c->end == PAR_CHECK_NEVER || seats > FEW)
        return;
    for (const struct par_ck_seat *s = conv->seats; s; s = s->next_of_conv) {
        one_move(c, conv, s, false);
        one_move(c, conv, s, true);
    }
}
