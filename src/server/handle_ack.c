/* ack: delivered and read marks of any number of conversations. */
#include "server/commands.h"
#include "server/dispatch.h"

static bool add_marks(struct par_request *req, struct par_command_mark *marks, size_t *n,
                      const struct par_mark_refs *list, bool read)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const struct par_mark_ref *mark = &list->marks[i];
        struct par_conv conv;
        if (!par_command_conv(req, &mark->conv, &conv))
            return false;
        marks[(*n)++] = (struct par_command_mark){.conv = conv,
                                                  .delivered = read ? 0 : (uint64_t)mark->seq,
                                                  .read = read ? (uint64_t)mark->seq : 0};
    }
    return true;
}

void par_handle_ack(struct par_request *req)
{
    const struct par_args_ack *args = req->args.ack;
    size_t room =
        (args->has_delivered ? args->delivered.count : 0) + (args->has_read ? args->read.count : 0);
    if (room == 0) {
        par_request_empty(req);
        par_request_finish(req);
        return;
    }
    struct par_command *command = par_command_in(req, PAR_COMMAND_MARKS);
    if (!command)
        return;
    struct par_command_mark *marks = par_arena_alloc(&req->arena, room * sizeof *marks);
    if (!marks) {
        par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
        return;
    }
    size_t n = 0;
    if (args->has_delivered && !add_marks(req, marks, &n, &args->delivered, false))
        return;
    if (args->has_read && !add_marks(req, marks, &n, &args->read, true))
        return;
    command->marks = marks;
    command->mark_count = n;
    command->show_read = !req->who.hide_read;
    par_request_command(req, command);
}
