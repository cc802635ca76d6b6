/* Deliveries as the bytes of a queue record, for the inbox of a server on another machine.
 *
 * The bytes carry a version and all that the server needs: it asks neither the store nor its own
 * copy of the members (TAKEOVER.md R2). They come from a log that other programs can write to, so
 * decoding refuses whatever encoding does not make. */
#ifndef PAR_CONV_DELIVERY_CODEC_H
#define PAR_CONV_DELIVERY_CODEC_H

#include "conv/delivery.h"

enum {
    PAR_DELIVERY_USERS_MAX = 16384,
    PAR_DELIVERY_ENTRY_MAX = 1 << 21, /* bytes of an encoded entry */
    PAR_DELIVERY_TEXT_MAX = 1 << 20,  /* a name or a draft */
    PAR_DELIVERY_MESSAGE_MAX = 255    /* a longer message is cut */
};

/* Appends the bytes of a delivery to out; out->failed when memory was refused. A record is one
 * delivery or more, one behind the other. Any thread; does not block. */
void par_delivery_encode(const struct par_delivery *d, struct par_buf *out);

/* The next delivery of a record, whose cursor is then behind it; a record is read to its end by
 * calling this until par_cursor_left() is 0, and at least once. Texts borrow from the bytes of the
 * record; the entry and the users come from the arena. False, and all zero, when the bytes are none
 * that par_delivery_encode() makes, or memory is refused; the rest of the record is then lost. Any
 * thread; does not block. */
bool par_delivery_next(struct par_cursor *cur, struct par_arena *arena, struct par_delivery *d_r);

#endif
