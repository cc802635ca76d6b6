/* Records of a conversation: their fields; lists of users. */
#include "store/record.h"

#include "store/record_codec.h"

#define F(number, type, member) PAR_RECORD_FIELD(entry, number, type, member)
PAR_RECORD(entry, 1, F(1, U64, stamp), F(2, U64, text_no), F(3, I64, ts), F(4, USER, sender),
           F(5, U8, kind), F(6, TEXT, cmid), F(7, TEXT, text), F(8, U64, reply_to),
           F(9, BOOL, has_client_ts), F(10, I64, client_ts), F(11, U64, target), F(12, BOOL, on),
           F(13, USERS, users), F(14, U8, role), F(15, U8, history), F(16, U64, edited_seq),
           F(17, U64, deleted_seq))
#undef F

#define F(number, type, member) PAR_RECORD_FIELD(cmid, number, type, member)
PAR_RECORD(cmid, 1, F(1, U64, seq), F(2, U64, stamp), F(3, I64, ts), F(4, BYTES16, digest))
#undef F

#define F(number, type, member) PAR_RECORD_FIELD(conversation, number, type, member)
PAR_RECORD(conversation, 1, F(1, U64, last_seq), F(2, I64, last_ts), F(3, U64, last_stamp),
           F(4, U64, text_count), F(5, U64, changed), F(6, I64, created), F(7, USER, creator),
           F(8, U32, member_count), F(9, TEXT, name), F(10, U32, partition))
#undef F

#define F(number, type, member) PAR_RECORD_FIELD(mark, number, type, member)
PAR_RECORD(mark, 1, F(1, U64, delivered), F(2, U64, read), F(3, U64, shown_read), F(4, U64, stamp))
#undef F

#define F(number, type, member) PAR_RECORD_FIELD(checkpoint, number, type, member)
PAR_RECORD(checkpoint, 1, F(1, U64, epoch), F(2, U32, generation), F(3, U64, position),
           F(4, U32, rules), F(5, U64, batches), F(6, U64, owner), F(7, U32, partitions),
           F(8, BOOL, sealed))
#undef F

uint64_t par_users_at(struct par_str users, size_t i)
{
    const uint8_t *p = (const uint8_t *)users.ptr + 8 * i;
    uint64_t v = 0;
    for (int k = 0; k < 8; k++)
        v = v << 8 | p[k];
    return v;
}

bool par_users_has(struct par_str users, uint64_t user)
{
    for (size_t i = 0; i < par_users_count(users); i++)
        if (par_users_at(users, i) == user)
            return true;
    return false;
}

void par_users_put(struct par_buf *out, const uint64_t *users, size_t n)
{
    for (size_t i = 0; i < n; i++)
        par_buf_add_u64(out, users[i]);
}
