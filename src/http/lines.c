/* The line discipline of an HTTP head. */
#include "http/lines.h"

/* Where the last byte left us. */
enum state {
    FIRST = 0,   /* before the first byte */
    FIRST_CR,    /* one empty line in front is forgiven (RFC 9112, 2.2) */
    AFTER_BLANK, /* ... but not two */
    IN_LINE,     /* inside a line */
    LINE_CR,     /* a line's CR */
    LINE_START,  /* behind a line's CRLF */
    LAST_CR      /* the CR of the empty line */
};

static bool line_byte(uint8_t c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7F);
}

enum par_http_lines_result par_http_lines_feed(struct par_http_lines *l, const uint8_t *p, size_t n,
                                               size_t *used_r)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t c = p[i];
        *used_r = i + 1;
        switch ((enum state)l->_state) {
        case IN_LINE:
            if (c == '\r')
                l->_state = LINE_CR;
            else if (!line_byte(c))
                return PAR_HTTP_LINES_WRONG;
            break;
        case LINE_CR:
            if (c != '\n')
                return PAR_HTTP_LINES_WRONG;
            l->_state = LINE_START;
            break;
        case LINE_START:
            if (c == '\r')
                l->_state = LAST_CR;
            else if (c == ' ' || c == '\t' || !line_byte(c))
                return PAR_HTTP_LINES_WRONG;
            else
                l->_state = IN_LINE;
            break;
        case LAST_CR:
            return c == '\n' ? PAR_HTTP_LINES_END : PAR_HTTP_LINES_WRONG;
        case FIRST_CR:
            if (c != '\n')
                return PAR_HTTP_LINES_WRONG;
            l->_state = AFTER_BLANK;
            break;
        case FIRST:
        case AFTER_BLANK:
            if (c == '\r' && l->_state == FIRST)
                l->_state = FIRST_CR;
            else if (c == ' ' || c == '\t' || !line_byte(c))
                return PAR_HTTP_LINES_WRONG;
            else
                l->_state = IN_LINE;
            break;
        }
    }
    *used_r = n;
    return PAR_HTTP_LINES_MORE;
}

bool par_http_token_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

const char *par_http_lines_check(struct par_str head)
{
    const char *p = head.ptr, *end = head.ptr + head.len;
    if (head.len >= 2 && p[0] == '\r')
        p += 2;
    for (bool first = true; p < end; first = false) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        if (!lf || lf == p)
            return "line without an end";
        const char *cr = lf - 1;
        if (first) {
            if (memchr(p, '\t', (size_t)(cr - p)))
                return "tab in the first line";
        } else if (cr > p) {
            const char *name = p;
            while (p < cr && par_http_token_char((uint8_t)*p))
                p++;
            if (p == name || p == cr || *p != ':')
                return "bad header name";
        }
        p = lf + 1;
    }
    return NULL;
}
