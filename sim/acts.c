/* What users do on their devices, drawn one by one. */
#include "sim/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASKS_MAX = 20, TEXT_MAX = 3000, ITEMS_MAX = 40 };

static int64_t now_of(const struct sim_device *d)
{
    return (int64_t)par_loop_now_ms(d->all->loop);
}

static const struct par_sdk_conv *some_conv(struct sim_device *d, bool group)
{
    const struct par_sdk_conv *found = NULL;
    uint64_t count = 0;
    for (const struct par_sdk_conv *c = par_sdk_conv_after(d->sdk, NULL); c;
         c = par_sdk_conv_after(d->sdk, c))
        if ((!group || !c->direct) && sim_random_below(&d->random, ++count) == 0)
            found = c;
    return found;
}

static const struct par_sdk_entry *some_entry(struct sim_device *d, const struct par_sdk_conv *conv,
                                              bool own)
{
    if (!conv->hi)
        return NULL;
    for (int i = 0; i < 8; i++) {
        const struct par_sdk_entry *e =
            par_sdk_entry(conv, sim_random_in(&d->random, conv->lo, conv->hi));
        if (e && e->kind == PAR_SDK_TEXT && (!own || e->from == d->user->id))
            return e;
    }
    return NULL;
}

static struct sim_user *some_user(struct sim_device *d, bool other)
{
    struct sim_devices *all = d->all;
    unsigned i = (unsigned)sim_random_below(&d->random, all->user_count);
    if (other && i == d->user->index)
        i = (i + 1) % all->user_count;
    return &all->users[i];
}

static const char *some_text(struct sim_device *d)
{
    static char text[TEXT_MAX + 64];
    size_t n = (size_t)snprintf(text, sizeof text, "%s %u ", d->name, ++d->cmids);
    size_t more = sim_random_skew(&d->random, 0, 60);
    if (sim_random_below(&d->random, 30) == 0)
        more = sim_random_below(&d->random, TEXT_MAX);
    for (size_t i = 0; i < more; i++)
        text[n++] = (char)('a' + sim_random_below(&d->random, 26));
    text[n] = 0;
    return text;
}

static void write_item(struct sim_device *d, const struct par_sdk_write *w)
{
    if (par_sdk_waiting(d->sdk) >= ITEMS_MAX)
        return;
    enum par_err err = par_sdk_write(d->sdk, now_of(d), w, NULL);
    if (err && err != PAR_E_OVERLOADED && err != PAR_E_BAD_REQUEST && !d->dying)
        sim_fail("sdk", "%s: a write is refused with error %d", d->name, (int)err);
}

static void send(struct sim_device *d, bool group)
{
    struct par_sdk_write w = {.op = PAR_OP_SEND};
    const struct par_sdk_conv *conv = group ? some_conv(d, true) : NULL;
    if (group && !conv)
        return;
    if (conv)
        w.conv = conv->id;
    else
        w.to = some_user(d, true)->id;
    if (conv && conv->hi && sim_random_below(&d->random, 8) == 0)
        w.reply_to = sim_random_in(&d->random, conv->lo, conv->hi);
    w.text = par_str(some_text(d));
    write_item(d, &w);
}

static void change(struct sim_device *d, enum par_op op)
{
    const struct par_sdk_conv *conv = some_conv(d, false);
    const struct par_sdk_entry *e = conv ? some_entry(d, conv, op != PAR_OP_REACT) : NULL;
    if (!e)
        return;
    static const char *const emojis[] = {"+1", "heart", "\xF0\x9F\x98\x80"};
    struct par_sdk_write w = {.op = op, .conv = conv->id, .seq = e->seq};
    if (op == PAR_OP_EDIT)
        w.text = par_str(some_text(d));
    if (op == PAR_OP_REACT) {
        w.emoji = par_str(emojis[sim_random_below(&d->random, 3)]);
        w.on = sim_random_below(&d->random, 3) != 0;
    }
    write_item(d, &w);
}

static void of_group(struct sim_device *d, enum par_op op)
{
    uint64_t users[4];
    struct par_sdk_write w = {.op = op, .users = users};
    if (op != PAR_OP_GROUP_CREATE) {
        const struct par_sdk_conv *conv = some_conv(d, true);
        if (!conv)
            return;
        w.conv = conv->id;
    }
    if (op == PAR_OP_GROUP_CREATE || op == PAR_OP_GROUP_ADD || op == PAR_OP_GROUP_REMOVE) {
        w.user_count = (uint32_t)sim_random_in(&d->random, 1, 1 + sim_random_below(&d->random, 4));
        for (uint32_t i = 0; i < w.user_count; i++)
            users[i] = some_user(d, true)->id;
    }
    if (op == PAR_OP_GROUP_CREATE || op == PAR_OP_GROUP_RENAME)
        w.name = par_str(some_text(d));
    if (w.name.len > 40)
        w.name.len = 40;
    if (op == PAR_OP_GROUP_CREATE)
        w.history_joined = sim_random_below(&d->random, 3) == 0;
    if (op == PAR_OP_GROUP_ROLE) {
        static const char *const roles[] = {"owner", "admin", "member"};
        w.user = some_user(d, false)->id;
        w.role = par_str(roles[sim_random_below(&d->random, 3)]);
    }
    write_item(d, &w);
}

