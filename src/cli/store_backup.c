/* parley store backup: a copy of the store, by the server if one is running. */
#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/store.h"

#include <stdlib.h>
#include <unistd.h>

/* Copying may take long, and the server says nothing meanwhile. */
enum { SILENCE_MS = 3600 * 1000 };

/* The server has another working folder. */
static bool absolute(char to[4096], const char *path)
{
    char here[2048];
    if (path[0] == '/')
        return snprintf(to, 4096, "%s", path) < 4096;
    return getcwd(here, sizeof here) != NULL && snprintf(to, 4096, "%s/%s", here, path) < 4096;
}

static int run(struct par_cli *cli)
{
    char dir[4096];
    struct par_store *store;
    struct par_buf why = {0};
    int code;
    if (!absolute(dir, cli->args[0]))
        return par_cli_usage(cli, "the name of the folder is too long");
    const char *args[] = {dir};
    if (par_cli_admin_call(cli, "store backup", args, 1, NULL, SILENCE_MS, &code))
        return code;
    if (!par_cli_store_open(cli, &store, &code))
        return code;
    enum par_err err = par_store_backup(store, dir, &why);
    if (err == PAR_OK)
        printf("store: copied to %s\n", dir);
    else
        code = par_cli_store_error(cli, err, &why);
    par_store_close(&store);
    par_buf_fini(&why);
    return code;
}

const struct par_cli_command par_cli_store_backup = {
    .name = "store backup",
    .args = "DIR",
    .summary = "copies the store to a new folder, while the server runs or not",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
