/* The admin socket: one line of JSON in, one out (cli/admin_call.h has their form). */
#include "admin/admin.h"

#include "base/json_write.h"
#include "base/log.h"
#include "loop/listen.h"
#include "loop/tcp.h"
#include "server/server.h"

#include <jansson.h>
#include <stdlib.h>

enum { LINE_MAX_BYTES = 1 << 20, OUTPUT_MAX = 64 << 20, CONNECTIONS_MAX = 16 };

struct par_admin {
    struct par_server *server;
    struct par_loop *loop;
    struct par_listener listener;
    struct par_list conns;
    unsigned count;
    struct par_defer defer;
};

struct conn {
    struct par_tcp tcp;
    struct par_list node;
    struct par_admin *admin;
    struct par_buf line;
    bool answered;
};

static void answer(struct conn *c, int code, struct par_str out, struct par_str err)
{
    struct par_buf line = {0};
    struct par_json_out w = par_json_out(&line);
    par_json_open(&w);
    par_json_key_int(&w, "exit", code);
    par_json_key_str(&w, "out", out);
    par_json_key_str(&w, "err", err);
    par_json_close(&w);
    par_buf_add_u8(&line, '\n');
    c->answered = true;
    par_tcp_write(&c->tcp, line.data, line.len);
    par_tcp_close(&c->tcp);
    par_buf_fini(&line);
}

static struct par_str text_of(const json_t *value)
{
    return json_is_string(value) ? par_str_of(json_string_value(value), json_string_length(value))
                                 : (struct par_str){0};
}

static void run(struct conn *c, const json_t *request)
{
    const json_t *args = json_object_get(request, "args");
    struct par_arena arena = {0};
    size_t n = json_array_size(args);
    struct par_str *words = par_arena_alloc(&arena, (n + 1) * sizeof *words);
    struct par_admin_call call = {.server = c->admin->server,
                                  .store = c->admin->server->store,
                                  .config = c->admin->server->config,
                                  .command = text_of(json_object_get(request, "command")),
                                  .args = words,
                                  .arg_count = words ? n : 0,
                                  .input = text_of(json_object_get(request, "input")),
                                  .arena = &arena};
    for (size_t i = 0; words && i < n; i++)
        words[i] = text_of(json_array_get(args, i));
    par_log_info("admin.command", PAR_KV("command", call.command));
    int code = par_admin_run(&call);
    answer(c, code, par_buf_str(&call.out), par_buf_str(&call.err));
    par_buf_fini(&call.out);
    par_buf_fini(&call.err);
    par_arena_fini(&arena);
}

static void on_data(struct par_tcp *t, uint8_t *data, size_t n)
{
    struct conn *c = PAR_CONTAINER(t, struct conn, tcp);
    if (c->answered)
        return;
    par_buf_add(&c->line, data, n);
    if (c->line.failed || c->line.len > LINE_MAX_BYTES) {
        answer(c, 2, (struct par_str){"", 0}, PAR_STR("parley admin: the request is too long\n"));
        return;
    }
    const uint8_t *newline = memchr(c->line.data, '\n', c->line.len);
    if (!newline)
        return;
    json_error_t error;
    json_t *request = json_loadb((const char *)c->line.data, (size_t)(newline - c->line.data),
                                 JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(request))
        run(c, request);
    else
        answer(c, 2, (struct par_str){"", 0},
               PAR_STR("parley admin: the request is not a JSON object\n"));
    json_decref(request);
}

static void on_closed(struct par_tcp *t, enum par_tcp_end end, int os_error)
{
    (void)end;
    (void)os_error;
    struct conn *c = PAR_CONTAINER(t, struct conn, tcp);
    c->admin->count--;
    par_list_remove(&c->node);
    par_buf_fini(&c->line);
    free(c);
}

static const struct par_tcp_ops ops = {.on_data = on_data, .on_closed = on_closed};

static void accepted(struct par_listener *listener, int fd, const struct par_addr *peer, void *arg)
{
    struct par_admin *admin = arg;
    struct conn *c = admin->count < CONNECTIONS_MAX ? calloc(1, sizeof *c) : NULL;
    if (!c) {
        par_listener_refuse(listener, fd);
        return;
    }
    c->admin = admin;
    if (par_tcp_open(&c->tcp, admin->loop, fd, peer, &ops, OUTPUT_MAX)) {
        free(c);
        return;
    }
    par_list_append(&admin->conns, &c->node);
    admin->count++;
}

enum par_err par_admin_open(struct par_server *server, struct par_loop *loop,
                            struct par_admin **admin_r, int *os_error_r)
{
    *admin_r = NULL;
    *os_error_r = 0;
    struct par_admin *admin = calloc(1, sizeof *admin);
    if (!admin)
        return PAR_E_UNAVAILABLE;
    admin->server = server;
    admin->loop = loop;
    par_list_init(&admin->conns);
    enum par_err err =
        par_listener_open_unix(&admin->listener, loop, server->config->server.admin_socket,
                               accepted, NULL, admin, os_error_r);
    if (err)
        free(admin);
    else
        *admin_r = admin;
    return err;
}

static void release(struct par_defer *defer)
{
    free(PAR_CONTAINER(defer, struct par_admin, defer));
}

void par_admin_close(struct par_admin **admin)
{
    struct par_admin *a = *admin;
    par_listener_close(&a->listener);
    PAR_LIST_FOR_EACH (node, &a->conns) {
        par_tcp_abort(&PAR_CONTAINER(node, struct conn, node)->tcp);
    }
    par_loop_defer(a->loop, &a->defer, release);
    *admin = NULL;
}
