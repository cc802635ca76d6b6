/* The cursor of a search: where it goes on. */
#ifndef PAR_SEARCH_CURSOR_H
#define PAR_SEARCH_CURSOR_H

#include "base/buf.h"
#include "base/conv_id.h"

/* Conversations are searched in the order of (ts, conv), the newest first. */
struct par_search_cursor {
    uint32_t digest; /* of what was asked: another search must not go on from it */
    int64_t as_of;   /* the order of conversations is that of this time */
    int64_t ts;      /* of the newest entry of the conversation then */
    uint64_t seq;    /* the next entry to look at; 0: the newest */
    struct par_conv conv;
};

enum { PAR_SEARCH_CURSOR_MAX = 160 };

/* Text for clients, bound to this store; its length. */
size_t par_search_cursor_write(const struct par_search_cursor *c, const char *incarnation,
                               char out[PAR_SEARCH_CURSOR_MAX]);
/* Back from it; false when it is none of this store. */
bool par_search_cursor_read(struct par_str text, const char *incarnation,
                            struct par_search_cursor *c_r);

/* The digest of what was asked. */
uint32_t par_search_digest(struct par_str query, const struct par_conv *conv, uint64_t from,
                           int64_t after_ts, int64_t before_ts);

#endif
