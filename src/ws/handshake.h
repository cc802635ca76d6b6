/* The opening handshake of a WebSocket (RFC 6455, 4), without I/O: for the server and for our own
 * clients. */
#ifndef PAR_WS_HANDSHAKE_H
#define PAR_WS_HANDSHAKE_H

#include "http/parser.h"
#include "ws/deflate.h"

#define PAR_WS_PROTOCOL "parley.v1"
#define PAR_WS_KEY_TEXT 25 /* bytes of a Sec-WebSocket-Key, with its NUL */

/* What a request asked for, and what the answer says. */
struct par_ws_handshake {
    char accept[29]; /* the value of Sec-WebSocket-Accept */
    bool protocol;   /* parley.v1 was offered, and is chosen */
    struct par_ws_deflate_params deflate;
};

/* Checks an upgrade request. 0: good. Else the HTTP status of the refusal: 400, 405, or 426 with
 * PAR_WS_UPGRADE_HEADERS; *why_r is static text. deflate: permessage-deflate may be agreed on. */
int par_ws_handshake_check(const struct par_http_request *req, bool deflate,
                           struct par_ws_handshake *handshake_r, const char **why_r) PAR_MUST_CHECK;
#define PAR_WS_UPGRADE_HEADERS                                                                     \
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"

/* Appends the 101 answer. */
void par_ws_handshake_add_answer(struct par_buf *b, const struct par_ws_handshake *handshake);

/* The client's side. Makes a key from 16 random bytes. */
void par_ws_handshake_key(const uint8_t random[16], char key_r[PAR_WS_KEY_TEXT]);
/* Appends the request. host: "name:port"; target: "/v1/ws"; headers: further lines, or {0}. */
void par_ws_handshake_add_request(struct par_buf *b, struct par_str host, struct par_str target,
                                  struct par_str headers, const char *key, bool deflate);
/* Checks the server's answer to it (status and headers, as read by a response parser). NULL: good,
 * with what was agreed on. Else why not. */
const char *par_ws_handshake_accept(int status, const struct par_http_request *answer,
                                    const char *key, bool deflate,
                                    struct par_ws_deflate_params *params_r) PAR_MUST_CHECK;

#endif
