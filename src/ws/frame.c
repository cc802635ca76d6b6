/* The reading side of the WebSocket codec. */
#include "ws/frame.h"

#include "parley/err.h"
#include "ws/utf8.h"

#include <stdlib.h>

/* Deflate may make bytes that do not compress a little longer: stored blocks cost 5 bytes each. */
#define COMPRESSED_SLACK(max) ((max) / 256 + 64)

/* A frame header, taken apart. */
struct head {
    uint8_t opcode;
    bool fin;
    bool rsv1;
    bool masked;
    uint8_t key[4];
    uint64_t len;
};

/* What is kept while a message or a frame is incomplete. */
struct par_ws_partial {
    uint8_t header[PAR_WS_HEADER_MAX];
    uint8_t header_have; /* bytes of a cut header; 0 when none is */

    bool in_frame; /* the header was taken, `left` bytes of payload are to come */
    struct head head;
    uint64_t left;
    uint8_t key_offset;

    bool in_message;   /* a text or binary message has begun and its last frame is not complete */
    bool message_done; /* handed out: dropped by the next call */
    uint8_t message_opcode;
    bool compressed;
    struct par_ws_utf8 utf8;
    struct par_buf message;

    uint8_t control_have;
    uint8_t control[PAR_WS_CONTROL_MAX];
};

static struct par_ws_partial *need_partial(struct par_ws_parser *p)
{
    if (!p->_partial)
        p->_partial = calloc(1, sizeof *p->_partial);
    return p->_partial;
}

void par_ws_parser_fini(struct par_ws_parser *p)
{
    if (!p->_partial)
        return;
    par_buf_fini(&p->_partial->message);
    free(p->_partial);
    p->_partial = NULL;
}

size_t par_ws_parser_held(const struct par_ws_parser *p)
{
    return p->_partial ? sizeof *p->_partial + p->_partial->message.cap : 0;
}

static enum par_ws_event error(struct par_ws_message *msg_r, uint16_t code, const char *why)
{
    *msg_r = (struct par_ws_message){.code = code, .why = why};
    return PAR_WS_EVENT_ERROR;
}

static enum par_ws_event no_memory(struct par_ws_message *msg_r)
{
    return error(msg_r, PAR_WS_CODE_INTERNAL, "no memory");
}

static bool is_control(uint8_t opcode)
{
    return opcode & 0x8;
}

/* Takes a header apart. Returns its length, or 0 when `have` bytes are not all of it. What the
 * first two bytes say is in *head_r, and can be judged, as soon as have >= 2. */
static size_t decode_head(const uint8_t *h, size_t have, struct head *head_r)
{
    *head_r = (struct head){0};
    if (have < 2)
        return 0;
    head_r->fin = h[0] & 0x80;
    head_r->rsv1 = h[0] & 0x40;
    head_r->opcode = h[0] & 0x0F;
    head_r->masked = h[1] & 0x80;
    head_r->len = h[1] & 0x7F;
    size_t width = head_r->len == 126 ? 2 : head_r->len == 127 ? 8 : 0;
    size_t need = 2 + width + (head_r->masked ? 4 : 0);
    if (have < need)
        return 0;
    if (width) {
        head_r->len = 0;
        for (size_t i = 0; i < width; i++)
            head_r->len = head_r->len << 8 | h[2 + i];
    }
    if (head_r->masked)
        memcpy(head_r->key, h + need - 4, 4);
    return need;
}

/* Judges the first two bytes. NULL, or why they are wrong. */
static const char *check_first(const struct par_ws_partial *partial,
                               const struct par_ws_limits *limits, uint8_t first,
                               const struct head *head)
{
    bool in_message = partial && partial->in_message;
    if (first & 0x30)
        return "reserved bit";
    if (head->masked != limits->masked)
        return limits->masked ? "frame is not masked" : "frame is masked";
    switch (head->opcode) {
    case PAR_WS_CONTINUATION:
        if (!in_message)
            return "continuation of nothing";
        if (head->rsv1)
            return "reserved bit";
        return NULL;
    case PAR_WS_TEXT:
    case PAR_WS_BINARY:
        if (in_message)
            return "message inside a message";
        if (head->rsv1 && !limits->deflate)
            return "reserved bit";
        return NULL;
    case PAR_WS_CLOSE:
    case PAR_WS_PING:
    case PAR_WS_PONG:
        if (head->rsv1)
            return "reserved bit";
        if (!head->fin)
            return "fragmented control frame";
        if (head->len > PAR_WS_CONTROL_MAX)
            return "long control frame";
        return NULL;
    default:
        return "reserved opcode";
    }
}

/* Judges the whole header, given that its first two bytes are good. 0, or the code to close with.
 */
