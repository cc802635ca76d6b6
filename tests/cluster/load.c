/* Hundreds of clients of a running cluster: the simulator's devices (sim/device.c) on real sockets,
 * in circles of a few users who write to each other. What all of them ask and see is written down
 * as one history for parley-check; how long things take is printed once a second as JSON, and what
 * took too long on standard error, with the ms since the fault.
 *
 *   cluster-load HOST:PORT TOKENS HISTORY CIRCLES MESSAGES_PER_SECOND SEED
 *
 * TOKENS is a file that `parley admin users create --tokens` wrote. Lines of standard input rule
 * it: "slow MS" (what takes longer is not health), "fault TEXT" (from here on health is measured),
 * "note TEXT", "heal" (there will be no more faults),
 * "stop": nobody writes any more; when all is settled everybody reads all, and it ends. Exit codes:
 * 0 done, 1 not settled in time, 2 wrong arguments, 3 the clients saw what cannot be. */
#include "sim/device.h"
#include "sim/reads.h"
#include "tests/cluster/load.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    CIRCLE = 5, /* users in each */
    CIRCLES_MAX = 400,
    RECENT = 4096, /* writes of a device whose time is known */
    SETTLE_MS = 300000,
    REST_MS = 5000, /* marks follow what they mark, a few of them a second */
    READS_MS = 300000,
    HEALING_MS = 600000,
    PRESENCE_MS = 60000,
    START_MS = 60000,
};

/* When a device wrote, by the counter in its texts. */
struct written {
    uint32_t number;
    int64_t at;
};

struct circle {
    struct sim_devices devices;
    struct sim_user users[CIRCLE];
    struct sim_device device[CIRCLE];
    struct written written[CIRCLE][RECENT];
    int64_t waits_since[CIRCLE]; /* for the answer to a write, without an end; 0: it does not */
};

static struct {
    struct par_loop *loop;
    struct circle *circles;
    unsigned count;
    struct sim_server balancer;
    FILE *history;
    bool stopping;
    int64_t slow_ms;             /* an ack or a delivery that takes longer is not health */
    int64_t fault_at, healed_at; /* -1: none */
    /* Measured. */
    uint64_t written, acked, delivered;
    int64_t last_ack, longest_gap, longest_ack, longest_delivery;
    int64_t unhealthy;    /* the last time at which something was slow, or somebody not connected */
    uint64_t buckets[64]; /* acks of this second by the power of two of their ms */
} l;

/* Weights: people write much more than they do anything else. */
static const uint8_t mix[SIM_ACT_COUNT] = {
    [SIM_ACT_SEND] = 70,  [SIM_ACT_SEND_GROUP] = 40, [SIM_ACT_READ] = 20,   [SIM_ACT_EDIT] = 4,
    [SIM_ACT_DELETE] = 3, [SIM_ACT_REACT] = 4,       [SIM_ACT_CREATE] = 1,  [SIM_ACT_ADD] = 1,
    [SIM_ACT_REMOVE] = 1, [SIM_ACT_RENAME] = 1,      [SIM_ACT_ROLE] = 1,    [SIM_ACT_SET] = 1,
    [SIM_ACT_REPEAT] = 4, [SIM_ACT_RAW] = 2,         [SIM_ACT_CHANGED] = 2, [SIM_ACT_HISTORY] = 5,
    [SIM_ACT_SYNC] = 2,   [SIM_ACT_PRESENCE] = 1,
};

static int64_t now(void)
{
    return sim_history_t();
}

static struct circle *circle_of(struct sim_device *d)
{
    return PAR_CONTAINER(d->all, struct circle, devices);
}

static void keep_history(void)
{
    fwrite(sim_history.buf.data, 1, sim_history.buf.len, l.history);
    fflush(l.history);
    par_buf_clear(&sim_history.buf);
}

/* ---- measuring ---- */

static void slow(const struct sim_device *d, const char *what, struct par_str text, int64_t took)
{
    if (took <= l.slow_ms)
        return;
    l.unhealthy = now();
    fprintf(stderr, "%lld: %s: %s of %.*s took %lld\n",
            (long long)(now() - (l.fault_at >= 0 ? l.fault_at : 0)), d->name, what,
            (int)(text.len < 12 ? text.len : 12), text.ptr, (long long)took);
}

