/* parley store index: makes the index of search anew. */
#include "cli/commands.h"
#include "cli/store.h"

#include "search/whole.h"

static int run(struct par_cli *cli)
{
    struct par_store *store;
    uint64_t conversations, rows;
    int code;
    if (!par_cli_store_open(cli, &store, &code))
        return code;
    enum par_err err = par_index_write_all(store, &conversations, &rows);
    if (err)
        code = par_cli_fail(cli, "the store failed (%s); run it again", par_err_code(err));
    else
        printf("index: %llu rows for %llu conversations\n", (unsigned long long)rows,
               (unsigned long long)conversations);
    par_store_close(&store);
    return code;
}

const struct par_cli_command par_cli_store_index = {
    .name = "store index",
    .args = "",
    .summary = "makes the index of search anew",
    .help = "A server keeps the index by itself, also after a crash; this is for one that `store "
            "verify` finds wrong.\n"
            "The server must not be running.",
    .run = run,
};
