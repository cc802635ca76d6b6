/* Unit tests only: commands by chance. */
#include "conv/test_draw.h"

#include <stdio.h>

static uint64_t rng;

void draw_seed(uint64_t seed)
{
    rng = seed * 0x9E3779B97F4A7C15u + 1;
}

uint64_t draw_below(uint64_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (rng >> 11) % n;
}

static const char *const texts[] = {"a", "bb", "ccc", "x"};

static void draw_users(struct drawn *d)
{
    size_t n = draw_below(4);
    for (size_t i = 0; i < n; i++)
        d->users[i] = 1 + draw_below(MODEL_USERS);
    d->c.users = d->users;
    d->c.user_count = par_command_dedup(d->users, n);
}

void draw_command(const struct model *m, struct drawn *d, uint64_t step)
{
    static const uint8_t kinds[] = {
        PAR_COMMAND_SEND,        PAR_COMMAND_SEND,       PAR_COMMAND_SEND,
        PAR_COMMAND_SEND,        PAR_COMMAND_SEND,       PAR_COMMAND_SEND,
        PAR_COMMAND_EDIT,        PAR_COMMAND_EDIT,       PAR_COMMAND_DELETE,
        PAR_COMMAND_DELETE,      PAR_COMMAND_REACT,      PAR_COMMAND_GROUP_CREATE,
        PAR_COMMAND_GROUP_ADD,   PAR_COMMAND_GROUP_ADD,  PAR_COMMAND_GROUP_REMOVE,
        PAR_COMMAND_GROUP_LEAVE, PAR_COMMAND_GROUP_ROLE, PAR_COMMAND_GROUP_RENAME,
        PAR_COMMAND_MARKS,       PAR_COMMAND_MARKS,      PAR_COMMAND_MARKS,
        PAR_COMMAND_CONV_SET,    PAR_COMMAND_BLOCK,      PAR_COMMAND_UNBLOCK};
    *d = (struct drawn){
        .c = {.kind = kinds[draw_below(sizeof kinds)], .sender = 1 + draw_below(MODEL_USERS)}};
    struct par_command *c = &d->c;
    size_t v = draw_below(MODEL_CONVS);
    /* Mostly those who are in. */
    for (int i = 0; i < 3 && !m->conv[v].member[c->sender].in; i++)
        c->sender = 1 + draw_below(MODEL_USERS);
    if (c->kind >= PAR_COMMAND_GROUP_CREATE && c->kind <= PAR_COMMAND_GROUP_ROLE && draw_below(20))
        v = 3 + draw_below(3);
    if (c->kind == PAR_COMMAND_GROUP_CREATE) {
        v = 3 + draw_below(3);
        c->sender = v - 2;
    }
    c->conv = m->conv[v].id;
    c->text = par_str(texts[draw_below(4)]);
    c->target = draw_below(4) ? (m->conv[v].last > 20 ? m->conv[v].last - draw_below(20)
                                                      : draw_below(m->conv[v].last + 2))
                              : draw_below(m->conv[v].last + 2);
    c->on = draw_below(2);
    c->group_members = 6;
    c->history = PAR_HISTORY_ALL;
    if (c->kind == PAR_COMMAND_SEND && draw_below(3) == 0)
        c->reply_to = 1 + draw_below(m->conv[v].last + 1);
    if (c->kind < PAR_COMMAND_MARKS) {
        if (c->kind == PAR_COMMAND_GROUP_CREATE)
            snprintf(d->cmid, sizeof d->cmid, "create");
        else if (draw_below(6) == 0)
            snprintf(d->cmid, sizeof d->cmid, "k%d", (int)draw_below(30));
        else
            snprintf(d->cmid, sizeof d->cmid, "s%d", (int)step);
        c->cmid = par_str(d->cmid);
        if (draw_below(25) == 0)
            c->verdict.err = PAR_E_RATE_LIMITED;
    }
    switch (c->kind) {
    case PAR_COMMAND_GROUP_CREATE:
        d->users[0] = 1 + draw_below(MODEL_USERS);
        d->users[1] = 4;
        c->users = d->users;
        c->user_count = d->users[0] == 4 ? 1 : 2;
        c->history = v == 5 ? PAR_HISTORY_JOINED : PAR_HISTORY_ALL;
        break;
    case PAR_COMMAND_GROUP_ADD:
    case PAR_COMMAND_GROUP_REMOVE:
        draw_users(d);
        break;
    case PAR_COMMAND_GROUP_ROLE:
        d->users[0] = 1 + draw_below(MODEL_USERS);
        c->users = d->users;
        c->user_count = 1;
        c->role = (uint8_t)(1 + draw_below(3));
        break;
    case PAR_COMMAND_MARKS:
        c->conv = (struct par_conv){0};
        c->mark_count = draw_below(3);
        c->marks = d->marks;
        c->show_read = draw_below(3);
        for (size_t i = 0; i < c->mark_count; i++) {
            size_t k = draw_below(3) ? v : draw_below(MODEL_CONVS);
            d->marks[i] =
                (struct par_command_mark){m->conv[k].id, draw_below(m->conv[k].last + 5),
                                          draw_below(2) ? draw_below(m->conv[k].last + 5) : 0};
        }
        break;
    case PAR_COMMAND_CONV_SET:
        c->settings = (struct par_settings){.set = PAR_SET_ARCHIVED, .archived = draw_below(2)};
        break;
    case PAR_COMMAND_SEND:
    case PAR_COMMAND_EDIT:
    case PAR_COMMAND_REACT:
    case PAR_COMMAND_GROUP_RENAME:
        break;
    default:
        c->text = (struct par_str){0};
        break;
    }
    if (c->kind != PAR_COMMAND_REACT)
        c->on = false;
    if (c->kind != PAR_COMMAND_EDIT && c->kind != PAR_COMMAND_DELETE &&
        c->kind != PAR_COMMAND_REACT)
        c->target = 0;
    if (c->kind >= PAR_COMMAND_GROUP_ADD && c->kind != PAR_COMMAND_GROUP_RENAME)
        c->text = (struct par_str){0};
}

void draw_again(struct drawn *d, const struct drawn *first)
{
    *d = *first;
    if (first->c.cmid.len)
        d->c.cmid = par_str(d->cmid);
    if (first->c.users)
        d->c.users = d->users;
    if (first->c.marks)
        d->c.marks = d->marks;
}