/* Texts begin with the device's name and a counter: "7.3-1 42 …". */
static struct written *place_of(struct circle *c, struct par_str text, uint32_t *number_r)
{
    unsigned circle, user, n;
    char head[48];
    snprintf(head, sizeof head, "%.*s", (int)(text.len < 47 ? text.len : 47), text.ptr);
    if (sscanf(head, "%u.%u-1 %u", &circle, &user, &n) != 3 || user >= CIRCLE)
        return NULL;
    *number_r = n;
    return &c->written[user][n % RECENT];
}

static void on_item(struct sim_device *d, const struct par_sdk_item *item)
{
    uint32_t number;
    if (item->write->op != PAR_OP_SEND || !item->write->text.ptr)
        return;
    struct written *w = place_of(circle_of(d), item->write->text, &number);
    if (!w)
        return;
    if (item->state == PAR_SDK_SENDING && w->number != number) {
        *w = (struct written){number, now()};
        l.written++;
    } else if (item->state == PAR_SDK_SENT) {
        int64_t took = w->number == number ? now() - w->at : 0;
        int64_t gap = now() - l.last_ack;
        l.acked++;
        l.longest_ack = took > l.longest_ack ? took : l.longest_ack;
        if (!l.stopping && l.acked > 1)
            l.longest_gap = gap > l.longest_gap ? gap : l.longest_gap;
        l.last_ack = now();
        slow(d, "ack", item->write->text, took);
        int bucket = 0;
        while (took >> bucket && bucket < 63)
            bucket++;
        l.buckets[bucket]++;
    }
}

static void on_entry(struct sim_device *d, const struct par_sdk_entry *entry)
{
    uint32_t number;
    if (entry->kind != PAR_SDK_TEXT || entry->from == d->user->id || !entry->text.ptr)
        return;
    struct written *w = place_of(circle_of(d), entry->text, &number);
    if (!w || w->number != number)
        return;
    int64_t took = now() - w->at;
    l.delivered++;
    l.longest_delivery = took > l.longest_delivery ? took : l.longest_delivery;
    slow(d, "delivery", entry->text, took);
}

static unsigned count_online(bool settled)
{
    unsigned count = 0;
    for (unsigned i = 0; i < l.count * CIRCLE; i++) {
        struct sim_device *d = &l.circles[i / CIRCLE].device[i % CIRCLE];
        struct par_sdk_status status = par_sdk_status(d->sdk);
        bool well = status.link == PAR_SDK_ONLINE;
        if (well && settled)
            well = !status.updating && par_sdk_waiting(d->sdk) == 0 && d->calls_open == 0;
        count += well;
    }
    return count;
}

static unsigned waiting(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < l.count * CIRCLE; i++)
        count += par_sdk_waiting(l.circles[i / CIRCLE].device[i % CIRCLE].sdk);
    return count;
}

/* Somebody's writes have waited for so long that this is not health, though all others are well. */
static bool somebody_waits(int64_t t)
{
    bool waits = false;
    for (unsigned i = 0; i < l.count * CIRCLE; i++) {
        struct circle *c = &l.circles[i / CIRCLE];
        int64_t *since = &c->waits_since[i % CIRCLE];
        if (par_sdk_waiting(c->device[i % CIRCLE].sdk) == 0)
            *since = 0;
        else if (!*since)
            *since = t;
        waits |= *since && t - *since > l.slow_ms;
    }
    return waits;
}

/* ---- telling ---- */

/* The p-th part of this second's acks took at most so long. */
static int64_t quantile(double p)
{
    uint64_t sum = 0, seen = 0;
    for (int i = 0; i < 64; i++)
        sum += l.buckets[i];
    for (int i = 0; i < 64; i++)
        if ((seen += l.buckets[i]) && (double)seen >= p * (double)sum)
            return INT64_C(1) << i;
    return 0;
}

static void tell(const char *state)
{
    unsigned online = count_online(false), open = waiting();
    int64_t t = now(), silence = t - l.last_ack;
    if (online < l.count * CIRCLE || (open && silence > l.slow_ms) || somebody_waits(t))
        l.unhealthy = t;
    printf(
        "{\"state\":\"%s\",\"t\":%lld,\"clients\":%u,\"online\":%u,\"waiting\":%u,\"written\":%llu,"
        "\"acked\":%llu,\"delivered\":%llu,\"p50\":%lld,\"p99\":%lld,\"silence\":%lld,"
        "\"longest_gap\":%lld,\"longest_ack\":%lld,\"longest_delivery\":%lld,\"well_for\":%lld,"
        "\"health\":%lld}\n",
        state, (long long)t, l.count * CIRCLE, online, open, (unsigned long long)l.written,
        (unsigned long long)l.acked, (unsigned long long)l.delivered, (long long)quantile(0.5),
        (long long)quantile(0.99), (long long)silence, (long long)l.longest_gap,
        (long long)l.longest_ack, (long long)l.longest_delivery, (long long)(t - l.unhealthy),
        (long long)(l.fault_at >= 0 && l.unhealthy > l.fault_at ? l.unhealthy - l.fault_at : 0));
    fflush(stdout);
    memset(l.buckets, 0, sizeof l.buckets);
    keep_history();
}

