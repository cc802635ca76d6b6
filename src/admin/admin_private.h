/* Inside src/admin: the commands, and what they share. */
#ifndef PAR_ADMIN_ADMIN_PRIVATE_H
#define PAR_ADMIN_ADMIN_PRIVATE_H

#include "admin/admin.h"
#include "auth/account.h"

enum { PAR_ADMIN_OK = 0, PAR_ADMIN_FAILED = 1, PAR_ADMIN_USAGE = 2 };

/* The i-th word that is not an option; {NULL, 0}: there is none. */
struct par_str par_admin__word(const struct par_admin_call *call, size_t i);
/* The value of "--name"; {NULL, 0}: not given. */
struct par_str par_admin__option(const struct par_admin_call *call, const char *name);
/* The same as a number from least to most; otherwise when it was not given. False after a line. */
bool par_admin__number(struct par_admin_call *call, const char *name, uint64_t least, uint64_t most,
                       uint64_t otherwise, uint64_t *v_r);
/* One line on err; returns the code. */
int par_admin__say(struct par_admin_call *call, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The line and code for an error of src/auth. */
int par_admin__trouble(struct par_admin_call *call, enum par_err err,
                       const struct par_accounts *accounts);
struct par_accounts par_admin__accounts(struct par_admin_call *call);

int par_admin__user_add(struct par_admin_call *call);
int par_admin__user_list(struct par_admin_call *call);
int par_admin__user_disable(struct par_admin_call *call);
int par_admin__user_enable(struct par_admin_call *call);
int par_admin__user_delete(struct par_admin_call *call);
int par_admin__users_create(struct par_admin_call *call);
int par_admin__invite_create(struct par_admin_call *call);
int par_admin__key_create(struct par_admin_call *call);
int par_admin__key_list(struct par_admin_call *call);
int par_admin__key_revoke(struct par_admin_call *call);
int par_admin__push_why(struct par_admin_call *call);
int par_admin__status(struct par_admin_call *call);
int par_admin__drain(struct par_admin_call *call);
int par_admin__log_level(struct par_admin_call *call);
int par_admin__store_backup(struct par_admin_call *call);
int par_admin__store_migrate(struct par_admin_call *call);
int par_admin__store_migrating(struct par_admin_call *call);

#endif