static uint16_t check_length(const struct par_ws_partial *partial,
                             const struct par_ws_limits *limits, size_t header_len,
                             const struct head *head, const char **why_r)
{
    size_t width = header_len - 2 - (head->masked ? 4 : 0);
    if ((width == 2 && head->len < 126) || (width == 8 && head->len <= UINT16_MAX) ||
        head->len >> 63) {
        *why_r = "length not in its shortest form";
        return PAR_WS_CODE_BROKEN;
    }
    if (is_control(head->opcode))
        return 0;
    bool first = head->opcode != PAR_WS_CONTINUATION;
    if (head->opcode == PAR_WS_BINARY && !limits->allow_binary) {
        *why_r = "binary message";
        return PAR_WS_CODE_BINARY;
    }
    uint64_t max = limits->max_message;
    if (first ? head->rsv1 : partial->compressed)
        max += COMPRESSED_SLACK(max);
    uint64_t before = first ? 0 : partial->message.len;
    if (head->len > max || before > max - head->len) {
        *why_r = "message too large";
        return PAR_WS_CODE_TOO_LARGE;
    }
    return 0;
}

/* Makes the event of a control frame whose payload is whole and unmasked. */
static enum par_ws_event control_event(uint8_t opcode, uint8_t *data, size_t len,
                                       struct par_ws_message *msg_r)
{
    *msg_r = (struct par_ws_message){.data = data, .len = len, .code = PAR_WS_CODE_NONE};
    if (opcode == PAR_WS_PING)
        return PAR_WS_EVENT_PING;
    if (opcode == PAR_WS_PONG)
        return PAR_WS_EVENT_PONG;
    if (len == 0)
        return PAR_WS_EVENT_CLOSE;
    if (len == 1)
        return error(msg_r, PAR_WS_CODE_BROKEN, "close frame of one byte");
    uint16_t code = (uint16_t)(data[0] << 8 | data[1]);
    if (!par_ws_code_valid(code))
        return error(msg_r, PAR_WS_CODE_BROKEN, "close code that may not be sent");
    if (!par_utf8_check(par_str_of(data + 2, len - 2), NULL))
        return error(msg_r, PAR_WS_CODE_NOT_UTF8, "close reason is not UTF-8");
    *msg_r = (struct par_ws_message){.data = data + 2, .len = len - 2, .code = code};
    return PAR_WS_EVENT_CLOSE;
}

/* The common case: a frame that lies whole in the buffer and belongs to no fragmented message. */
static enum par_ws_event whole_frame(const struct head *head, uint8_t *data,
                                     struct par_ws_message *msg_r)
{
    bool high_bytes = true;
    if (head->masked)
        high_bytes = par_ws_mask(data, (size_t)head->len, head->key, 0);
    if (is_control(head->opcode))
        return control_event(head->opcode, data, (size_t)head->len, msg_r);
    if (head->opcode == PAR_WS_TEXT && !head->rsv1 && high_bytes &&
        !par_utf8_check(par_str_of(data, (size_t)head->len), NULL))
        return error(msg_r, PAR_WS_CODE_NOT_UTF8, "text is not UTF-8");
    *msg_r =
        (struct par_ws_message){.data = data, .len = (size_t)head->len, .compressed = head->rsv1};
    return head->opcode == PAR_WS_TEXT ? PAR_WS_EVENT_TEXT : PAR_WS_EVENT_BINARY;
}

/* Takes up to len bytes of the payload of the frame that is being read. MORE when its message goes
 * on. */
static enum par_ws_event take_payload(struct par_ws_partial *partial, uint8_t *data, size_t len,
                                      size_t *taken_r, struct par_ws_message *msg_r)
{
    size_t n = partial->left < len ? (size_t)partial->left : len;
    *taken_r = n;
    bool high_bytes = true;
    if (partial->head.masked) {
        high_bytes = par_ws_mask(data, n, partial->head.key, partial->key_offset);
        partial->key_offset = (uint8_t)((partial->key_offset + n) & 3);
    }
    partial->left -= n;

    if (is_control(partial->head.opcode)) {
        if (n)
            memcpy(partial->control + partial->control_have, data, n);
        partial->control_have = (uint8_t)(partial->control_have + n);
        if (partial->left)
            return PAR_WS_EVENT_MORE;
        partial->in_frame = false;
        return control_event(partial->head.opcode, partial->control, partial->control_have, msg_r);
    }

    bool check = partial->message_opcode == PAR_WS_TEXT && !partial->compressed;
    if (check && (high_bytes || !par_ws_utf8_complete(&partial->utf8)) &&
        !par_ws_utf8_feed(&partial->utf8, data, n))
        return error(msg_r, PAR_WS_CODE_NOT_UTF8, "text is not UTF-8");
    par_buf_add(&partial->message, data, n);
    if (partial->message.failed)
        return no_memory(msg_r);
    if (partial->left)
        return PAR_WS_EVENT_MORE;
    partial->in_frame = false;
    if (!partial->head.fin)
        return PAR_WS_EVENT_MORE;
    if (check && !par_ws_utf8_complete(&partial->utf8))
        return error(msg_r, PAR_WS_CODE_NOT_UTF8, "text is not UTF-8");
    partial->in_message = false;
    partial->message_done = true;
    bool empty = partial->message.len == 0;
    *msg_r = (struct par_ws_message){.data = empty ? partial->control : partial->message.data,
                                     .len = partial->message.len,
                                     .compressed = partial->compressed};
    return partial->message_opcode == PAR_WS_TEXT ? PAR_WS_EVENT_TEXT : PAR_WS_EVENT_BINARY;
}

