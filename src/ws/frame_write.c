/* The writing side of the WebSocket codec. */
#include "ws/frame.h"

size_t par_ws_frame_header(uint8_t out[PAR_WS_HEADER_MAX], enum par_ws_opcode opcode,
                           uint8_t first_byte_flags, uint64_t len, const uint8_t key[4])
{
    size_t n = 2;
    out[0] = (uint8_t)(0x80 | first_byte_flags | opcode);
    if (len < 126) {
        out[1] = (uint8_t)len;
    } else {
        size_t width = len <= UINT16_MAX ? 2 : 8;
        out[1] = width == 2 ? 126 : 127;
        for (size_t i = 0; i < width; i++)
            out[n++] = (uint8_t)(len >> (8 * (width - 1 - i)));
    }
    if (key) {
        out[1] |= 0x80;
        memcpy(out + n, key, 4);
        n += 4;
    }
    return n;
}

void par_ws_frame_add(struct par_buf *b, enum par_ws_opcode opcode, uint8_t first_byte_flags,
                      struct par_str payload, const uint8_t key[4])
{
    uint8_t header[PAR_WS_HEADER_MAX];
    size_t n = par_ws_frame_header(header, opcode, first_byte_flags, payload.len, key);
    uint8_t *to = par_buf_reserve(b, n + payload.len);
    if (!to)
        return;
    memcpy(to, header, n);
    if (payload.len)
        memcpy(to + n, payload.ptr, payload.len);
    if (key)
        par_ws_mask(to + n, payload.len, key, 0);
    b->len += n + payload.len;
}

void par_ws_frame_add_close(struct par_buf *b, uint16_t code, struct par_str reason,
                            const uint8_t key[4])
{
    char payload[PAR_WS_CONTROL_MAX];
    size_t n = 0;
    if (code != 0 && code != PAR_WS_CODE_NONE) {
        payload[n++] = (char)(code >> 8);
        payload[n++] = (char)code;
        size_t cut = reason.len;
        if (cut > sizeof payload - n) {
            cut = sizeof payload - n;
            while (cut > 0 && ((uint8_t)reason.ptr[cut] & 0xC0) == 0x80)
                cut--;
        }
        if (cut)
            memcpy(payload + n, reason.ptr, cut);
        n += cut;
    }
    par_ws_frame_add(b, PAR_WS_CLOSE, 0, par_str_of(payload, n), key);
}

bool par_ws_code_valid(uint16_t code)
{
    if (code >= 3000)
        return code <= 4999;
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}
