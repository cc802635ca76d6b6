/* VAPID (RFC 8292): the key by which push services know this service, and its signatures. */
#ifndef PAR_PUSH_VAPID_H
#define PAR_PUSH_VAPID_H

#include "base/buf.h"
#include "parley/err.h"

struct par_vapid;

/* A new key, as PEM; out->failed, or nothing appended, when there is none to be had. */
void par_vapid_make(struct par_buf *out);
/* The key in this PEM. PAR_E_BAD_REQUEST: it holds no private key of P-256, or asks for a password.
 */
enum par_err par_vapid_open(struct par_str pem, struct par_vapid **vapid_r) PAR_MUST_CHECK;
void par_vapid_close(struct par_vapid **vapid);

/* The public key in base64url, as clients subscribe with it. Any thread. */
struct par_str par_vapid_public(const struct par_vapid *vapid);
/* Appends the value of `Authorization` for a push service, good for 12 hours from now_s (seconds
 * since 1970): subject is a mailto: or https: address. False: OpenSSL failed. One thread. The
 * last origins are remembered: a signature serves for half of its time. */
bool par_vapid_authorize(struct par_vapid *vapid, struct par_str origin, const char *subject,
                         int64_t now_s, struct par_buf *out) PAR_MUST_CHECK;

#endif