/* Begins to keep a frame whose header is good and whose payload is not, or not alone, in the
 * buffer. */
static bool begin_frame(struct par_ws_parser *p, const struct head *head)
{
    struct par_ws_partial *partial = need_partial(p);
    if (!partial)
        return false;
    partial->header_have = 0;
    partial->in_frame = true;
    partial->head = *head;
    partial->left = head->len;
    partial->key_offset = 0;
    if (is_control(head->opcode)) {
        partial->control_have = 0;
    } else if (head->opcode != PAR_WS_CONTINUATION) {
        partial->in_message = true;
        partial->message_opcode = head->opcode;
        partial->compressed = head->rsv1;
        partial->utf8 = (struct par_ws_utf8){0};
    }
    return true;
}

/* Reads a header from the buffer, or from what was kept of it and the buffer. Returns its length
 * with *used_r = the bytes that came from the buffer; 0 with *why_r NULL when it is cut (and kept),
 * and with *why_r and *code_r when it is wrong. */
static size_t read_head(struct par_ws_parser *p, const struct par_ws_limits *limits,
                        const uint8_t *data, size_t len, size_t *used_r, struct head *head_r,
                        uint16_t *code_r, const char **why_r)
{
    struct par_ws_partial *partial = p->_partial;
    const uint8_t *h = data;
    size_t have = len, kept = 0;
    *used_r = 0;
    *code_r = 0;
    *why_r = NULL;
    if (partial && partial->header_have) {
        kept = partial->header_have;
        size_t n = PAR_WS_HEADER_MAX - kept < len ? PAR_WS_HEADER_MAX - kept : len;
        memcpy(partial->header + kept, data, n);
        h = partial->header;
        have = kept + n;
    }
    size_t header_len = decode_head(h, have, head_r);
    if (have >= 2 && (*why_r = check_first(partial, limits, h[0], head_r))) {
        *code_r = PAR_WS_CODE_BROKEN;
        return 0;
    }
    if (header_len) {
        *used_r = header_len - kept;
        *code_r = check_length(partial, limits, header_len, head_r, why_r);
        return *code_r ? 0 : header_len;
    }
    *used_r = len;
    if (!kept) {
        if (!(partial = need_partial(p))) {
            *code_r = PAR_WS_CODE_INTERNAL;
            *why_r = "no memory";
            return 0;
        }
        memcpy(partial->header, data, len);
    }
    partial->header_have = (uint8_t)have;
    return 0;
}

/* Drops what the last call handed out, and the block when nothing partial is left in it. */
static void tidy(struct par_ws_parser *p)
{
    struct par_ws_partial *partial = p->_partial;
    if (!partial)
        return;
    if (partial->message_done) {
        par_buf_fini(&partial->message);
        partial->message_done = false;
    }
    if (!partial->in_message && !partial->in_frame && !partial->header_have)
        par_ws_parser_fini(p);
}

enum par_ws_event par_ws_parser_next(struct par_ws_parser *p, const struct par_ws_limits *limits,
                                     uint8_t *data, size_t len, size_t *used_r,
                                     struct par_ws_message *msg_r)
{
    *used_r = 0;
    *msg_r = (struct par_ws_message){0};
    tidy(p);
    if (len == 0)
        return PAR_WS_EVENT_MORE;
    for (;;) {
        size_t n;
        if (!p->_partial || !p->_partial->in_frame) {
            struct head head;
            uint16_t code;
            const char *why;
            if (*used_r == len)
                return PAR_WS_EVENT_MORE;
            size_t header_len =
                read_head(p, limits, data + *used_r, len - *used_r, &n, &head, &code, &why);
            if (code)
                return error(msg_r, code, why);
            *used_r += n;
            if (!header_len)
                return PAR_WS_EVENT_MORE;
            bool alone =
                is_control(head.opcode) || (head.fin && head.opcode != PAR_WS_CONTINUATION);
            if (alone && len - *used_r >= head.len) {
                uint8_t *payload = data + *used_r;
                *used_r += (size_t)head.len;
                if (p->_partial)
                    p->_partial->header_have = 0;
                return whole_frame(&head, payload, msg_r);
            }
            if (!begin_frame(p, &head))
                return no_memory(msg_r);
        }
        enum par_ws_event event =
            take_payload(p->_partial, data + *used_r, len - *used_r, &n, msg_r);
        *used_r += n;
        if (event != PAR_WS_EVENT_MORE || p->_partial->in_frame)
            return event;
    }
}
