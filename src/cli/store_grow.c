/* parley store grow: twice as many partitions of the log of commands, while the servers run. */
#include "cli/commands.h"

#include "conv/command.h"
#include "parley/queue.h"

static int run(struct par_cli *cli)
{
    struct par_queue_config config;
    struct par_queue *queue;
    struct par_buf seal = {0};
    char why[512] = "";
    uint64_t partitions;
    if (!par_str_to_u64(par_str(cli->args[0]), &partitions) || partitions > UINT16_MAX)
        return par_cli_usage(cli, "PARTITIONS is a number up to %u", UINT16_MAX);
    par_queue_config_from(&cli->cfg, &config);
    if (par_queue_open(&config, &queue))
        return par_cli_fail(cli,
                            "the queue cannot be opened: do the brokers of queue.kafka answer?");
    par_command_encode(&(struct par_command){.kind = PAR_COMMAND_SEAL}, &seal);
    enum par_err err = seal.failed ? PAR_E_UNAVAILABLE
                                   : par_queue_grow(queue, (uint32_t)partitions, par_buf_str(&seal),
                                                    why, sizeof why);
    int code = !err                       ? PAR_CLI_OK
               : err == PAR_E_BAD_REQUEST ? par_cli_usage(cli, "%s", why)
                                          : par_cli_fail(cli, "%s", why);
    if (!err)
        printf("queue: %llu partitions; those before end as soon as they are worked off\n",
               (unsigned long long)partitions);
    par_buf_fini(&seal);
    par_queue_close(&queue);
    return code;
}

const struct par_cli_command par_cli_store_grow = {
    .name = "store grow",
    .args = "PARTITIONS",
    .summary = "doubles the partitions of the log of commands, while the servers run",
    .help = "Makes the next generation of the topic and ends the one before with a seal in each of "
            "its partitions.\n"
            "Servers notice within seconds. Call it again if it was interrupted.",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
