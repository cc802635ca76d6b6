/* typing: told to the others of the conversation who are here now; never stored. */
#include "base/stats.h"
#include "server/dispatch.h"
#include "server/fanout.h"
#include "server/peers.h"
#include "server/reading.h"

static enum par_err tell(struct par_request *req, struct par_reader *reader)
{
    const struct par_conv *conv = &req->args.typing->conv.conv;
    struct par_view view;
    enum par_err err = par_read_view(reader, req->who.user, conv, &view);
    if (err)
        return err;
    if (!view.member)
        return PAR_E_NOT_MEMBER;
    if (view.blocks || req->who.hide_typing)
        return PAR_OK;
    uint64_t *users;
    size_t n;
    err = par_read_member_ids(reader, conv, &users, &n);
    if (err)
        return err;
    size_t others = 0;
    for (size_t i = 0; i < n; i++) {
        if (users[i] != req->who.user)
            users[others++] = users[i];
    }
    struct par_buf json = {0};
    par_event_typing(&json, conv, req->who.user, req->args.typing->on);
    struct par_fanout f;
    par_fanout_init(&f, req->reactor->server);
    par_stats_inc_at(PAR_C_EVENTS, PAR_EVENT_TYPING);
    par_fanout_users(&f, par_buf_str(&json), users, others);
    par_fanout_flush(&f);
    par_buf_fini(&json);
    struct par_delivery d = {.kind = PAR_DELIVERY_TYPING,
                             .conv = *conv,
                             .user = req->who.user,
                             .on = req->args.typing->on,
                             .users = users,
                             .user_count = others};
    par_peers_tell_holders(req->reactor->server, &d);
    return PAR_OK;
}

static void work(struct par_request *req)
{
    struct par_reader reader = par_reading(req);
    enum par_err err = tell(req, &reader);
    if (err)
        par_request_error(req, err, reader.message);
    else
        par_request_empty(req);
}

void par_handle_typing(struct par_request *req)
{
    if (req->args.typing->conv.err) {
        par_request_fail(req, req->args.typing->conv.err, "no such conversation");
        return;
    }
    par_request_work(req, work, NULL);
}
