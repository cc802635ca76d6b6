/* Whom an entry is worth a push: members without a connection get one for a text of somebody else,
 * and who was added to a group for that. */
#ifndef PAR_CONV_PUSH_RULE_H
#define PAR_CONV_PUSH_RULE_H

#include "parley/push.h"
#include "store/record.h"

/* The reason for a push of this entry to this member; 0: none. */
static inline enum par_push_reason par_push_reason(const struct par_entry *e, uint64_t user)
{
    if (user == e->sender || e->deleted_seq)
        return (enum par_push_reason)0;
    if (e->kind == PAR_ENTRY_TEXT)
        return PAR_PUSH_TEXT;
    bool added = (e->kind == PAR_ENTRY_MEMBER_ADDED || e->kind == PAR_ENTRY_CREATED) &&
                 par_users_has(e->users, user);
    return added ? PAR_PUSH_ADDED : (enum par_push_reason)0;
}

/* The job; text borrows from the entry. */
static inline struct par_push_job par_push_job_of(const struct par_entry *e, uint64_t user,
                                                  enum par_push_reason reason)
{
    return (struct par_push_job){.reason = reason,
                                 .user = user,
                                 .conv = e->conv,
                                 .seq = e->seq,
                                 .ts = e->ts,
                                 .from = e->sender,
                                 .text = e->text};
}

#endif
