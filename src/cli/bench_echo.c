/* parley bench echo: an echo server on the WebSocket connections of the server, for the Autobahn
 * test suite and load generators. */
#include "cli/commands.h"

#include "loop/signals.h"
#include "ws/echo.h"

#include <stdio.h>
#include <string.h>

static void on_signal(int signo, void *arg)
{
    (void)signo;
    par_loop_stop(arg);
}

/* Echoes until a signal comes. */
static int echo_on(struct par_cli *cli, struct par_loop *loop, const struct par_addr *addr,
                   const struct par_ws_settings *settings)
{
    struct par_ws_echo *echo;
    struct par_addr real;
    char text[PAR_ADDR_TEXT];
    int os_error;
    if (par_ws_echo_start(loop, addr, settings, &echo, &os_error) != PAR_OK)
        return par_cli_fail(cli, "cannot listen on %s: %s", par_addr_text(addr, text),
                            strerror(os_error));
    par_ws_echo_addr(echo, &real);
    printf("parley: ready http://%s\n", par_addr_text(&real, text));
    fflush(stdout);
    par_loop_run(loop);
    par_ws_echo_stop(&echo);
    return PAR_CLI_OK;
}

static int run(struct par_cli *cli)
{
    struct par_ws_settings settings = PAR_WS_ECHO_SETTINGS;
    struct par_addr addr;
    const char *listen = par_cli_value(cli, "listen");
    int64_t max_bytes;
    if (par_addr_parse(par_str(listen ? listen : "127.0.0.1:0"), &addr) != PAR_OK)
        return par_cli_usage(cli, "--listen wants ADDRESS:PORT, not %s", listen);
    if (!par_cli_int(cli, "max-bytes", (int64_t)settings.max_message, 1, INT32_MAX, &max_bytes))
        return PAR_CLI_USAGE;
    settings.max_message = (uint64_t)max_bytes;

    struct par_loop *loop;
    struct par_signals *signals;
    if (par_loop_new(&loop) != PAR_OK)
        return par_cli_fail(cli, "the system gives no event queue");
    int code = PAR_CLI_FAILED;
    if (par_signals_open(loop, on_signal, loop, &signals) == PAR_OK) {
        code = echo_on(cli, loop, &addr, &settings);
        par_signals_close(&signals);
    } else {
        code = par_cli_fail(cli, "the system gives no descriptor for signals");
    }
    par_loop_free(&loop);
    return code;
}

static const struct par_cli_option options[] = {
    {"listen", "ADDR:PORT", "where to listen (127.0.0.1 and any free port)", NULL},
    {"max-bytes", "N", "bytes of a message (32 MiB)", NULL},
    {0},
};

const struct par_cli_command par_cli_bench_echo = {
    .name = "bench echo",
    .args = "",
    .summary = "sends every WebSocket message back",
    .no_config = true,
    .options = options,
    .run = run,
};
