/* How requests work with accounts (auth/account.h) on pool threads. */
#ifndef PAR_SERVER_ACCOUNTS_H
#define PAR_SERVER_ACCOUNTS_H

#include "auth/account.h"
#include "server/request.h"

/* Has the device an open connection or poll session on this server? arg is the server. */
bool par_device_in_use(void *arg, uint64_t user, uint64_t device);

static inline struct par_accounts par_request_accounts(struct par_request *req)
{
    const struct par_config *config = req->reactor->server->config;
    return (struct par_accounts){
        .store = req->reactor->server->store,
        .arena = &req->arena,
        .cost = {.ops = (uint64_t)config->auth.argon2_ops,
                 .mem_kib = (uint64_t)config->auth.argon2_mem_kib},
        .devices = (uint32_t)PAR_CONFIG_GET(config->limits.devices),
        .in_use = par_device_in_use,
        .in_use_arg = req->reactor->server,
    };
}

/* The row of a user changed: what connections remember of it (privacy) is made true, here and on
 * the other servers; those of one who was disabled or deleted are closed. Pool threads, or the
 * admin socket's: blocks. */
void par_account_changed(struct par_server *server, uint64_t user);
/* The same, here only, because another server says so: soon, on a pool thread. Any thread. */
void par_account_reread_later(struct par_server *server, uint64_t user);

/* Fills who asks from the row of the user. */
void par_identity_set(struct par_identity *who, const struct par_user *user, uint64_t device);

/* `user`: {id, name, display_name}, as in hello; others of the profile beside it. */
void par_write_user(struct par_json_out *w, const char *name, const struct par_user *user);
/* The members of one's own profile: id … show_typing, into an open object. */
void par_write_profile(struct par_json_out *w, const struct par_user *user);
/* The answer to register and login: token, user, device. */
void par_write_session(struct par_json_out *w, const struct par_session *session);

#endif
