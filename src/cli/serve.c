/* parley serve: the server, from its ready line to the last signal. */
#include "cli/commands.h"

#include "admin/admin.h"
#include "base/log.h"
#include "loop/env.h"
#include "loop/signals.h"
#include "server/drain.h"
#include "server/server.h"
#include "server/service.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* What the main thread does while reactors and writer work: signals and the admin socket, whose
 * commands may take long. So the store's housekeeping has a thread of its own. */
struct serve {
    struct par_cli *cli;
    struct par_server *server;
    struct par_loop *loop;
    struct par_signals *signals;
    struct par_admin *admin;
    struct par_service keeper;
    struct par_timer end_timer;
    uint64_t end_ms; /* when the process is to have ended; 0: not asked to */
};

enum { END_CHECK_MS = 25, END_RESERVE_MS = 300 };

static void keep_store(void *arg)
{
    struct serve *s = arg;
    while (par_service_rest(&s->keeper, par_store_tick(s->server->store)))
        ;
}

/* Ends as soon as the last client has gone, at the latest when the time is over. */
static void end_due(struct par_timer *timer)
{
    struct serve *s = PAR_CONTAINER(timer, struct serve, end_timer);
    bool gone = atomic_load(&s->server->clients) == 0;
    if (gone || par_loop_now_ms(s->loop) >= s->end_ms)
        par_loop_stop(s->loop);
    else
        par_timer_set(s->loop, timer, END_CHECK_MS);
}

static void end(struct serve *s)
{
    if (s->end_ms) {
        par_log_warn("serve.end_now", PAR_KV("why", "a second signal"));
        par_loop_stop(s->loop);
        return;
    }
    uint64_t ms = (uint64_t)PAR_CONFIG_GET(s->cli->cfg.server.drain_ms);
    par_log_info("serve.draining", PAR_KV("ms", ms),
                 PAR_KV("clients", atomic_load(&s->server->clients)));
    s->end_ms = par_loop_now_ms(s->loop) + (ms > END_RESERVE_MS ? ms - END_RESERVE_MS : 0);
    /* Half of the time to go by themselves, the other half for close frames to be answered. */
    par_drain_begin(s->server, (uint32_t)(ms / 2));
    par_timer_set(s->loop, &s->end_timer, END_CHECK_MS);
}

static void changed(void *arg, const char *key, const char *old_value, const char *new_value,
                    bool applied)
{
    (void)arg;
    par_log_info("config.changed", PAR_KV("key", key), PAR_KV("from", old_value),
                 PAR_KV("to", new_value), PAR_KV("applied", applied),
                 PAR_KV("do", applied ? "" : "restart to apply"));
}

static void reload(struct serve *s)
{
    struct par_config fresh;
    struct par_config_error error;
    if (par_config_load(&s->cli->source, &fresh, &error)) {
        par_log_error("config.refused", PAR_KV("why", error.text),
                      PAR_KV("do", "the old values stay"));
        return;
    }
    par_config_apply(&s->cli->cfg, &fresh, changed, NULL);
    enum par_log_level level;
    if (par_log_level_parse(PAR_CONFIG_GET(s->cli->cfg.log.level), &level))
        par_log_set_level(level);
    par_config_fini(&fresh);
}

static void on_signal(int signo, void *arg)
{
    struct serve *s = arg;
    if (signo == SIGHUP)
        reload(s);
    else
        end(s);
}

static int serve_with(struct serve *s)
{
    struct par_server_error error;
    if (par_signals_open(s->loop, on_signal, s, &s->signals))
        return par_cli_fail(s->cli, "the system gives no descriptor for signals");
    uint64_t began_ns = par_mono_ns();
    if (par_server_open(&s->cli->cfg, &s->server, &error))
        return error.usage ? par_cli_usage(s->cli, "%s", error.text)
                           : par_cli_fail(s->cli, "%s", error.text);
    int os_error;
    if (par_admin_open(s->server, s->loop, &s->admin, &os_error))
        par_log_warn("admin.no_socket", PAR_KV("path", s->cli->cfg.server.admin_socket),
                     PAR_KV("error", strerror(os_error)), PAR_KV("do", "set server.admin_socket"));
    par_timer_init(&s->end_timer, end_due);
    if (par_service_start(&s->keeper, "store", keep_store, s))
        return par_cli_fail(s->cli, "the system gives no threads");
    par_log_info("serve.ready", PAR_KV("address", par_server_address(s->server)),
                 PAR_KV("store", par_store_driver(s->server->store)),
                 PAR_KV("ms", (par_mono_ns() - began_ns) / 1000000));
    printf("parley: ready http://%s\n", par_server_address(s->server));
    fflush(stdout);
    par_loop_run(s->loop);
    par_log_info("serve.ending");
    par_timer_cancel(&s->end_timer);
    return PAR_CLI_OK;
}

static int run(struct par_cli *cli)
{
    struct serve s = {.cli = cli};
    if (par_loop_new(&s.loop))
        return par_cli_fail(cli, "the system gives no descriptors");
    int code = serve_with(&s);
    par_service_stop(&s.keeper);
    if (s.admin)
        par_admin_close(&s.admin);
    par_server_close(&s.server);
    if (s.signals)
        par_signals_close(&s.signals);
    par_loop_turn(s.loop, 0);
    par_loop_free(&s.loop);
    return code;
}

static const struct par_cli_option options[] = {
    {"listen", "ADDR:PORT", "where clients connect (default 127.0.0.1:8080; port 0: any free one)",
     "server.listen"},
    {0},
};

const struct par_cli_command par_cli_serve = {
    .name = "serve",
    .args = "",
    .summary = "run the server",
    .help = "Prints `parley: ready http://ADDR:PORT` when it accepts connections; logs to standard "
            "error.\n"
            "SIGTERM moves the clients away and ends within server.drain_ms; SIGHUP reads the "
            "configuration again.",
    .options = options,
    .run = run,
};
