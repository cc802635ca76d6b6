/* WebSocket connections of one loop: whole messages in, frames out.
 *
 * The story of one. A handler of an HTTP request for a WebSocket calls par_ws_accept, which answers
 * the handshake and takes the socket over (our own commands use ws/client.h). From then on each
 * message comes by on_message, in order. What is sent is queued and leaves once a turn. A peer that
 * is silent is pinged, and one that stays silent is dead. A close, from whichever side, sends a
 * close frame, gives it time to leave, and ends with on_closed, exactly once, from which on the
 * connection is gone. An idle connection is this struct of 176 bytes and nothing else: no buffers,
 * no compression state.
 *
 * Everything happens on the loop's thread; nothing blocks. */
#ifndef PAR_WS_CONNECTION_H
#define PAR_WS_CONNECTION_H

#include "base/shared.h"
#include "base/slab.h"
#include "http/connection.h"
#include "parley/close.h"
#include "ws/deflate.h"
#include "ws/frame.h"

struct par_ws_conn;

/* Static storage, shared by all connections of a kind. Any call is allowed from any of them. After
 * a close no callback but on_closed comes. */
struct par_ws_ops {
    /* A text message, checked to be UTF-8. The bytes are valid during the call only. */
    void (*on_message)(struct par_ws_conn *c, struct par_str text);
    /* A binary message; needed where the settings allow them. */
    void (*on_binary)(struct par_ws_conn *c, struct par_str bytes);
    /* Optional. More was to be sent than the output limit allows, and was dropped: the peer does
     * not read. Without it the connection closes as TOO_SLOW. */
    void (*on_overflow)(struct par_ws_conn *c);
    /* Optional. A queue that the kernel had refused is empty now. */
    void (*on_drained)(struct par_ws_conn *c);
    /* Required. It has ended, for this reason. The connection must not be used when it returns. */
    void (*on_closed)(struct par_ws_conn *c, enum par_close reason);
};

struct par_ws_settings {
    uint64_t max_message; /* bytes of a message from the peer (after decompression) */
    bool allow_binary;
    bool deflate;          /* permessage-deflate, where the peer offers it */
    bool deflate_short;    /* also messages that are too short to gain from it */
    uint32_t ping_ms;      /* silence after which a ping is sent; 0: never */
    uint32_t dead_ms;      /* silence after which the connection is dead; 0: never */
    uint32_t close_ms;     /* time for a close frame to leave; at most PAR_TCP_CLOSE_MS */
    uint32_t output_bytes; /* limit of the output queue */
};
#define PAR_WS_SETTINGS_DEFAULT                                                                    \
    {                                                                                              \
        .max_message = 64 * 1024, .ping_ms = 25000, .dead_ms = 30000, .close_ms = 5000,            \
        .output_bytes = 4 * 1024 * 1024                                                            \
    }

/* The connections of one loop. Fields are private. */
struct par_ws {
    struct par_loop *_loop;
    struct par_ws_settings _settings;
    struct par_ws_limits _limits[4]; /* by PAR_WS__CLIENT and PAR_WS__DEFLATE */
    struct par_slab _slab;
    struct par_ws_deflate _deflate;
    struct par_buf _in;  /* a decompressed message, while it is handed out */
    struct par_buf _out; /* a frame that is being written */
    uint8_t _keys[1024]; /* random bytes for the masks of clients */
    uint32_t _keys_left;
};

/* Starts with no connections; settings are copied. */
void par_ws_init(struct par_ws *ws, struct par_loop *loop, const struct par_ws_settings *settings);
/* Every connection must have ended. */
void par_ws_fini(struct par_ws *ws);
size_t par_ws_count(const struct par_ws *ws);
/* Bytes held for their structs. Any thread. */
size_t par_ws_memory(const struct par_ws *ws);

/* Answers the upgrade request that conn waits with, and takes its socket over; conn and req must
 * not be used afterwards, except req until on_request returns. What is not a good WebSocket request
 * is answered as such, and NULL returned; so is a connection that has ended. ops must not be called
 * before this returns, except when the request was not answered within on_request and the peer did
 * not wait for the answer. */
struct par_ws_conn *par_ws_accept(struct par_ws *ws, struct par_http_conn *conn,
                                  const struct par_ws_ops *ops, void *arg) PAR_MUST_CHECK;

/* What the owner gave for its own use; and the peer's address. */
void *par_ws_arg(const struct par_ws_conn *c);
void par_ws_set_arg(struct par_ws_conn *c, void *arg);
const struct par_addr *par_ws_peer(const struct par_ws_conn *c);

/* Queue a message. False: it was dropped, since the connection is closing or its queue is over the
 * limit. Text is compressed where that was agreed on. A connection whose kernel buffer is full and
 * that is over its limit hears of it by on_overflow at the end of the turn. */
bool par_ws_send_text(struct par_ws_conn *c, struct par_str text);
bool par_ws_send_binary(struct par_ws_conn *c, struct par_str bytes);
/* Queues a frame made by par_ws_frame_shared, by reference: one for many connections. Never
 * compressed. Not for the connections of clients, whose frames must be masked. */
bool par_ws_send_frame(struct par_ws_conn *c, struct par_shared *frame);
/* A text as a server's frame, with one reference, the caller's; *text_at_r, if not NULL, is where
 * the text begins in it. NULL without memory. Any thread. */
struct par_shared *par_ws_frame_shared(struct par_str text, uint32_t *text_at_r);
/* Sends a ping without payload. */
void par_ws_ping(struct par_ws_conn *c);

/* Bytes that wait to be written. */
uint32_t par_ws_queued(const struct par_ws_conn *c);

/* Stops and resumes reading. After pause, no further on_message comes, not even of what was read
 * already. */
void par_ws_pause(struct par_ws_conn *c);
void par_ws_resume(struct par_ws_conn *c);

/* Sends the close frame of the reason (par_close_code) and closes; a reason without a code ends the
 * connection at once. TOO_SLOW drops what is queued first. A further close does nothing. */
void par_ws_close(struct par_ws_conn *c, enum par_close reason);
bool par_ws_is_closing(const struct par_ws_conn *c);
/* Ends the connection at once, without a close frame; also one whose close is under way, which then
 * keeps its reason. */
void par_ws_abort(struct par_ws_conn *c, enum par_close reason);
/* The code of the close frame that the peer sent: 1005 when it gave none, 0 when no close frame
 * came before the end. Final in on_closed: a client learns by it why the server closed. */
uint16_t par_ws_peer_code(const struct par_ws_conn *c);

#endif
