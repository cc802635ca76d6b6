/* Connecting many users, and turning the loop for a measurement. */
#include "bench/world.h"

#include "loop/env.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { HANDSHAKE_MS = 30000, OUTPUT_BYTES = 4 << 20, MESSAGE_BYTES = 8 << 20 };

void par_bench_trouble(struct par_bench_world *w, const char *fmt, ...)
{
    va_list ap;
    if (w->trouble[0])
        return;
    va_start(ap, fmt);
    vsnprintf(w->trouble, sizeof w->trouble, fmt, ap);
    va_end(ap);
}

/* ---- opening ---- */

static bool read_users(struct par_bench_world *w, const struct par_bench_options *options)
{
    FILE *file = fopen(options->tokens, "r");
    if (!file) {
        par_bench_trouble(w, "cannot read %s", options->tokens);
        return false;
    }
    w->users = calloc(options->users, sizeof *w->users);
    w->conns = calloc(options->users, sizeof *w->conns);
    while (w->users && w->conns && w->user_count < options->users) {
        struct par_bench_user *u = &w->users[w->user_count];
        if (fscanf(file, "%lu %*63s %63s", &u->id, u->token) != 2)
            break;
        w->conns[w->user_count] = (struct par_bench_conn){.world = w, .user = u};
        w->user_count++;
    }
    fclose(file);
    w->conn_count = w->user_count;
    if (w->user_count < options->users)
        par_bench_trouble(w, "%s has %zu users, this needs %zu (parley admin users create)",
                          options->tokens, w->user_count, options->users);
    return w->user_count == options->users;
}

static void raise_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool parse_urls(struct par_bench_world *w, const char *urls)
{
    while (*urls && w->servers < PAR_BENCH_SERVERS_MAX) {
        char *host = w->host[w->servers];
        urls += strncmp(urls, "http://", 7) == 0 ? 7 : 0;
        snprintf(host, PAR_ADDR_TEXT, "%.*s", (int)strcspn(urls, "/,"), urls);
        if (par_addr_parse(par_str(host), &w->addr[w->servers++]) != PAR_OK)
            return false;
        urls += strcspn(urls, ",");
        urls += *urls == ',';
    }
    return w->servers > 0 && !*urls;
}

bool par_bench_open(struct par_bench_world *w, const struct par_bench_options *options)
{
    struct par_ws_settings settings = PAR_WS_SETTINGS_DEFAULT;
    *w = (struct par_bench_world){.addresses = options->addresses ? options->addresses : 1,
                                  .server_pid = options->server_pid};
    if (!parse_urls(w, options->url)) {
        par_bench_trouble(w, "%s is no http://ADDRESS:PORT", options->url);
        return false;
    }
    raise_files();
    if (par_loop_new(&w->loop) != PAR_OK) {
        par_bench_trouble(w, "the system gives no event queue");
        return false;
    }
    /* The server pings; this side only answers. */
    settings.ping_ms = settings.dead_ms = 0;
    settings.max_message = MESSAGE_BYTES;
    settings.output_bytes = OUTPUT_BYTES;
    par_ws_init(&w->ws, w->loop, &settings);
    return !options->tokens || read_users(w, options);
}

static bool none_left(struct par_bench_world *w, void *arg)
{
    (void)arg;
    return par_ws_count(&w->ws) == 0 && w->opening == 0;
}

int par_bench_end(struct par_bench_world *w, const char *measurement)
{
    int code = w->trouble[0] ? 1 : 0;
    if (code)
        fprintf(stderr, "parley bench %s: %s\n", measurement, w->trouble);
    if (w->loop) {
        for (size_t i = 0; i < w->conn_count; i++)
            par_bench_disconnect(&w->conns[i]);
        par_bench_until(w, none_left, NULL, 10000);
        par_ws_fini(&w->ws);
        par_loop_free(&w->loop);
    }
    free(w->users);
    free(w->conns);
    par_arena_fini(&w->arena);
    par_buf_fini(&w->out);
    return code;
}

/* ---- frames ---- */

int64_t par_bench_int(const struct par_json *object, const char *name)
{
    struct par_json value;
    int64_t n;
    if (!par_json_get(object, name, &value) || !par_json_to_int(&value, &n))
        return 0;
    return n;
}

struct par_str par_bench_str(const struct par_json *object, const char *name)
{
    struct par_json value;
    if (!par_json_get(object, name, &value) || value.type != PAR_JSON_STRING)
        return (struct par_str){0};
    return par_str_of(value.ptr, value.len);
}

/* The server writes `re` or `ev` first, and `ok` or `error` behind `re`. */
static bool parse(struct par_bench_world *w, struct par_str text, struct par_bench_frame *frame_r)
{
    struct par_json object;
    struct par_json_found found;
    *frame_r = (struct par_bench_frame){0};
    if (par_json_check_found(text, PAR_JSON_DEPTH_MAX, &w->arena, &object, &found) !=
            PAR_JSON_FINE ||
        found.count == 0)
        return false;
    const struct par_json_member *first = &found.members[0];
    if (par_json_text_is(&first->name, PAR_STR("ev"))) {
        frame_r->kind = PAR_BENCH_EVENT;
        frame_r->ev = par_str_of(first->value.ptr, first->value.len);
        frame_r->body = object;
        return true;
    }
    if (found.count < 2 || !par_json_text_is(&first->name, PAR_STR("re")))
        return false;
    bool ok = par_json_text_is(&found.members[1].name, PAR_STR("ok"));
    frame_r->kind = ok ? PAR_BENCH_ANSWER : PAR_BENCH_REFUSED;
    frame_r->body = found.members[1].value;
    return par_json_to_int(&first->value, &frame_r->re) || !ok;
}

