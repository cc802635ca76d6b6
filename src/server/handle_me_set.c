/* me.set: one's own profile and privacy. */
#include "store/key.h"
#include "server/accounts.h"
#include "server/dispatch.h"

struct me_set {
    const struct par_args_me_set *args;
    uint64_t changed;
};

/* What a profile counts as changed at, for sync since (TAKEOVER.md V7): the checkpoint of the first
 * partition. 0: it cannot be read. */
static uint64_t position(struct par_request *req)
{
    struct par_server *server = req->reactor->server;
    struct par_key key = par_key_number(par_partition(par_queue_generation(server->queue), 0));
    struct par_str value;
    struct par_checkpoint row = {.generation = par_queue_generation(server->queue)};
    int found =
        par_store_get_in(server->store, PAR_T_CHECKPOINTS, par_key_str(&key), &req->arena, &value);
    if (found < 0 || (found && !par_checkpoint_decode(value, &row)))
        return 0;
    return par_stamp((uint16_t)row.generation, row.position ? row.position : 1);
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
    user->changed = me->changed;
    return true;
}

static bool mark(void *arg, struct par_user *user)
{
    const struct me_set *me = arg;
    bool later = user->changed < me->changed;
    user->changed = later ? me->changed : user->changed;
    return later;
}

/* A sync that read the row before the change may have a token of a moment between the look at the
 * position and the change: so the row says once more when it was changed, after it was. */
static enum par_err set(struct par_request *req, struct par_accounts *accounts,
                        struct par_user *user_r)
{
    struct me_set me = {.args = req->args.me_set, .changed = position(req)};
    if (!me.changed)
        return PAR_E_UNAVAILABLE;
    enum par_err err = par_account_change(accounts, req->who.user, change, &me, user_r);
    uint64_t before = me.changed;
    me.changed = err ? 0 : position(req);
    if (me.changed > before)
        err = par_account_change(accounts, req->who.user, mark, &me, user_r);
    return err;
}

static void work(struct par_request *req)
{
    struct par_accounts accounts = par_request_accounts(req);
    struct par_user user;
    enum par_err err = set(req, &accounts, &user);
    if (err) {
        par_request_error(req, err, accounts.message);
        return;
    }
    par_account_changed(req->reactor->server, user.id);
    struct par_json_out w = par_request_open(req);
    par_write_profile(&w, &user);
    par_request_close(req, &w);
}

void par_handle_me_set(struct par_request *req)
{
    par_request_work(req, work, NULL);
}
