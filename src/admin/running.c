/* What only a running server can do: status, drain, log-level, store backup. */
#include "admin/admin_private.h"

#include "base/log.h"
#include "server/drain.h"
#include "server/front.h"
#include "server/owners.h"

int par_admin__status(struct par_admin_call *call)
{
    static const char *const phases[] = {[PAR_SERVER_STARTING] = "starting",
                                         [PAR_SERVER_SERVING] = "serving",
                                         [PAR_SERVER_DRAINING] = "draining",
                                         [PAR_SERVER_STOPPING] = "stopping"};
    struct par_server *server = call->server;
    struct par_writer_stats writer;
    struct par_store_stats store;
    struct par_queue_stats queue;
    const char *why;
    bool ready = par_server_ready(server, &why);
    struct par_owners_count partitions;
    par_owners_stats(server->owners, &writer);
    par_owners_count(server->owners, &partitions);
    par_store_stats(server->store, &store);
    par_queue_stats(server->queue, &queue);
    struct par_buf *out = &call->out;
    par_buf_printf(out, "server      %s\n", call->config->server.id);
    par_buf_printf(out, "address     http://%s\n", par_server_address(server));
    par_buf_printf(out, "phase       %s\n", phases[par_server_phase(server)]);
    par_buf_printf(out, "ready       %s%s%s\n", ready ? "yes" : "no", *why ? ": " : "", why);
    par_buf_printf(out, "connections %llu\n",
                   (unsigned long long)atomic_load(&server->connections));
    par_buf_printf(out, "clients     %llu\n", (unsigned long long)atomic_load(&server->clients));
    par_buf_printf(out, "users       %zu\n", par_directory_users(server->directory));
    par_buf_printf(out, "entries     %llu\n", (unsigned long long)writer.entries);
    par_buf_printf(out, "partitions  %u here, %u written, %u replaced, %u halted\n",
                   partitions.partitions, partitions.writers, partitions.replaced,
                   partitions.halted);
    par_buf_printf(out, "queue       %llu of %llu\n", (unsigned long long)queue.waiting_records,
                   (unsigned long long)queue.max_records);
    par_buf_printf(out, "store       %s, %llu bytes, %llu free, reopened %llu times\n",
                   par_store_driver(server->store), (unsigned long long)store.disk_bytes,
                   (unsigned long long)store.free_bytes, (unsigned long long)store.reopened);
    par_buf_printf(out, "log-level   %s\n", par_log_level_name(par_log_get_level()));
    return PAR_ADMIN_OK;
}

int par_admin__drain(struct par_admin_call *call)
{
    uint32_t ms = (uint32_t)PAR_CONFIG_GET(call->config->server.drain_ms);
    par_log_info("admin.drain", PAR_KV("ms", ms));
    par_drain_begin(call->server, ms);
    par_buf_printf(&call->out, "draining: clients are told to move within %u ms\n", ms);
    return PAR_ADMIN_OK;
}

int par_admin__log_level(struct par_admin_call *call)
{
    struct par_config_error error;
    struct par_str level = par_arena_copy(call->arena, par_admin__word(call, 0));
    enum par_log_level parsed;
    if (!level.ptr || par_config_set(call->config, "log.level", level.ptr, &error))
        return par_admin__say(call, PAR_ADMIN_USAGE, "a level is error, warn, info or debug");
    if (par_log_level_parse(level.ptr, &parsed))
        par_log_set_level(parsed);
    par_buf_printf(&call->out, "log-level is %s\n", par_log_level_name(par_log_get_level()));
    return PAR_ADMIN_OK;
}

int par_admin__store_backup(struct par_admin_call *call)
{
    struct par_buf why = {0};
    struct par_str dir = par_arena_copy(call->arena, par_admin__word(call, 0));
    enum par_err err = dir.ptr ? par_store_backup(call->store, dir.ptr, &why) : PAR_E_UNAVAILABLE;
    int code = PAR_ADMIN_OK;
    if (err) {
        par_buf_printf(&call->err, "parley store backup: %.*s\n", PAR_STR_ARGS(par_buf_str(&why)));
        code =
            err == PAR_E_CONFLICT || err == PAR_E_BAD_REQUEST ? PAR_ADMIN_USAGE : PAR_ADMIN_FAILED;
    } else {
        par_buf_printf(&call->out, "store: copied to %.*s\n", PAR_STR_ARGS(dir));
    }
    par_buf_fini(&why);
    return code;
}
