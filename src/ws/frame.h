/* The WebSocket codec (RFC 6455) without I/O: bytes in, messages out; and the header of a frame to
 * send.
 *
 * The story of a message: bytes arrive in a buffer that belongs to the thread. par_ws_parser_next()
 * is called until it says MORE. A frame that lies whole in the buffer is unmasked in place and
 * handed out without a copy. What is partial (a cut header, a cut payload, the fragments before the
 * last one) is kept in a block that exists only as long, so that an idle connection costs one
 * pointer. Text is checked to be UTF-8 as it arrives, and a length is refused when it is announced.
 */
#ifndef PAR_WS_FRAME_H
#define PAR_WS_FRAME_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum par_ws_opcode {
    PAR_WS_CONTINUATION = 0x0,
    PAR_WS_TEXT = 0x1,
    PAR_WS_BINARY = 0x2,
    PAR_WS_CLOSE = 0x8,
    PAR_WS_PING = 0x9,
    PAR_WS_PONG = 0xA
};

/* The close codes that the codec itself can give; PROTOCOL.md 2 lists all. */
enum par_ws_code {
    PAR_WS_CODE_NORMAL = 1000,
    PAR_WS_CODE_GOING_AWAY = 1001,
    PAR_WS_CODE_BROKEN = 1002,
    PAR_WS_CODE_BINARY = 1003,
    PAR_WS_CODE_NONE = 1005,     /* never sent: a close frame without a code */
    PAR_WS_CODE_ABNORMAL = 1006, /* never sent: the connection ended without a close frame */
    PAR_WS_CODE_NOT_UTF8 = 1007,
    PAR_WS_CODE_INTERNAL = 1011,
    PAR_WS_CODE_TOO_SLOW = 4408,
    PAR_WS_CODE_TOO_LARGE = 4413
};

#define PAR_WS_HEADER_MAX  14  /* bytes of the longest frame header */
#define PAR_WS_CONTROL_MAX 125 /* payload bytes of a control frame */

/* What a parser accepts; shared by many connections, constant while they live. */
struct par_ws_limits {
    uint64_t max_message; /* bytes of one message, all fragments together */
    bool allow_binary;
    bool masked;  /* true: every frame must be masked (we are the server); false: none may be */
    bool deflate; /* true: a message may be compressed (negotiated) */
};

enum par_ws_event {
    PAR_WS_EVENT_MORE = 0, /* all bytes are used up, no message is complete */
    PAR_WS_EVENT_TEXT,     /* a whole message */
    PAR_WS_EVENT_BINARY,
    PAR_WS_EVENT_PING, /* payload to be sent back */
    PAR_WS_EVENT_PONG,
    PAR_WS_EVENT_CLOSE, /* code: what the peer gave, or PAR_WS_CODE_NONE; payload: its reason */
    PAR_WS_EVENT_ERROR  /* code: what to close with; why: static text. Nothing follows */
};

struct par_ws_message {
    uint8_t *data; /* may be written to */
    size_t len;
    uint16_t code;
    const char *why; /* of ERROR */
    bool compressed; /* the payload of a text or binary message is deflated; a compressed text was
                        NOT checked to be UTF-8 */
};

struct par_ws_partial;

/* Start with {0}. Not thread-safe. */
struct par_ws_parser {
    struct par_ws_partial *_partial;
};

/* Frees what is partial. The parser may be used again for another stream. */
void par_ws_parser_fini(struct par_ws_parser *p);

/* Reads data[0..len) up to the end of the next message, control frame or error, and says in *used_r
 * how many bytes that took; the caller goes on behind them. The bytes are changed (unmasked).
 * *msg_r stays valid until the next call, or until data changes. After CLOSE and ERROR the caller
 * stops. Memory that is refused is an ERROR with 1011. */
enum par_ws_event par_ws_parser_next(struct par_ws_parser *p, const struct par_ws_limits *limits,
                                     uint8_t *data, size_t len, size_t *used_r,
                                     struct par_ws_message *msg_r);

/* Bytes of memory held for something partial; 0 when nothing is. */
size_t par_ws_parser_held(const struct par_ws_parser *p);

/* XORs data with the key, whose first byte falls on data[0] when offset is 0 (offset counts modulo
 * 4). True when a byte of the result is over 0x7F. */
bool par_ws_mask(uint8_t *data, size_t len, const uint8_t key[4], size_t offset);

/* Writes the header of a frame with fin set and len bytes of payload; first_byte_flags is 0 or
 * PAR_WS_RSV1; key is NULL for a server's frame, which is not masked. Returns its length, 2-14. */
#define PAR_WS_RSV1 0x40
size_t par_ws_frame_header(uint8_t out[PAR_WS_HEADER_MAX], enum par_ws_opcode opcode,
                           uint8_t first_byte_flags, uint64_t len, const uint8_t key[4]);

/* Appends a whole frame: a server's (key NULL) or a client's, masked with the key. */
void par_ws_frame_add(struct par_buf *b, enum par_ws_opcode opcode, uint8_t first_byte_flags,
                      struct par_str payload, const uint8_t key[4]);

/* Appends a close frame. code 0 or PAR_WS_CODE_NONE: without a payload. The reason is cut to what
 * fits, between code points. */
void par_ws_frame_add_close(struct par_buf *b, uint16_t code, struct par_str reason,
                            const uint8_t key[4]);

/* True for a code that may stand in a close frame. */
bool par_ws_code_valid(uint16_t code);

#endif
