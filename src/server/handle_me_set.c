/* me.set: one's own profile and privacy. */
#include "conv/writer.h"
#include "server/accounts.h"
#include "server/dispatch.h"

struct me_set {
    const struct par_args_me_set *args;
    struct par_server *server;
};

/* The position of the log: a profile counts as changed there, for sync since (TAKEOVER.md V7). */
static uint64_t position(struct par_server *server)
{
    struct par_writer_stats stats;
    par_writer_stats(server->writer, &stats);
    return stats.position;
}

static bool change(void *arg, struct par_user *user)
{
    const struct me_set *me = arg;
    const struct par_args_me_set *args = me->args;
    if (args->has_display_name)
        user->display_name = args->display_name;
    if (args->has_about)
        user->about = args->about;
    if (args->has_show_last_seen)
        user->hide_last_seen = !args->show_last_seen;
    if (args->has_show_read)
        user->hide_read = !args->show_read;
    if (args->has_show_typing)
        user->hide_typing = !args->show_typing;
    user->changed = position(me->server);
    return true;
}

static void work(struct par_request *req)
{
    struct par_accounts accounts = par_request_accounts(req);
    struct me_set me = {.args = req->args.me_set, .server = req->reactor->server};
    struct par_user user;
    enum par_err err = par_account_change(&accounts, req->who.user, change, &me, &user);
    if (err) {
        par_request_error(req, err, accounts.message);
        return;
    }
    par_account_changed(me.server, user.id);
    struct par_json_out w = par_request_open(req);
    par_write_profile(&w, &user);
    par_request_close(req, &w);
}

void par_handle_me_set(struct par_request *req)
{
    par_request_work(req, work, NULL);
}
