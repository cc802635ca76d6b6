/* Rules about how a world ends: all were told, devices and the store hold the log, nothing waits.
 */
#include "check/check_private.h"

static void see(struct par_check *c, const struct par_ck_conv *conv)
{
    for (struct par_ck_seat *s = conv->seats; s; s = s->next_of_conv)
        s->seen = par_check__alloc(c, conv->top / 8 + 1);
    for (uint32_t i = 0; i < conv->sights.count; i++) {
        const struct par_ck_sight *s = PAR_CK_AT(&conv->sights, struct par_ck_sight, i);
        bool received =
            s->source == PAR_CK_EVENT || s->source == PAR_CK_PAGE || s->source == PAR_CK_ROW;
        struct par_ck_seat *seat =
            received && s->line < c->end && s->user
                ? par_check__seat(c, (struct par_ck_conv *)conv, s->user, false)
                : NULL;
        if (seat && seat->seen)
            seat->seen[(s->entry.seq - 1) / 8] |= (uint8_t)(1 << (s->entry.seq - 1) % 8);
    }
}

/* Entries of a stay before the present one, in a group that shows them no more: what was lost
 * unseen on the way cannot be made good, since nothing tells of it any longer. */
static bool out_of_sight(const struct par_check *c, const struct par_ck_seat *seat, uint64_t seq)
{
    uint64_t first, last;
    return c->silence && par_check__range(seat, &first, &last) && (seq < first || seq > last);
}

bool par_check__perhaps_deleted(const struct par_check *c, const struct par_ck_conv *conv,
                                uint64_t seq, uint32_t line)
{
    for (uint32_t i = 0; i < c->requests.count; i++) {
        const struct par_ck_request *r = *PAR_CK_AT(&c->requests, struct par_ck_request *, i);
        if (r->op == PAR_CK_DELETE && r->conv == conv && r->body.target == seq && r->asked < line &&
            (r->got == PAR_CHECK_NEVER || r->retry))
            return true;
    }
    return false;
}

void par_check__rule_told(struct par_check *c, struct par_ck_conv *conv)
{
    if (!c->push || c->end == PAR_CHECK_NEVER)
        return;
    see(c, conv);
    for (const struct par_ck_seat *s = conv->seats; s; s = s->next_of_conv) {
        if (s->muted || !s->seen || !s->user->declared || !par_check__surely_in(s, c->end, c->end))
            continue;
        for (uint64_t seq = s->pushed + 1; seq < conv->sure; seq++) {
            const struct par_ck_slot *slot = par_check__slot(conv, seq);
            const struct par_ck_entry *e = &slot->sight->entry;
            bool seen = s->seen[(seq - 1) / 8] >> (seq - 1) % 8 & 1;
            if (seen || e->kind != PAR_CK_KIND_TEXT || e->from == s->user->id || slot->deleted_by ||
                !par_check__member_at(s, seq) || out_of_sight(c, s, seq) ||
                par_check__below(&s->asked_read, c->end) >= seq ||
                par_check__perhaps_deleted(c, conv, seq, PAR_CHECK_NEVER))
                continue;
            par_check__broken(c, PAR_RULE_TOLD, slot->sight->line, 0, 0,
                              "%.*s %llu reached no device of %llu, and no push job was made",
                              PAR_STR_ARGS(conv->id), (unsigned long long)seq,
                              (unsigned long long)s->user->id);
        }
    }
}

static const char *holder(const struct par_ck_hold *h, struct par_str *name_r)
{
    *name_r = h->device ? h->device->name : PAR_STR("");
    return h->device ? "the device " : "the store";
}

static void hold_wrong(struct par_check *c, const struct par_ck_conv *conv,
                       const struct par_ck_hold *h, uint32_t other, const char *why, uint64_t seq)
{
    struct par_str name;
    const char *who = holder(h, &name);
    par_check__broken(c, PAR_RULE_HEALED, h->line, other, 0, "%s%.*s, %.*s: %s %llu", who,
                      PAR_STR_ARGS(name), PAR_STR_ARGS(conv->id), why, (unsigned long long)seq);
}

