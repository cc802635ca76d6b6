/* parley store init: makes an empty store, and the topics of the queue where those are of a
 * cluster. On one machine `parley serve` does it by itself. */
#include "cli/commands.h"
#include "cli/store.h"

#include "parley/queue.h"

/* Topics that are there already are left as they are. */
static int init_queue(struct par_cli *cli)
{
    const struct par_config *cfg = &cli->cfg;
    struct par_queue_config config;
    struct par_queue *queue;
    par_queue_config_from(cfg, &config);
    config.make = true;
    enum par_err err = par_queue_open(&config, &queue);
    if (err) {
        return err == PAR_E_BAD_REQUEST
                   ? par_cli_usage(cli, "queue.kafka: the topics cannot be made like this")
                   : par_cli_fail(cli, "the topics of the queue could not be made; try again");
    }
    printf("queue: %u partitions in topics %s.*\n", par_queue_partitions(queue),
           cfg->queue_kafka.prefix);
    par_queue_close(&queue);
    return PAR_CLI_OK;
}

/* A store that was moved here needs the topics only. */
static bool is_there(const struct par_store_options *options)
{
    struct par_store_options there = *options;
    struct par_store *store = NULL;
    there.must_be_new = false;
    there.must_exist = true;
    bool ok = par_store_open(&there, &store, NULL) == PAR_OK;
    par_store_close(&store);
    return ok;
}

static int run(struct par_cli *cli)
{
    bool with_queue = strcmp(cli->cfg.queue.driver, "kafka") == 0;
    struct par_store_options options;
    struct par_store *store;
    struct par_buf why = {0};
    int code = PAR_CLI_OK;
    par_store_options_from(&cli->cfg, &options);
    options.must_be_new = true;
    enum par_err err = par_store_open(&options, &store, &why);
    if (err == PAR_OK)
        printf("store: made %s, incarnation %s\n",
               strcmp(cli->cfg.store.driver, "hbase") == 0 ? cli->cfg.store_hbase.space
                                                           : cli->cfg.store.path,
               par_store_incarnation(store));
    else if (err == PAR_E_CONFLICT && with_queue && is_there(&options))
        printf("store: it is there\n");
    else
        code = par_cli_store_error(cli, err, &why);
    par_store_close(&store);
    par_buf_fini(&why);
    if (code == PAR_CLI_OK && with_queue)
        code = init_queue(cli);
    return code;
}

const struct par_cli_command par_cli_store_init = {
    .name = "store init",
    .args = "",
    .summary = "makes an empty store",
    .run = run,
};
