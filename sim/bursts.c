/* A burst: several users change and read one conversation at once, by HTTP, so that the writer has
 * many commands about it in one take. Nobody tries any of them again. */
#include "sim/device.h"

#include <stdio.h>
#include <stdlib.h>

enum { TAKES_PART = 3, READS_BEFORE = 4, MEMBERS_MAX = 256 };

struct burst {
    struct sim_device *from;
    struct sim_device *by; /* of the write that is drawn */
    const char *conv;
    bool direct;
    uint64_t newest; /* as far as the device knows */
    char members[MEMBERS_MAX];
};

/* Somebody's device that is on. */
static struct sim_device *some_device(struct sim_device *d)
{
    struct sim_devices *all = d->all;
    for (int i = 0; i < TAKES_PART; i++) {
        struct sim_device *other = &all->device[sim_random_below(&d->random, all->device_count)];
        if (other->running && !other->dying)
            return other;
    }
    return d;
}

static uint64_t some_user(struct sim_device *d)
{
    return d->all->users[sim_random_below(&d->random, d->all->user_count)].id;
}

/* The member that every write has. */
static size_t begin(struct burst *b, bool written)
{
    size_t n = (size_t)snprintf(b->members, MEMBERS_MAX, "\"conv\":\"%s\"", b->conv);
    if (written)
        n += (size_t)snprintf(b->members + n, MEMBERS_MAX - n, ",\"cmid\":\"burst-%s-%u\"",
                              b->by->name, ++b->by->cmids);
    return n;
}

#define AND(b, n, ...) snprintf((b)->members + (n), MEMBERS_MAX - (n), __VA_ARGS__)

static void text(struct burst *b)
{
    AND(b, begin(b, true), ",\"text\":\"in a burst %u\"", b->by->cmids);
    sim_device_call(b->by, "send", b->members);
}

static void newest(struct burst *b, const char *op)
{
    uint64_t seq = b->newest > 2 ? b->newest - sim_random_below(&b->from->random, 3) : 1;
    size_t n = begin(b, true);
    if (op[0] == 'e')
        AND(b, n, ",\"seq\":%llu,\"text\":\"edited %u\"", (unsigned long long)seq, b->by->cmids);
    else
        AND(b, n, ",\"seq\":%llu", (unsigned long long)seq);
    sim_device_call(b->by, op, b->members);
}

/* The other one of a direct conversation: `d.LOW.HIGH`. */
static uint64_t other_of(const struct burst *b)
{
    char *end;
    uint64_t low = strtoull(b->conv + 2, &end, 10), high = strtoull(end + 1, NULL, 10);
    return b->by->user->id == low ? high : low;
}

static void roster(struct burst *b, bool adds)
{
    if (b->direct) {
        snprintf(b->members, MEMBERS_MAX, "\"user\":\"%llu\"", (unsigned long long)other_of(b));
        sim_device_call(b->by, adds ? "unblock" : "block", b->members);
        return;
    }
    AND(b, begin(b, true), ",\"users\":[\"%llu\"]", (unsigned long long)some_user(b->from));
    sim_device_call(b->by, adds ? "group.add" : "group.remove", b->members);
}

/* Now, and again and again for a while. */
static void reads(struct burst *b)
{
    sim_device_look(b->by, b->conv, (unsigned)sim_random_in(&b->from->random, 1, 6));
}

static void one(struct burst *b)
{
    struct sim_random *r = &b->from->random;
    b->by = sim_random_below(r, 3) ? some_device(b->from) : b->from;
    switch (sim_random_below(r, 16)) {
    case 0:
    case 1:
        roster(b, false);
        break;
    case 2:
    case 3:
        roster(b, true);
        break;
    case 4:
        newest(b, "edit");
        break;
    case 5:
    case 6:
        newest(b, "delete");
        break;
    case 7:
    case 8:
    case 9:
        reads(b);
        break;
    case 10:
        b->by = some_device(b->from);
        sim_device_call(b->by, "sync", "\"limit\":3");
        break;
    default:
        text(b);
        break;
    }
}

