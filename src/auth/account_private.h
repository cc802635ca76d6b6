/* Inside src/auth: rows read and written. */
#ifndef PAR_AUTH_ACCOUNT_PRIVATE_H
#define PAR_AUTH_ACCOUNT_PRIVATE_H

#include "auth/account.h"
#include "loop/env.h"
#include "store/key.h"

/* A random id 1 … 2^63 - 1. */
uint64_t par_account__new_id(void);
/* The user's row, in the arena; also the raw value, for a swap. NOT_FOUND also for a deleted one.
 */
enum par_err par_account__load(struct par_accounts *a, uint64_t user, struct par_str *raw_r,
                               struct par_user *user_r) PAR_MUST_CHECK;
enum par_err par_account__store_trouble(struct par_accounts *a);

#endif
