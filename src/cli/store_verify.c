/* parley store verify: lists what is wrong with the store, or says how much was right. */
#include "cli/commands.h"
#include "cli/store.h"

#include "search/whole.h"
#include "store/verify.h"

static void report(void *arg, struct par_str line)
{
    (void)arg;
    printf("%.*s\n", PAR_STR_ARGS(line));
}

static int run(struct par_cli *cli)
{
    struct par_store *store;
    struct par_verify_counts counts;
    struct par_buf line = {0};
    int code;
    if (!par_cli_store_open(cli, &store, &code))
        return code;
    enum par_err err = par_store_verify(store, report, NULL, &counts);
    uint64_t index_rows, index_violations;
    if (err == PAR_OK)
        err = par_index_verify(store, report, NULL, &index_rows, &index_violations);
    if (err == PAR_OK)
        counts.violations += index_violations;
    if (err != PAR_OK) {
        code = par_cli_fail(cli,
                            "the store could not be read to its end; what was found stands above");
    } else {
        par_verify_summary(&counts, &line);
        par_buf_printf(&line, ", %llu index rows", (unsigned long long)index_rows);
        printf("%.*s\n", PAR_STR_ARGS(par_buf_str(&line)));
        code = counts.violations == 0 ? PAR_CLI_OK : PAR_CLI_FAILED;
    }
    par_buf_fini(&line);
    par_store_close(&store);
    return code;
}

const struct par_cli_command par_cli_store_verify = {
    .name = "store verify",
    .args = "",
    .summary = "proves that the store has no holes, no doubles and no contradictions",
    .help = "Lists each violation on a line of its own and ends with 1; else with 0. Ends with one "
            "line of\n"
            "counts. The server must not be running.",
    .run = run,
};