void sim_device_look_again(struct par_timer *timer)
{
    enum { EVERY_MS = 300 };
    struct sim_device *d = PAR_CONTAINER(timer, struct sim_device, look);
    char members[MEMBERS_MAX];
    if (!d->running || d->dying || d->looks == 0 || d->all->act_ms == 0)
        return;
    snprintf(members, sizeof members, "\"conv\":\"%s\",\"limit\":20", d->look_at);
    sim_device_call(d, "history", members);
    if (--d->looks)
        par_timer_set(d->all->loop, timer, sim_random_below(&d->random, 2 * EVERY_MS));
}

void sim_device_look(struct sim_device *d, const char *conv, unsigned times)
{
    par_timer_cancel(&d->look);
    snprintf(d->look_at, sizeof d->look_at, "%s", conv);
    d->looks = times;
    sim_device_look_again(&d->look);
}

/* One is taken out, the others go on, and who was taken out goes on reading; the next time they
 * are let in again. */
static void removal(struct burst *b)
{
    struct sim_device *d = b->from, *out = d->taken_out ? d->taken_out : some_device(d);
    if (out->user == d->user)
        return;
    b->by = d;
    if (d->taken_out) {
        d->taken_out = NULL;
        AND(b, begin(b, true), ",\"users\":[\"%llu\"]", (unsigned long long)out->user->id);
        sim_device_call(d, "group.add", b->members);
        return;
    }
    d->taken_out = out;
    /* Some of these are read slowly, and seen across what follows. */
    AND(b, begin(b, false), ",\"limit\":20");
    for (int i = 0; i < READS_BEFORE; i++)
        sim_device_call(out, "history", b->members);
    AND(b, begin(b, true), ",\"users\":[\"%llu\"]", (unsigned long long)out->user->id);
    sim_device_call(d, "group.remove", b->members);
    for (uint64_t n = sim_random_in(&d->random, 1, 4); n; n--)
        text(b);
    sim_device_look(out, b->conv, (unsigned)sim_random_in(&d->random, 4, 20));
}

/* Any; or the first that its user has made, and so may take others out of. */
static const struct par_sdk_conv *some_conv(struct sim_device *d, bool own)
{
    const struct par_sdk_conv *found = NULL;
    uint64_t count = 0;
    for (const struct par_sdk_conv *c = par_sdk_conv_after(d->sdk, NULL); c;
         c = par_sdk_conv_after(d->sdk, c)) {
        const struct par_sdk_entry *first = own && !c->direct ? par_sdk_entry(c, 1) : NULL;
        if (first && first->from == d->user->id)
            return c;
        if (!own && sim_random_below(&d->random, ++count) == 0)
            found = c;
    }
    return found;
}

static void make_group(struct sim_device *d)
{
    enum { MOST = 32 };
    char members[MOST * 24 + 160];
    size_t n = (size_t)snprintf(
        members, sizeof members,
        "\"cmid\":\"burst-%s-%u\",\"name\":\"all\",\"history\":\"%s\",\"members\":[", d->name,
        ++d->cmids, sim_random_below(&d->random, 4) ? "all" : "joined");
    for (unsigned i = 0; i < d->all->user_count && i < MOST; i++)
        n += (size_t)snprintf(members + n, sizeof members - n, "%s\"%llu\"", i ? "," : "",
                              (unsigned long long)d->all->users[i].id);
    snprintf(members + n, sizeof members - n, "]");
    sim_device_call(d, "group.create", members);
}

void sim_device_burst(struct sim_device *d, bool takes_out)
{
    char id[80];
    const struct par_sdk_conv *conv = some_conv(d, takes_out);
    if (!conv && takes_out)
        make_group(d);
    if (!conv)
        return;
    snprintf(id, sizeof id, "%.*s", PAR_STR_ARGS(conv->id));
    struct burst b = {.from = d, .conv = id, .direct = conv->direct, .newest = conv->hi};
    if (takes_out) {
        removal(&b);
        return;
    }
    for (uint64_t n = sim_random_in(&d->random, 2, d->all->burst_max ? d->all->burst_max : 2); n;
         n--)
        one(&b);
}