static void one_hold(struct par_check *c, struct par_ck_conv *conv, const struct par_ck_hold *h)
{
    const struct par_ck_seat *seat =
        h->device ? par_check__seat(c, conv, h->device->user, false) : NULL;
    uint64_t first = 1, last = conv->top;
    if (h->device && (!seat || !par_check__range(seat, &first, &last)))
        return;
    uint64_t want = h->first <= h->last ? h->last - h->first + 1 : 0;
    for (uint32_t i = 0; i < h->count; i++) {
        uint64_t seq = PAR_CK_AT(&conv->sights, struct par_ck_sight, h->first_sight + i)->entry.seq;
        if (i < want && seq == h->first + i)
            continue;
        par_check__broken(c, PAR_RULE_DENSE, h->line, 0, 0, "%.*s: %llu is held out of place",
                          PAR_STR_ARGS(conv->id), (unsigned long long)seq);
        return;
    }
    if (h->count < want)
        hold_wrong(c, conv, h, 0, "an entry is missing at", h->first + h->count);
    if (h->last < last)
        hold_wrong(c, conv, h, par_check__slot(conv, last) ? par_check__known(conv, last) : 0,
                   "it ends before", last);
    if ((c->whole || !h->device) && h->first > first)
        hold_wrong(c, conv, h, 0, "it begins behind", first);
}

static bool holds(const struct par_ck_device *d, const struct par_ck_conv *conv)
{
    for (uint32_t i = 0; i < d->holds.count; i++)
        if (*PAR_CK_AT(&d->holds, struct par_ck_conv *, i) == conv)
            return true;
    return false;
}

void par_check__rule_healed(struct par_check *c)
{
    if (c->end == PAR_CHECK_NEVER)
        return;
    for (uint32_t i = 0; i < c->conv_list.count; i++) {
        struct par_ck_conv *conv = *PAR_CK_AT(&c->conv_list, struct par_ck_conv *, i);
        for (uint32_t k = 0; k < conv->holds.count; k++)
            one_hold(c, conv, PAR_CK_AT(&conv->holds, struct par_ck_hold, k));
    }
    for (uint32_t i = 0; i < c->device_list.count; i++) {
        const struct par_ck_device *d = *PAR_CK_AT(&c->device_list, struct par_ck_device *, i);
        uint64_t first, last;
        for (const struct par_ck_seat *s = d->told ? d->user->seats : NULL; s; s = s->next_of_user)
            if (par_check__range(s, &first, &last) && !holds(d, s->conv))
                par_check__broken(c, PAR_RULE_HEALED, d->told, par_check__known(s->conv, last), 0,
                                  "the device %.*s holds nothing of %.*s", PAR_STR_ARGS(d->name),
                                  PAR_STR_ARGS(s->conv->id));
    }
}

void par_check__rule_stuck(struct par_check *c)
{
    for (uint32_t i = 0; i < c->requests.count; i++) {
        const struct par_ck_request *r = *PAR_CK_AT(&c->requests, struct par_ck_request *, i);
        if (c->end != PAR_CHECK_NEVER && r->got == PAR_CHECK_NEVER && r->conn->via == PAR_CK_WS &&
            r->conn->closed == PAR_CHECK_NEVER && r->op != PAR_CK_NO_OP)
            par_check__broken(c, PAR_RULE_STUCK, r->asked, 0, 0,
                              "never answered, and the connection is still there");
        /* Faults have stopped so long ago that none may be left. */
        if (r->got != PAR_CHECK_NEVER && c->heal != PAR_CHECK_NEVER &&
            r->asked_t >= c->heal_t + c->healing_ms &&
            (r->code == PAR_CK_E_UNAVAILABLE || r->code == PAR_CK_E_INTERNAL))
            par_check__broken(c, PAR_RULE_STUCK, c->heal, r->asked, r->got,
                              "still refused for a fault, though all have stopped");
    }
}
