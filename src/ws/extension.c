/* Negotiation of permessage-deflate: the grammar of Sec-WebSocket-Extensions and its parameters. */
#include "ws/deflate.h"
#include "http/lines.h"

#include <strings.h>

/* A position in a header's value. */
struct scan {
    const char *p;
    const char *end;
};

static void skip_blanks(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t'))
        s->p++;
}

static bool take(struct scan *s, char c)
{
    skip_blanks(s);
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

static bool take_token(struct scan *s, struct par_str *token_r)
{
    skip_blanks(s);
    const char *from = s->p;
    while (s->p < s->end && par_http_token_char((uint8_t)*s->p))
        s->p++;
    *token_r = par_str_of(from, (size_t)(s->p - from));
    return token_r->len > 0;
}

/* A token, or a quoted string whose content is one. */
static bool take_value(struct scan *s, struct par_str *value_r)
{
    if (!take(s, '"'))
        return take_token(s, value_r);
    const char *from = s->p;
    while (s->p < s->end && par_http_token_char((uint8_t)*s->p))
        s->p++;
    *value_r = par_str_of(from, (size_t)(s->p - from));
    if (value_r->len == 0 || s->p == s->end || *s->p != '"')
        return false;
    s->p++;
    return true;
}

static bool is_ci(struct par_str s, const char *z)
{
    return s.len == strlen(z) && strncasecmp(s.ptr, z, s.len) == 0;
}

/* The parameters of one permessage-deflate element. */
struct element {
    bool is_deflate;
    bool unusable; /* unknown, repeated or wrong parameters: this offer is declined */
    bool server_no_takeover;
    bool client_no_takeover;
    bool client_bits_given;
    bool server_bits_given;
    uint8_t server_bits; /* 0: given without a value, or not given */
    uint8_t client_bits;
};

static bool read_bits(struct par_str value, uint8_t *bits_r)
{
    uint64_t v;
    *bits_r = 0;
    if (!par_str_to_u64(value, &v) || v < 8 || v > 15)
        return false;
    *bits_r = (uint8_t)v;
    return true;
}

static void read_param(struct element *e, struct par_str name, struct par_str value)
{
    bool has_value = value.ptr != NULL;
    if (is_ci(name, "server_no_context_takeover") && !has_value && !e->server_no_takeover) {
        e->server_no_takeover = true;
    } else if (is_ci(name, "client_no_context_takeover") && !has_value && !e->client_no_takeover) {
        e->client_no_takeover = true;
    } else if (is_ci(name, "server_max_window_bits") && has_value && !e->server_bits_given) {
        e->server_bits_given = true;
        e->unusable |= !read_bits(value, &e->server_bits);
    } else if (is_ci(name, "client_max_window_bits") && !e->client_bits_given) {
        e->client_bits_given = true;
        e->unusable |= has_value && !read_bits(value, &e->client_bits);
    } else {
        e->unusable = true;
    }
}

/* Reads one element of the list. False when the header is malformed. */
static bool take_element(struct scan *s, struct element *e_r)
{
    struct par_str name;
    *e_r = (struct element){0};
    if (!take_token(s, &name))
        return false;
    e_r->is_deflate = is_ci(name, "permessage-deflate");
    while (take(s, ';')) {
        struct par_str param, value = {0};
        if (!take_token(s, &param))
            return false;
        if (take(s, '=') && !take_value(s, &value))
            return false;
        read_param(e_r, param, value);
    }
    skip_blanks(s);
    return s->p == s->end || *s->p == ',';
}

bool par_ws_deflate_offer(struct par_str value, struct par_ws_deflate_params *params_r)
{
    *params_r = (struct par_ws_deflate_params){0};
    if (value.len == 0)
        return false;
    struct par_ws_deflate_params found = {0};
    struct scan s = {value.ptr, value.ptr + value.len};
    do {
        struct element e;
        if (!take_element(&s, &e))
            return false;
        /* zlib cannot make a raw stream with a window of 256 bytes. */
        bool usable = e.is_deflate && !e.unusable && e.server_bits != 8;
        if (usable && !found.on)
            found = (struct par_ws_deflate_params){true, e.server_bits ? e.server_bits : 15};
    } while (take(&s, ','));
    *params_r = found;
    return true;
}

void par_ws_deflate_add_answer(struct par_buf *b, const struct par_ws_deflate_params *params)
{
    par_buf_addz(b, "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
    if (params->window_bits < 15)
        par_buf_printf(b, "; server_max_window_bits=%u", params->window_bits);
}

bool par_ws_deflate_accept(struct par_str answer, struct par_ws_deflate_params *params_r)
{
    *params_r = (struct par_ws_deflate_params){0};
    struct element e;
    struct scan s = {answer.ptr, answer.ptr + answer.len};
    if (answer.len == 0 || !take_element(&s, &e) || s.p != s.end)
        return false;
    /* We hold no state between messages, so a server that wants to keep its own is refused; and we
     * offered no limit of our window, so it may not set one. */
    if (!e.is_deflate || e.unusable || !e.server_no_takeover || e.client_bits_given)
        return false;
    *params_r = (struct par_ws_deflate_params){true, 15};
    return true;
}
