/* Checking and writing the two sides of a WebSocket handshake. */
#include "ws/handshake.h"

#include "http/response.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

/* The name that RFC 6455 hashes behind every key. */
#define ACCEPT_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

static void accept_of(struct par_str key, char accept_r[29])
{
    char text[24 + sizeof ACCEPT_GUID];
    uint8_t digest[SHA_DIGEST_LENGTH];
    PAR_ASSERT(key.len == 24);
    memcpy(text, key.ptr, 24);
    memcpy(text + 24, ACCEPT_GUID, sizeof ACCEPT_GUID);
    SHA1((const uint8_t *)text, 24 + sizeof ACCEPT_GUID - 1, digest);
    EVP_EncodeBlock((uint8_t *)accept_r, digest, sizeof digest);
}

/* Sixteen bytes in base64: 22 characters and two of padding. */
static bool key_valid(struct par_str key)
{
    uint8_t bytes[18];
    if (key.len != 24 || key.ptr[22] != '=' || key.ptr[23] != '=' || memchr(key.ptr, '=', 22))
        return false;
    /* The decoder skips blanks at the ends. */
    for (size_t i = 0; i < 24; i++)
        if ((uint8_t)key.ptr[i] <= ' ')
            return false;
    return EVP_DecodeBlock(bytes, (const uint8_t *)key.ptr, 24) == 18;
}

static void agree_on_deflate(const struct par_http_request *req,
                             struct par_ws_deflate_params *params_r)
{
    for (size_t i = 0; i < req->header_count && !params_r->on; i++) {
        if (!par_str_is(req->headers[i].name, "sec-websocket-extensions"))
            continue;
        /* A malformed header agrees on nothing; the connection works without. */
        if (!par_ws_deflate_offer(req->headers[i].value, params_r))
            *params_r = (struct par_ws_deflate_params){0};
    }
}

int par_ws_handshake_check(const struct par_http_request *req, bool deflate,
                           struct par_ws_handshake *handshake_r, const char **why_r)
{
    *handshake_r = (struct par_ws_handshake){0};
    *why_r = NULL;
    if (req->method != PAR_HTTP_GET) {
        *why_r = "a WebSocket begins with GET";
        return 405;
    }
    if (req->http_1_0 || !par_http_header_has_token(req, "upgrade", "websocket") ||
        !par_http_header_has_token(req, "connection", "upgrade")) {
        *why_r = "this is a WebSocket";
        return 426;
    }
    if (!par_str_is(par_http_header(req, "sec-websocket-version"), "13") ||
        par_http_header_count(req, "sec-websocket-version") != 1) {
        *why_r = "Sec-WebSocket-Version must be 13";
        return 426;
    }
    struct par_str key = par_http_header(req, "sec-websocket-key");
    if (par_http_header_count(req, "sec-websocket-key") != 1 || !key_valid(key)) {
        *why_r = "bad Sec-WebSocket-Key";
        return 400;
    }
    if (req->body.len) {
        *why_r = "an upgrade request has no body";
        return 400;
    }
    accept_of(key, handshake_r->accept);
    handshake_r->protocol =
        par_http_header_has_token(req, "sec-websocket-protocol", PAR_WS_PROTOCOL);
    if (deflate)
        agree_on_deflate(req, &handshake_r->deflate);
    return 0;
}

void par_ws_handshake_add_answer(struct par_buf *b, const struct par_ws_handshake *handshake)
{
    par_buf_addz(b, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    "Connection: Upgrade\r\nSec-WebSocket-Accept: ");
    par_buf_addz(b, handshake->accept);
    par_buf_addz(b, "\r\n");
    if (handshake->protocol)
        par_buf_addz(b, "Sec-WebSocket-Protocol: " PAR_WS_PROTOCOL "\r\n");
    if (handshake->deflate.on) {
        par_buf_addz(b, "Sec-WebSocket-Extensions: ");
        par_ws_deflate_add_answer(b, &handshake->deflate);
        par_buf_addz(b, "\r\n");
    }
    par_buf_addz(b, "\r\n");
}

void par_ws_handshake_key(const uint8_t random[16], char key_r[PAR_WS_KEY_TEXT])
{
    EVP_EncodeBlock((uint8_t *)key_r, random, 16);
}

void par_ws_handshake_add_request(struct par_buf *b, struct par_str host, struct par_str target,
                                  struct par_str headers, const char *key, bool deflate)
{
    par_buf_addz(b, "GET ");
    par_buf_add_str(b, target);
    par_buf_addz(b, " HTTP/1.1\r\nHost: ");
    par_buf_add_str(b, host);
    par_buf_addz(b, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Protocol: " PAR_WS_PROTOCOL "\r\nSec-WebSocket-Key: ");
    par_buf_addz(b, key);
    par_buf_addz(b, "\r\n");
    if (deflate)
        par_buf_addz(b, "Sec-WebSocket-Extensions: " PAR_WS_DEFLATE_OFFER "\r\n");
    par_buf_add_str(b, headers);
    par_buf_addz(b, "\r\n");
}

const char *par_ws_handshake_accept(int status, const struct par_http_request *answer,
                                    const char *key, bool deflate,
                                    struct par_ws_deflate_params *params_r)
{
    char expected[29];
    *params_r = (struct par_ws_deflate_params){0};
    accept_of(par_str(key), expected);
    if (status != 101)
        return "the server did not open a WebSocket";
    if (!par_http_header_has_token(answer, "upgrade", "websocket") ||
        !par_http_header_has_token(answer, "connection", "upgrade") ||
        !par_str_is(par_http_header(answer, "sec-websocket-accept"), expected))
        return "the server's handshake is wrong";
    struct par_str protocol = par_http_header(answer, "sec-websocket-protocol");
    if (protocol.ptr && !par_str_is(protocol, PAR_WS_PROTOCOL))
        return "the server chose a protocol that was not offered";
    struct par_str extension = par_http_header(answer, "sec-websocket-extensions");
    if (extension.ptr && (!deflate || !par_ws_deflate_accept(extension, params_r)))
        return "the server chose an extension that was not offered";
    return NULL;
}
