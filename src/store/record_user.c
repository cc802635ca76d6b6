/* Records of people: their fields. */
#include "store/record.h"

#include "store/record_codec.h"

#define F(number, type, member) PAR_RECORD_FIELD(user_conv, number, type, member)
PAR_RECORD(user_conv, 1, F(1, U64, joined_seq), F(2, U64, left_seq), F(3, I64, muted_until),
           F(4, BOOL, archived), F(5, BOOL, pinned), F(6, BOOL, marked_unread), F(7, TEXT, draft),
           F(8, U64, stamp), F(9, TEXT, left_name), F(10, U32, left_members),
           F(11, U64, first_stamp))
#undef F

#define F(number, type, member) PAR_RECORD_FIELD(user, number, type, member)
PAR_RECORD(user, 1, F(1, TEXT, name), F(2, TEXT, display_name), F(3, TEXT, about),
           F(4, TEXT, password), F(5, BOOL, hide_last_seen), F(6, BOOL, hide_read),
           F(7, BOOL, hide_typing), F(8, BOOL, disabled), F(9, BOOL, deleted), F(10, I64, created),
           F(11, I64, last_seen), F(12, U64, changed))
#undef F

#define F(number, type, member) PAR_RECORD_FIELD(name, number, type, member)
PAR_RECORD(name, 1, F(1, USER, user))
#undef F

#define F(number, type, member) PAR_RECORD_FIELD(device, number, type, member)
PAR_RECORD(device, 1, F(1, TEXT, name), F(2, TEXT, client), F(3, BYTES, token_hash),
           F(4, I64, created), F(5, I64, last_used))
#undef F

#define F(number, type, member) PAR_RECORD_FIELD(token, number, type, member)
PAR_RECORD(token, 1, F(1, USER, user), F(2, USER, device), F(3, I64, created))
#undef F

#define F(number, type, member) PAR_RECORD_FIELD(contact, number, type, member)
PAR_RECORD(contact, 1, F(1, I64, created))
#undef F

#define F(number, type, member) PAR_RECORD_FIELD(block, number, type, member)
PAR_RECORD(block, 1, F(1, I64, created))
#undef F

#define F(number, type, member) PAR_RECORD_FIELD(push_token, number, type, member)
PAR_RECORD(push_token, 1, F(1, U8, kind), F(2, USER, device), F(3, TEXT, token),
           F(4, TEXT, endpoint), F(5, TEXT, p256dh), F(6, TEXT, auth), F(7, I64, created),
           F(8, I64, last_ok), F(9, U32, failures), F(10, BOOL, hide_text))
#undef F

#define F(number, type, member) PAR_RECORD_FIELD(push_ledger, number, type, member)
PAR_RECORD(push_ledger, 1, F(1, U64, id), F(2, U8, end), F(3, U8, reason), F(4, BYTES, conv),
           F(5, U64, seq), F(6, I64, at), F(7, U32, status), F(8, U32, tries), F(9, USER, device),
           F(10, TEXT, service))
#undef F

#define F(number, type, member) PAR_RECORD_FIELD(api_key, number, type, member)
PAR_RECORD(api_key, 1, F(1, TEXT, name), F(2, BYTES, secret_hash), F(3, U32, scopes),
           F(4, I64, created), F(5, I64, revoked))
#undef F

#define F(number, type, member) PAR_RECORD_FIELD(invite, number, type, member)
PAR_RECORD(invite, 1, F(1, U32, uses_left), F(2, U32, uses), F(3, I64, created), F(4, I64, expires))
#undef F