/* On its socket, or by HTTP. */
static void ask(struct sim_device *d, const char *op, const char *members)
{
    if (sim_random_below(&d->random, 4) == 0)
        sim_device_call(d, op, members);
    else
        sim_device_ask(d, op, members, 0);
}

static void ask_conv(struct sim_device *d, const char *op, const char *more)
{
    char members[256];
    const struct par_sdk_conv *conv = some_conv(d, false);
    if (!conv)
        return;
    snprintf(members, sizeof members, "\"conv\":\"%.*s\"%s", PAR_STR_ARGS(conv->id), more);
    ask(d, op, members);
}

static void history(struct sim_device *d)
{
    char more[96];
    const struct par_sdk_conv *conv = some_conv(d, false);
    if (!conv)
        return;
    static const char *const by[] = {"before_seq", "after_seq", "around_seq"};
    uint64_t kind = sim_random_below(&d->random, 5), limit = sim_random_in(&d->random, 1, 20);
    const struct par_sdk_entry *e = conv->hi ? par_sdk_entry(conv, conv->hi) : NULL;
    if (kind < 3)
        snprintf(more, sizeof more, ",\"%s\":%llu,\"limit\":%llu", by[kind],
                 (unsigned long long)sim_random_in(&d->random, kind == 1 ? 0 : 1, conv->hi + 2),
                 (unsigned long long)limit);
    else if (kind == 3 && e)
        snprintf(more, sizeof more, ",\"before_ts\":%lld,\"limit\":%llu", (long long)e->ts,
                 (unsigned long long)limit);
    else
        more[0] = 0;
    char members[256];
    snprintf(members, sizeof members, "\"conv\":\"%.*s\"%s", PAR_STR_ARGS(conv->id), more);
    ask(d, "history", members);
}

static void repeat(struct sim_device *d, bool changed)
{
    struct sim_user *u = d->user;
    struct sim_recent *r = &u->recent[sim_random_below(&d->random, SIM_RECENT)];
    if (!r->op)
        return;
    if (!changed) {
        sim_device_call(d, r->op, r->members);
        return;
    }
    /* Only what no outbox will try again: it would take the other for its own. */
    const char *text = strstr(r->members, "\"text\":\"");
    if (!text || !strstr(r->members, "\"cmid\":\"raw-"))
        return;
    char *members = malloc(strlen(r->members) + 8);
    if (!members)
        abort();
    size_t head = (size_t)(text + 8 - r->members);
    memcpy(members, r->members, head);
    strcpy(members + head, "other ");
    strcpy(members + head + 6, r->members + head);
    sim_device_call(d, r->op, members);
    free(members);
}

/* So that it is sent again, perhaps changed. */
static void remember_raw(struct sim_device *d, const char *members)
{
    struct sim_recent *r = &d->user->recent[d->user->recent_next++ % SIM_RECENT];
    free(r->op);
    free(r->members);
    r->op = strdup("send");
    r->members = strdup(members);
}

static void raw_send(struct sim_device *d)
{
    static char members[TEXT_MAX + 256];
    snprintf(members, sizeof members, "\"to\":\"%llu\",\"cmid\":\"raw-%s-%u\",\"text\":\"%s\"",
             (unsigned long long)some_user(d, true)->id, d->name, ++d->cmids, some_text(d));
    remember_raw(d, members);
    sim_device_call(d, "send", members);
}

/* An answer says that no event comes: the core, which knows nothing of it, has to sync. */
static void raw_on_socket(struct sim_device *d)
{
    static char members[TEXT_MAX + 256];
    snprintf(members, sizeof members, "\"to\":\"%llu\",\"cmid\":\"raw-%s-%u\",\"text\":\"%s\"",
             (unsigned long long)some_user(d, true)->id, d->name, ++d->cmids, some_text(d));
    sim_device_ask(d, "send", members, SIM_TAG_RAW);
}

static void settings(struct sim_device *d)
{
    const struct par_sdk_conv *conv = some_conv(d, false);
    if (!conv)
        return;
    struct par_sdk_set_values v = {.mask = 1u << sim_random_below(&d->random, 5),
                                   .muted_until = (int64_t)sim_random_below(&d->random, 2) *
                                                  INT64_C(9999999999999),
                                   .archived = sim_random_below(&d->random, 2),
                                   .pinned = sim_random_below(&d->random, 2),
                                   .marked_unread = sim_random_below(&d->random, 2),
                                   .draft = PAR_STR("a draft")};
    par_sdk_conv_set(d->sdk, now_of(d), conv->id, &v);
}

