/* Records: what the values of the store's tables mean.
 *
 * A value is a version byte, then fields: a number, its kind, and a varint or bytes with their
 * length. A field that is 0 or missing is left out; a field that a reader does not know is skipped;
 * a version byte that it does not know makes the record unreadable. So fields are added without a
 * new version, and a new version means that an old program must not read it. The files of
 * src/store/golden/ hold the bytes of each version.
 *
 * For each record X of the table there is
 *   void par_X_encode(const struct par_X *, struct par_buf *out): appends the bytes of a value;
 *   bool par_X_decode(struct par_str value, struct par_X *x_r): false (all zero) when they are
 * damaged or of a newer version. Strings borrow from the value; what stands in the key is left 0,
 * and the caller may fill it in. Times are milliseconds since 1970, 0: never. None of these
 * functions blocks or keeps anything. */
#ifndef PAR_STORE_RECORD_H
#define PAR_STORE_RECORD_H

#include "store/record_conv.h"
#include "store/record_roster.h"
#include "store/record_user.h"

#define X(name)                                                                                    \
    void par_##name##_encode(const struct par_##name *record, struct par_buf *out);                \
    bool par_##name##_decode(struct par_str value, struct par_##name *record_r) PAR_MUST_CHECK;
#include "store/records.h"
#undef X

#endif
