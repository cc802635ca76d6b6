/* parley store migrate: moves the store to another place, by the server if one is running. */
#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/store.h"

#include "admin/admin.h"
#include "loop/env.h"
#include "store/migrate.h"

#include <string.h>
#include <unistd.h>

enum { SILENCE_MS = 600 * 1000, LOOK_MS = 1000, WAIT_MS = 200, PLACE_MAX = 1024 };

struct order {
    char from[PLACE_MAX], to[PLACE_MAX];
    bool finish, verify;
};

/* Folders are named from here, as the server has another working folder. */
static bool absolute(char to[PLACE_MAX], const char *place)
{
    char here[PLACE_MAX];
    const char *folder = strncmp(place, "rocksdb:", 8) == 0 ? place + 8 : NULL;
    if (!folder || folder[0] == '/')
        return snprintf(to, PLACE_MAX, "%s", place) < PLACE_MAX;
    return getcwd(here, sizeof here) &&
           snprintf(to, PLACE_MAX, "rocksdb:%s/%s", here, folder) < PLACE_MAX;
}

/* The store of the configuration, as a place. */
static bool configured(const struct par_cli *cli, char to[PLACE_MAX])
{
    char place[PLACE_MAX];
    bool hbase = strcmp(cli->cfg.store.driver, "hbase") == 0;
    return snprintf(place, sizeof place, "%s:%s", cli->cfg.store.driver,
                    hbase ? cli->cfg.store_hbase.gateways : cli->cfg.store.path) <
               (int)sizeof place &&
           absolute(to, place);
}

/* False: it is no place, which code tells by now. */
static bool options_of(struct par_cli *cli, char *place, struct par_store_options *options,
                       int *code)
{
    struct par_store_options base;
    struct par_buf why = {0};
    par_store_options_from(&cli->cfg, &base);
    bool ok = par_migrate_place(&base, place, options, &why) == PAR_OK;
    if (!ok)
        *code = par_cli_usage(cli, "%.*s", PAR_STR_ARGS(par_buf_str(&why)));
    par_buf_fini(&why);
    return ok;
}

static bool open_from(struct par_cli *cli, char place[PLACE_MAX], struct par_store **from,
                      int *code)
{
    struct par_store_options options;
    struct par_buf why = {0};
    if (!options_of(cli, place, &options, code))
        return false;
    options.must_exist = options.moved = true;
    enum par_err err = par_store_open(&options, from, &why);
    if (err)
        *code = par_cli_store_error(cli, err, &why);
    par_buf_fini(&why);
    return !err;
}

static void print_status(const struct par_migrate *m)
{
    struct par_buf line = {0};
    par_migrate_status(m, &line);
    printf("%.*s", PAR_STR_ARGS(par_buf_str(&line)));
    fflush(stdout);
    par_buf_fini(&line);
}

/* Without a server: every step here. */
static int steps(struct par_cli *cli, struct par_store *from, struct par_migrate *m,
                 const struct order *order)
{
    enum par_migrate_end end = PAR_MIGRATE_WORKS;
    uint64_t told = par_mono_ms();
    _Atomic uint32_t never = 0;
    while (end == PAR_MIGRATE_WORKS || end == PAR_MIGRATE_WAITS) {
        end = par_migrate_step(m, order->finish, order->verify);
        if (end == PAR_MIGRATE_WAITS) {
            (void)par_store_tick(from);
            par_pause(&never, WAIT_MS);
        }
        if (par_mono_ms() - told >= LOOK_MS) {
            told = par_mono_ms();
            print_status(m);
        }
    }
    print_status(m);
    if (end != PAR_MIGRATE_FAILED)
        return PAR_CLI_OK;
    /* Line by line, and more than one line of a command's own has room for. */
    fprintf(stderr, "%.*s", PAR_STR_ARGS(par_migrate_why(m)));
    return par_cli_fail(cli, "it cannot go on, for what stands above");
}

static int alone(struct par_cli *cli, struct order *order)
{
    struct par_store_options to;
    struct par_store *from = NULL;
    struct par_migrate *m = NULL;
    struct par_buf why = {0};
    char name[PLACE_MAX];
    int code;
    strcpy(name, order->to);
    if (!open_from(cli, order->from, &from, &code))
        return code;
    if (options_of(cli, order->to, &to, &code)) {
        enum par_err err = par_migrate_open(from, name, &to, &m, &why);
        code = err ? par_cli_store_error(cli, err, &why) : steps(cli, from, m, order);
    }
    par_migrate_close(&m);
    par_store_close(&from);
    par_buf_fini(&why);
    return code;
}

static int abandon(struct par_cli *cli, char from_place[PLACE_MAX])
{
    struct par_store *from = NULL;
    int code;
    if (!open_from(cli, from_place, &from, &code))
        return code;
    code = par_migrate_abandon(from) ? par_cli_fail(cli, "the store takes no writes") : PAR_CLI_OK;
    par_store_close(&from);
    if (code == PAR_CLI_OK)
        printf("store: it moves no more\n");
    return code;
}

static int run(struct par_cli *cli)
{
    struct order order = {.finish = !par_cli_value(cli, "stay"),
                          .verify = !par_cli_value(cli, "no-verify")};
    const char *from = par_cli_value(cli, "from"), *to = par_cli_value(cli, "to");
    _Atomic uint32_t never = 0;
    int code;
    if (!(from ? absolute(order.from, from) : configured(cli, order.from)) ||
        (to && !absolute(order.to, to)))
        return par_cli_usage(cli, "the name of a place is too long");
    if (par_cli_value(cli, "abandon"))
        return abandon(cli, order.from);
    if (!to)
        return par_cli_usage(cli, "--to DRIVER:WHERE is missing");
    const char *args[] = {order.from, order.to,
                          "--finish", order.finish ? "yes" : "no",
                          "--verify", order.verify ? "yes" : "no"};
    if (!par_cli_admin_call(cli, "store migrate", args, 6, NULL, SILENCE_MS, &code))
        return alone(cli, &order);
    while (code == PAR_ADMIN_GOES_ON) {
        par_pause(&never, LOOK_MS);
        if (!par_cli_admin_call(cli, "store migrating", NULL, 0, NULL, SILENCE_MS, &code))
            return par_cli_fail(cli,
                                "the server has ended; the move goes on when this is called again");
        fflush(stdout);
    }
    return code;
}

static const struct par_cli_option options[] = {
    {"from", "DRIVER:WHERE", "the store that moves (default: that of the configuration)", NULL},
    {"to", "DRIVER:WHERE", "where to: rocksdb:DIR, or hbase:HOST:PORT,… (its gateways)", NULL},
    {"stay", NULL, "do not end it: keep both stores the same until it is called without this",
     NULL},
    {"no-verify", NULL, "do not verify both stores before the end, only compare them", NULL},
    {"abandon", NULL, "end it without a copy; the server must not run", NULL},
    {0},
};

const struct par_cli_command par_cli_store_migrate = {
    .name = "store migrate",
    .args = "",
    .summary = "moves the store to another place, while the server runs or not",
    .help = "Copies, compares row by row, then verifies both and marks the old one as moved: from "
            "then on it\n"
            "is refused, and servers are started on the new one. May be killed at any time and "
            "called again.",
    .options = options,
    .run = run,
};
