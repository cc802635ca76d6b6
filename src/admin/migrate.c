/* Moving the store of the running server: begins it, and tells how far it is. */
#include "admin/admin_private.h"

#include "server/mover.h"

#include <stdlib.h>

static int trouble(struct par_admin_call *call, enum par_err err, const struct par_buf *why)
{
    par_buf_printf(&call->err, "parley store migrate: %.*s\n",
                   why->len ? (int)why->len : (int)strlen(par_err_code(err)),
                   why->len ? (const char *)why->data : par_err_code(err));
    return err == PAR_E_CONFLICT || err == PAR_E_BAD_REQUEST ? PAR_ADMIN_USAGE : PAR_ADMIN_FAILED;
}

/* Is it this server's store that is meant? */
static bool is_ours(const struct par_admin_call *call, struct par_str from)
{
    const char *driver = par_store_driver(call->store);
    size_t n = strlen(driver);
    if (!par_str_starts(from, driver) || from.len < n + 1 || from.ptr[n] != ':')
        return false;
    if (strcmp(driver, "rocksdb") != 0)
        return true;
    struct par_str folder =
        par_arena_copy(call->arena, par_str_of(from.ptr + n + 1, from.len - n - 1));
    char *ours = realpath(call->config->store.path, NULL);
    char *theirs = folder.ptr ? realpath(folder.ptr, NULL) : NULL;
    bool same = ours && theirs && strcmp(ours, theirs) == 0;
    free(ours);
    free(theirs);
    return same;
}

static bool says(struct par_admin_call *call, const char *option)
{
    return par_str_is(par_admin__option(call, option), "yes");
}

int par_admin__store_migrate(struct par_admin_call *call)
{
    struct par_buf why = {0};
    enum par_err err = PAR_E_CONFLICT;
    struct par_str to = par_arena_copy(call->arena, par_admin__word(call, 1));
    if (!is_ours(call, par_admin__word(call, 0)))
        par_buf_addz(&why, "the server that runs has another store");
    else if (!par_store_atomic(call->store))
        par_buf_addz(&why, "a store of many servers is moved when all of them are stopped");
    else
        err = to.ptr ? par_mover_start(call->server,
                                       &(struct par_mover_order){.name = to.ptr,
                                                                 .finish = says(call, "finish"),
                                                                 .verify = says(call, "verify")},
                                       &why)
                     : PAR_E_UNAVAILABLE;
    int code = err ? trouble(call, err, &why) : PAR_ADMIN_GOES_ON;
    par_buf_fini(&why);
    return code;
}

int par_admin__store_migrating(struct par_admin_call *call)
{
    enum par_migrate_end end;
    if (!par_mover_status(call->server, &end, &call->out)) {
        par_buf_addz(&call->err, "parley store migrate: the store does not move\n");
        return PAR_ADMIN_FAILED;
    }
    return end == PAR_MIGRATE_WORKS    ? PAR_ADMIN_GOES_ON
           : end == PAR_MIGRATE_FAILED ? PAR_ADMIN_FAILED
                                       : PAR_ADMIN_OK;
}