/* ---- being ruled ---- */

static void obey(char *line)
{
    int64_t t = now();
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, "note ", 5) == 0) {
        par_history_note(&sim_history.buf, t, line + 5);
    } else if (strncmp(line, "fault ", 6) == 0) {
        par_history_note(&sim_history.buf, t, line + 6);
        if (l.fault_at < 0) {
            l.fault_at = t;
            l.longest_gap = l.longest_ack = l.longest_delivery = 0;
        }
    } else if (strncmp(line, "slow ", 5) == 0) {
        l.slow_ms = atoll(line + 5);
    } else if (strcmp(line, "heal") == 0 && l.healed_at < 0) {
        par_history_heal(&sim_history.buf, t);
        l.healed_at = t;
    } else if (strcmp(line, "stop") == 0) {
        l.stopping = true;
    }
}

/* Standard input is read without waiting; its end is a stop. */
static void look_at_input(void)
{
    static char text[4096];
    static size_t len;
    for (;;) {
        ssize_t n = read(STDIN_FILENO, text + len, sizeof text - 1 - len);
        if (n == 0)
            l.stopping = true;
        if (n <= 0)
            return;
        len += (size_t)n;
        text[len] = 0;
        char *end;
        while ((end = memchr(text, '\n', len))) {
            size_t line = (size_t)(end + 1 - text);
            *end = 0;
            obey(text);
            memmove(text, end + 1, len - line + 1);
            len -= line;
        }
        if (len == sizeof text - 1)
            len = 0;
    }
}

/* ---- the course ---- */

/* Turns the loop until done() or the time is over; tells of it each second. */
static bool turn(const char *state, bool (*done)(void), int64_t ms)
{
    int64_t end = now() + ms, next = now() + 1000;
    while (!done()) {
        if (now() >= end)
            return false;
        par_loop_turn(l.loop, 20);
        look_at_input();
        if (now() >= next) {
            tell(state);
            next = now() + 1000;
        }
    }
    return true;
}

static bool all_online(void)
{
    return count_online(false) == l.count * CIRCLE || l.stopping;
}

static bool is_stopping(void)
{
    return l.stopping;
}

/* So for a while: what nobody waits for (marks) has arrived, too. */
static bool all_settled(void)
{
    static int64_t since;
    if (count_online(true) < l.count * CIRCLE)
        since = 0;
    else if (!since)
        since = now();
    return since && now() - since >= REST_MS;
}

static bool all_read(void)
{
    for (unsigned i = 0; i < l.count * CIRCLE; i++)
        if (!sim_reads_done(&l.circles[i / CIRCLE].device[i % CIRCLE]))
            return false;
    return true;
}

static void each(void (*fn)(struct sim_device *d))
{
    for (unsigned i = 0; i < l.count * CIRCLE; i++)
        fn(&l.circles[i / CIRCLE].device[i % CIRCLE]);
}

static void stop_acting(struct sim_device *d)
{
    d->all->act_ms = 0;
    par_timer_cancel(&d->act);
}

static void begin_reads(struct sim_device *d)
{
    d->all->ended = true;
    sim_reads_begin(d);
}

static void tell_where(struct sim_device *d)
{
    struct par_buf where = {0};
    struct par_sdk_status status = par_sdk_status(d->sdk);
    if (d->reader)
        sim_reads_where(d, &where);
    if (status.link != PAR_SDK_ONLINE || status.updating || par_sdk_waiting(d->sdk) ||
        d->calls_open || (d->reader && !sim_reads_done(d)))
        fprintf(stderr, "cluster-load: %s: link %d, updating %d, waiting %u, calls %u; %.*s\n",
                d->name, (int)status.link, status.updating, par_sdk_waiting(d->sdk), d->calls_open,
                (int)where.len, where.len ? (const char *)where.data : "");
    par_buf_fini(&where);
}

