/* permessage-deflate (RFC 7692) without context takeover: no connection holds compression state,
 * the streams belong to the thread. */
#ifndef PAR_WS_DEFLATE_H
#define PAR_WS_DEFLATE_H

#include "base/buf.h"
#include "parley/err.h"

/* What two sides agreed on. */
struct par_ws_deflate_params {
    bool on;
    uint8_t window_bits; /* the largest window that we may compress with: 9-15 */
};

/* Reads the value of one Sec-WebSocket-Extensions header of a request (a list of offers; call it
 * for each such header until *params_r says on) and takes the first offer of permessage-deflate
 * that can be met. False when the header is malformed; nothing is agreed then. */
bool par_ws_deflate_offer(struct par_str value, struct par_ws_deflate_params *params_r);

/* Appends the value of the answer's Sec-WebSocket-Extensions header. */
void par_ws_deflate_add_answer(struct par_buf *b, const struct par_ws_deflate_params *params);

/* What our own client offers, and whether a server's answer to it may be accepted. */
#define PAR_WS_DEFLATE_OFFER                                                                       \
    "permessage-deflate; client_no_context_takeover; server_no_context_takeover"
bool par_ws_deflate_accept(struct par_str answer, struct par_ws_deflate_params *params_r);

/* The streams of one thread; made when first needed. Start with {0}. */
struct par_ws_deflate {
    void *_inflate;
    void *_deflate[16]; /* by window bits */
};

/* Frees the streams. */
void par_ws_deflate_fini(struct par_ws_deflate *d);

/* Appends the decompressed payload of a message to out, at most max bytes of it. PAR_E_TOO_LARGE
 * when there is more (out then holds less than max bytes over what it held), PAR_E_BAD_REQUEST when
 * it is not deflate data, PAR_E_INTERNAL without memory. */
enum par_err par_ws_inflate_message(struct par_ws_deflate *d, struct par_str payload, uint64_t max,
                                    struct par_buf *out) PAR_MUST_CHECK;

/* Appends the compressed payload. PAR_E_INTERNAL without memory; out is then `failed` or as before.
 */
enum par_err par_ws_deflate_message(struct par_ws_deflate *d, uint8_t window_bits,
                                    struct par_str message, struct par_buf *out) PAR_MUST_CHECK;

#endif