static void about_user(struct sim_device *d, const char *op, bool list)
{
    char members[64];
    snprintf(members, sizeof members, list ? "\"users\":[\"%llu\"]" : "\"user\":\"%llu\"",
             (unsigned long long)some_user(d, true)->id);
    sim_device_ask(d, op, members, 0);
}

static void watch_all(struct sim_device *d)
{
    enum { MOST = 64 };
    char members[MOST * 24];
    size_t n = (size_t)snprintf(members, sizeof members, "\"users\":[");
    for (unsigned i = 0; i < d->all->user_count && i < MOST; i++)
        n += (size_t)snprintf(members + n, sizeof members - n, "%s\"%llu\"", i ? "," : "",
                              (unsigned long long)d->all->users[i].id);
    snprintf(members + n, sizeof members - n, "]");
    sim_device_ask(d, "watch", members, 0);
}

static void read_on(struct sim_device *d)
{
    const struct par_sdk_conv *conv = some_conv(d, false);
    if (!conv || !conv->hi)
        return;
    uint64_t seq =
        sim_random_below(&d->random, 3) ? conv->hi : sim_random_in(&d->random, conv->lo, conv->hi);
    par_sdk_read(d->sdk, now_of(d), conv->id, seq);
}

static enum sim_act drawn(struct sim_device *d)
{
    uint64_t sum = 0;
    for (int i = 0; i < SIM_ACT_COUNT; i++)
        sum += d->all->mix[i];
    uint64_t x = sim_random_below(&d->random, sum);
    int i = 0;
    while (x >= d->all->mix[i])
        x -= d->all->mix[i++];
    return (enum sim_act)i;
}

void sim_device_act(struct sim_device *d)
{
    enum sim_act what = drawn(d);
    if (d->asks_open > ASKS_MAX)
        return;
    switch (what) {
    case SIM_ACT_SEND:
        send(d, false);
        break;
    case SIM_ACT_SEND_GROUP:
        send(d, true);
        break;
    case SIM_ACT_READ:
        read_on(d);
        break;
    case SIM_ACT_EDIT:
        change(d, PAR_OP_EDIT);
        break;
    case SIM_ACT_DELETE:
        change(d, PAR_OP_DELETE);
        break;
    case SIM_ACT_REACT:
        change(d, PAR_OP_REACT);
        break;
    case SIM_ACT_CREATE:
        of_group(d, PAR_OP_GROUP_CREATE);
        break;
    case SIM_ACT_ADD:
        of_group(d, PAR_OP_GROUP_ADD);
        break;
    case SIM_ACT_REMOVE:
        of_group(d, PAR_OP_GROUP_REMOVE);
        break;
    case SIM_ACT_LEAVE:
        of_group(d, PAR_OP_GROUP_LEAVE);
        break;
    case SIM_ACT_RENAME:
        of_group(d, PAR_OP_GROUP_RENAME);
        break;
    case SIM_ACT_ROLE:
        of_group(d, PAR_OP_GROUP_ROLE);
        break;
    case SIM_ACT_SET:
        settings(d);
        break;
    case SIM_ACT_BLOCK:
        about_user(d, sim_random_below(&d->random, 3) ? "unblock" : "block", false);
        break;
    case SIM_ACT_REPEAT:
        repeat(d, false);
        break;
    case SIM_ACT_RAW:
        raw_send(d);
        break;
    case SIM_ACT_CHANGED:
        repeat(d, true);
        break;
    case SIM_ACT_HISTORY:
        history(d);
        break;
    case SIM_ACT_SYNC:
        ask(d, "sync", sim_random_below(&d->random, 2) ? "\"limit\":3" : "");
        break;
    case SIM_ACT_MEMBERS:
        ask_conv(d, "members", sim_random_below(&d->random, 2) ? ",\"limit\":2" : "");
        break;
    case SIM_ACT_PRESENCE:
        about_user(d, sim_random_below(&d->random, 2) ? "presence" : "watch", true);
        break;
    case SIM_ACT_TYPING:
        ask_conv(d, "typing", ",\"on\":true");
        break;
    case SIM_ACT_BURST:
        sim_device_burst(d, false);
        break;
    case SIM_ACT_TAKE_OUT:
        sim_device_burst(d, true);
        break;
    case SIM_ACT_WATCH_ALL:
        watch_all(d);
        break;
    case SIM_ACT_FLAP:
        sim_device_cut_off(d);
        break;
    case SIM_ACT_RAW_SOCKET:
        raw_on_socket(d);
        break;
    case SIM_ACT_COUNT:
        break;
    }
}