static int run(void)
{
    /* Who is not there yet comes later. */
    (void)turn("connecting", all_online, START_MS);
    l.last_ack = l.unhealthy = now();
    turn("load", is_stopping, INT64_MAX / 2);
    if (l.healed_at < 0)
        obey((char[]){"heal"});
    each(stop_acting);
    bool good = turn("settling", all_settled, SETTLE_MS);
    if (!good) {
        each(tell_where);
        tell("not settled");
        return 1;
    }
    par_history_end(&sim_history.buf, now());
    each(begin_reads);
    good = turn("reading", all_read, READS_MS);
    if (!good)
        each(tell_where);
    else
        each(sim_reads_end);
    tell(good ? "done" : "not read");
    return !good;
}

/* ---- setting up ---- */

static bool set_address(const char *address)
{
    struct sim_server *b = &l.balancer;
    snprintf(b->address, sizeof b->address, "%s", address);
    b->serving = true;
    return par_addr_parse(par_str(address), &b->addr) == PAR_OK;
}

static void begin_circle(struct circle *c, unsigned index, struct sim_server **servers,
                         uint64_t act_ms)
{
    struct par_ws_settings settings = PAR_WS_SETTINGS_DEFAULT;
    settings.max_message = 8u << 20;
    c->devices = (struct sim_devices){.loop = l.loop,
                                      .servers = servers,
                                      .server_count = 1,
                                      .users = c->users,
                                      .user_count = CIRCLE,
                                      .act_ms = act_ms,
                                      .mix = mix,
                                      .hints = true,
                                      .on_item = on_item,
                                      .on_entry = on_entry};
    sim_random_init(&c->devices.random, "circle", index);
    par_ws_init(&c->devices.ws, l.loop, &settings);
}

static bool add_users(FILE *tokens, struct circle *c, unsigned index)
{
    for (unsigned i = 0; i < CIRCLE; i++) {
        struct sim_user *u = &c->users[i];
        struct sim_device *d = &c->device[i];
        char token[64];
        u->index = i;
        snprintf(u->name, sizeof u->name, "%u.%u", index, i);
        if (fscanf(tokens, "%lu %*63s %63s", &u->id, token) != 2)
            return false;
        sim_device_init(d, &c->devices, u, 1);
        snprintf(d->token, sizeof d->token, "%s", token);
        par_history_user(&sim_history.buf, now(), u->id, u->name);
        par_history_device(&sim_history.buf, now(), d->name, u->id);
    }
    return true;
}

static bool begin(char **argv)
{
    static struct sim_server *servers[1] = {&l.balancer};
    double rate = atof(argv[5]);
    l.count = (unsigned)atoi(argv[4]);
    l.fault_at = l.healed_at = -1;
    l.slow_ms = 2000;
    l.history = fopen(argv[3], "w");
    FILE *tokens = fopen(argv[2], "r");
    if (!l.history || !tokens || !l.count || l.count > CIRCLES_MAX || rate <= 0 ||
        !set_address(argv[1]) || par_loop_new(&l.loop) != PAR_OK)
        return false;
    l.circles = calloc(l.count, sizeof *l.circles);
    par_history_begin(&sim_history.buf, &(struct par_history_head){.healing_ms = HEALING_MS,
                                                                   .presence_ms = PRESENCE_MS,
                                                                   .silence = true,
                                                                   .whole = true,
                                                                   .name = "cluster"});
    unsigned weight = 0;
    for (int i = 0; i < SIM_ACT_COUNT; i++)
        weight += mix[i];
    double writes = (double)(mix[SIM_ACT_SEND] + mix[SIM_ACT_SEND_GROUP]) / weight;
    uint64_t act_ms = (uint64_t)(1000.0 * l.count * CIRCLE * writes / rate);
    bool good = l.circles != NULL;
    for (unsigned i = 0; good && i < l.count; i++) {
        begin_circle(&l.circles[i], i, servers, act_ms);
        good = add_users(tokens, &l.circles[i], i);
    }
    fclose(tokens);
    /* What was seen before the program ends itself is the best of witnesses. */
    atexit(keep_history);
    if (good)
        each(sim_device_on);
    return good;
}

static void off(struct sim_device *d)
{
    sim_device_off(d);
    sim_records_fini(&d->records);
}

static void end(void)
{
    each(off);
    par_loop_turn(l.loop, 10);
}

int main(int argc, char **argv)
{
    struct rlimit files;
    if (argc != 7) {
        fprintf(stderr, "usage: cluster-load HOST:PORT TOKENS HISTORY CIRCLES MESSAGES_PER_SECOND "
                        "SEED\n");
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    load_begin(strtoull(argv[6], NULL, 10));
    if (!begin(argv)) {
        fprintf(stderr, "cluster-load: the address, a file or the number of users is wrong\n");
        return 2;
    }
    int code = run();
    end();
    return code;
}
