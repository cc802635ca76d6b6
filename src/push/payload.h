/* What a push says: JSON for our service worker that is also a Declarative Web Push, so that a
 * browser which knows those shows it without the worker. */
#ifndef PAR_PUSH_PAYLOAD_H
#define PAR_PUSH_PAYLOAD_H

#include "base/buf.h"
#include "parley/push.h"

struct par_push_note {
    enum par_push_reason reason; /* PAR_PUSH_TEXT, _ADDED or _TEST, which needs nothing else */
    struct par_conv conv;
    uint64_t seq;
    int64_t ts;
    uint64_t from;         /* who wrote the entry */
    struct par_str sender; /* and the name */
    struct par_str group;  /* name of a group; missing: a direct conversation */
    struct par_str text;   /* missing: not to be shown, or there is none */
    uint32_t badge;        /* unread conversations in all */
    const char *url;       /* where the page is served, without a slash at the end; "": unknown */
};

/* Appends at most PAR_PUSH_PLAIN_MAX bytes of JSON: a longer text is cut at a character, with an
 * ellipsis. Any thread. */
void par_push_payload(const struct par_push_note *note, struct par_buf *out);

#endif
