/* parley store export: everything as JSON lines. */
#include "cli/commands.h"
#include "cli/store.h"

#include "base/file.h"
#include "store/export.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int run(struct par_cli *cli)
{
    const char *path = cli->args[0];
    struct par_store *store;
    struct par_buf why = {0};
    uint64_t rows;
    int code;
    if (!par_cli_store_open(cli, &store, &code))
        return code;
    /* It holds everything that anybody wrote: nobody else may read it. */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (out == NULL) {
        code = par_cli_usage(cli, "%s cannot be made: %s", path, strerror(errno));
        par_store_close(&store);
        return code;
    }
    enum par_err err = par_store_export(store, out, &rows, &why);
    bool written = fsync(fd) == 0;
    written = fclose(out) == 0 && written && par_file_sync_name(path) == 0;
    if (err != PAR_OK)
        code = par_cli_store_error(cli, err, &why);
    else if (!written)
        code = par_cli_fail(cli, "%s cannot be written: %s", path, strerror(errno));
    else
        printf("store: exported %llu rows to %s\n", (unsigned long long)rows, path);
    if (code != PAR_CLI_OK)
        unlink(path);
    par_store_close(&store);
    par_buf_fini(&why);
    return code;
}

const struct par_cli_command par_cli_store_export = {
    .name = "store export",
    .args = "FILE",
    .summary = "writes the store to a new file of JSON lines",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
