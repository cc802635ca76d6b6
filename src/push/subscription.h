/* A browser's push subscription, as a client gives it to us: where to post, and for which keys.
 *
 * Everything in it was chosen by a stranger. The endpoint becomes an address that this server
 * connects to, so it is held to the form that push services use, and the connection itself refuses
 * addresses that are not public (loop/https.h). */
#ifndef PAR_PUSH_SUBSCRIPTION_H
#define PAR_PUSH_SUBSCRIPTION_H

#include "base/str.h"

enum { PAR_P256_POINT = 65, PAR_PUSH_AUTH = 16 };

struct par_subscription {
    struct par_str endpoint;       /* borrowed */
    struct par_str origin;         /* its front, "https://host" or "https://host:port" */
    uint8_t point[PAR_P256_POINT]; /* the browser's public key, uncompressed */
    uint8_t auth[PAR_PUSH_AUTH];
};

/* Reads and checks; any_host: also names and addresses that are plainly not public. False, with a
 * line for the client in *why_r, when something is wrong. The result borrows from endpoint. Any
 * thread; does not block. */
bool par_subscription_read(struct par_str endpoint, struct par_str p256dh, struct par_str auth,
                           bool any_host, struct par_subscription *sub_r, const char **why_r);

#endif
