/* What the handlers of writing operations share: a command in the request's arena, the look-up of
 * users that it names, and refusals that hold whatever the state. */
#ifndef PAR_SERVER_COMMANDS_H
#define PAR_SERVER_COMMANDS_H

#include "server/request.h"

/* A command of this kind, all else zero, in the request's arena; NULL after the request was
 * answered. */
struct par_command *par_command_in(struct par_request *req, enum par_command_kind kind);

/* True when the conversation can be written to by whoever asks, as far as its id tells: false after
 * the request was answered not_found or not_member. */
bool par_command_conv(struct par_request *req, const struct par_conv_ref *ref,
                      struct par_conv *conv_r);

/* Sends the command, after a look in the store for those of the users that are not known to exist;
 * one that does not is the verdict not_found. */
void par_command_check_users(struct par_request *req, struct par_command *command,
                             const uint64_t *users, size_t n);

/* An id that nobody has: stands in a command for those users that nobody can be, so that its body
 * differs from one that does not name them. */
#define PAR_USER_NOBODY ((uint64_t)INT64_MAX)

/* The users of a list, as ids in the arena, in *ids_r; *n_r is how many: all that are nobody count
 * once. False after an answer. */
bool par_command_users(struct par_request *req, const struct par_user_refs *list,
                       const uint64_t **ids_r, size_t *n_r);

#endif
