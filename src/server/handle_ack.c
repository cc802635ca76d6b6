/* ack: delivered and read marks of any number of conversations.
 *
 * One command carries them all when their conversations have one partition. Of several partitions
 * each gets a command with its part, as a request of its own that nobody else sees; the ack is
 * answered when all parts are. Since no one writer sees the whole, the server looks at the
 * memberships first: of an ack with a conversation that one is not in nothing is done. */
#include "conv/read.h"
#include "server/commands.h"
#include "server/dispatch.h"
#include "server/reading.h"

struct ack {
    struct par_command_mark *marks;
    size_t count;
    uint32_t *partition; /* of each */
    size_t open;         /* parts that are not answered */
};

struct part {
    uint64_t ack; /* the handle of the request that it is a part of */
};

static bool add_marks(struct par_request *req, struct ack *ack, const struct par_mark_refs *list,
                      bool read)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const struct par_mark_ref *mark = &list->marks[i];
        struct par_conv conv;
        if (!par_command_conv(req, &mark->conv, &conv))
            return false;
        ack->partition[ack->count] = par_queue_partition_of(req->reactor->server->queue, &conv);
        ack->marks[ack->count++] =
            (struct par_command_mark){.conv = conv,
                                      .delivered = read ? 0 : (uint64_t)mark->seq,
                                      .read = read ? (uint64_t)mark->seq : 0};
    }
    return true;
}

static void no_memory(struct par_request *req)
{
    par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
}

/* Sends the marks of one partition as a command of req, which is the ack itself or a part of it. */
static void send_marks(struct par_request *req, const struct ack *ack, uint32_t partition)
{
    struct par_command *command = par_command_in(req, PAR_COMMAND_MARKS);
    if (!command)
        return;
    struct par_command_mark *marks = par_arena_alloc(&req->arena, ack->count * sizeof *marks);
    if (!marks) {
        no_memory(req);
        return;
    }
    size_t n = 0;
    for (size_t i = 0; i < ack->count; i++) {
        if (ack->partition[i] == partition)
            marks[n++] = ack->marks[i];
    }
    command->marks = marks;
    command->mark_count = n;
    command->show_read = !req->who.hide_read;
    par_request_command_to(req, command, partition);
}

/* ---- several partitions ---- */

/* A part was answered. The first that went wrong is the answer to the whole. */
static void part_done(struct par_request *req)
{
    const struct part *part = req->state_of_op;
    struct par_request *whole = par_handles_get(&req->reactor->requests, part->ack);
    if (!whole)
        return;
    struct ack *ack = whole->state_of_op;
    if (req->err && !whole->err) {
        whole->retry_after_ms = req->retry_after_ms;
        struct par_str message = par_arena_copy(&whole->arena, par_str(req->message));
        par_request_error(whole, req->err, message.len ? message.ptr : NULL);
    }
    if (--ack->open)
        return;
    par_request_empty(whole);
    par_request_finish(whole);
}

static void send_part(struct par_request *whole, const struct ack *ack, uint32_t partition)
{
    struct par_request *req = par_request_new(whole->reactor);
    struct part *part = req ? par_arena_alloc(&req->arena, sizeof *part) : NULL;
    if (!part) {
        if (req)
            par_request_drop(req);
        par_request_error(whole, PAR_E_OVERLOADED, "out of memory; try again");
        return;
    }
    ((struct ack *)whole->state_of_op)->open++;
    part->ack = whole->handle;
    req->state_of_op = part;
    req->op = whole->op;
    req->part = true;
    req->who = whole->who;
    req->endpoint = whole->endpoint;
    req->poll_device = whole->poll_device;
    req->done = part_done;
    send_marks(req, ack, partition);
}

static void check_members(struct par_request *req)
{
    const struct ack *ack = req->state_of_op;
    struct par_reader reader = par_reading(req);
    for (size_t i = 0; i < ack->count; i++) {
        struct par_view view;
        enum par_err err = par_read_view(&reader, req->who.user, &ack->marks[i].conv, &view);
        if (!err && !view.member)
            err = PAR_E_NOT_MEMBER;
        if (err) {
            par_request_error(req, err, reader.message);
            return;
        }
    }
}

static void checked(struct par_request *req)
{
    struct ack *ack = req->state_of_op;
    if (req->err) {
        par_request_finish(req);
        return;
    }
    /* One more until all are on their way, since a part may end at once. */
    ack->open = 1;
    for (size_t i = 0; i < ack->count; i++) {
        bool sent = false;
        for (size_t k = 0; k < i && !sent; k++)
            sent = ack->partition[k] == ack->partition[i];
        if (!sent)
            send_part(req, ack, ack->partition[i]);
    }
    /* What is asked next about one of these waits for the answer: of its parts some may be answered
     * long before others. */
    if (--ack->open)
        return;
    par_request_empty(req);
    par_request_finish(req);
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
    struct ack *ack = par_arena_zalloc(&req->arena, sizeof *ack);
    if (ack) {
        ack->marks = par_arena_alloc(&req->arena, room * sizeof *ack->marks);
        ack->partition = par_arena_alloc(&req->arena, room * sizeof *ack->partition);
    }
    if (!ack || !ack->marks || !ack->partition) {
        no_memory(req);
        return;
    }
    if (args->has_delivered && !add_marks(req, ack, &args->delivered, false))
        return;
    if (args->has_read && !add_marks(req, ack, &args->read, true))
        return;
    req->state_of_op = ack;
    size_t same = 0;
    while (same < ack->count && ack->partition[same] == ack->partition[0])
        same++;
    if (same == ack->count)
        send_marks(req, ack, ack->partition[0]);
    else
        par_request_work(req, check_members, checked);
}