static void hello_answered(struct par_bench_conn *c, const struct par_bench_frame *frame)
{
    struct par_bench_world *w = c->world;
    if (frame->kind == PAR_BENCH_EVENT)
        return;
    if (frame->kind == PAR_BENCH_REFUSED) {
        struct par_str code = par_bench_str(&frame->body, "code");
        par_bench_trouble(w, "hello was refused: %.*s", PAR_STR_ARGS(code));
        return;
    }
    c->state = PAR_BENCH_READY;
    w->opening--;
    w->ready++;
    if (w->on_ready)
        w->on_ready(c);
}

static void on_message(struct par_ws_conn *ws, struct par_str text)
{
    struct par_bench_conn *c = par_ws_arg(ws);
    struct par_bench_frame frame;
    if (!parse(c->world, text, &frame)) {
        par_bench_trouble(c->world, "a frame that is none: %.*s",
                          (int)(text.len < 80 ? text.len : 80), text.ptr);
        return;
    }
    if (c->state == PAR_BENCH_SIGNING_IN)
        hello_answered(c, &frame);
    else if (c->world->on_frame)
        c->world->on_frame(c, &frame);
}

static void gone(struct par_bench_conn *c)
{
    if (c->state == PAR_BENCH_READY)
        c->world->ready--;
    else if (c->state != PAR_BENCH_CLOSED)
        c->world->opening--;
    c->ws = NULL;
    c->state = PAR_BENCH_CLOSED;
}

static void on_closed(struct par_ws_conn *ws, enum par_close reason)
{
    struct par_bench_conn *c = par_ws_arg(ws);
    if (c->ws != ws)
        return;
    c->world->dropped++;
    par_bench_trouble(c->world, "a connection was closed: %s", par_close_label(reason));
    gone(c);
}

static const struct par_ws_ops ops = {.on_message = on_message, .on_closed = on_closed};

/* ---- connecting ---- */

void par_bench_send(struct par_bench_conn *c)
{
    if (!c->ws || !par_ws_send_text(c->ws, par_buf_str(&c->world->out)))
        par_bench_trouble(c->world, "a connection took no more output");
}

static void opened(struct par_ws_conn *ws, const char *why, void *arg)
{
    struct par_bench_conn *c = arg;
    struct par_bench_world *w = c->world;
    if (!ws) {
        gone(c);
        if (w->on_failed)
            w->on_failed(c);
        else
            par_bench_trouble(w, "cannot connect: %s", why);
        return;
    }
    c->ws = ws;
    c->state = PAR_BENCH_SIGNING_IN;
    par_buf_clear(&w->out);
    par_buf_printf(&w->out,
                   "{\"op\":\"hello\",\"id\":0,\"token\":\"%s\",\"client\":\"bench/1\"%.*s}",
                   c->user->token, PAR_STR_ARGS(w->hello_more));
    par_bench_send(c);
}

void par_bench_connect_one(struct par_bench_conn *c)
{
    struct par_bench_world *w = c->world;
    unsigned server = (unsigned)((size_t)(c - w->conns) % w->servers);
    char path[48];
    /* A balancer keeps a user on a server by `u`. */
    snprintf(path, sizeof path, "/v1/ws?u=%lu", c->user->id);
    struct par_ws_target target = {.addr = w->addr[server],
                                   .host = par_str(w->host[server]),
                                   .path = par_str(path),
                                   .timeout_ms = HANDSHAKE_MS};
    /* More ports than one pair of addresses has. */
    if (w->addresses > 1 && target.addr.family == PAR_ADDR_IP4)
        target.addr.ip[3] = (uint8_t)(1 + (size_t)(c - w->conns) % w->addresses);
    c->state = PAR_BENCH_OPENING;
    w->opening++;
    if (par_ws_connect(&w->ws, &target, &ops, opened, c) != PAR_OK) {
        par_bench_trouble(w, "the system gives no socket");
        gone(c);
    }
}

bool par_bench_connect(struct par_bench_world *w, size_t first, size_t count, size_t at_once,
                       uint32_t timeout_ms)
{
    uint64_t end_ms = par_mono_ms() + timeout_ms;
    size_t next = first;
    PAR_ASSERT(first + count <= w->conn_count);
    while (next < first + count || w->opening > 0) {
        while (next < first + count && w->opening < at_once) {
            struct par_bench_conn *c = &w->conns[next++];
            if (c->state == PAR_BENCH_CLOSED)
                par_bench_connect_one(c);
        }
        par_loop_turn(w->loop, 100);
        if (par_mono_ms() > end_ms)
            par_bench_trouble(w, "only %zu connections came in time", w->ready);
        if (w->trouble[0])
            return false;
    }
    return true;
}

void par_bench_disconnect(struct par_bench_conn *c)
{
    struct par_ws_conn *ws = c->ws;
    if (!ws)
        return;
    gone(c);
    par_ws_close(ws, PAR_CLOSE_CLIENT);
}

bool par_bench_until(struct par_bench_world *w, par_bench_done_fn done, void *arg,
                     uint32_t timeout_ms)
{
    uint64_t end_ms = par_mono_ms() + timeout_ms;
    while (!done(w, arg)) {
        uint64_t now_ms = par_mono_ms();
        if (now_ms >= end_ms)
            return false;
        par_loop_turn(w->loop, end_ms - now_ms < 100 ? (int)(end_ms - now_ms) : 100);
    }
    return true;
}

static bool never(struct par_bench_world *w, void *arg)
{
    (void)w;
    (void)arg;
    return false;
}

void par_bench_wait(struct par_bench_world *w, uint32_t ms)
{
    par_bench_until(w, never, NULL, ms);
}
