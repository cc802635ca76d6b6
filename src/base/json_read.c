/* Walks a checked JSON text: members and items, strings and integers. */
#include "base/json_read.h"
#include "base/json_scan.h"

/* Behind the closing quote of the string whose first byte is at p. */
static const char *string_end(const char *p, const char *end, uint8_t *escaped_r)
{
    *escaped_r = 0;
    while ((p = par_json__string_stop(p, end)) < end && *p != '"') {
        *escaped_r = 1;
        p += 2;
    }
    PAR_ASSERT(p < end);
    return p + 1;
}

static const char *container_end(const char *p, const char *end)
{
    unsigned depth = 0;
    uint8_t escaped;
    for (;;) {
        PAR_ASSERT(p < end);
        char c = *p++;
        if (c == '"')
            p = string_end(p, end, &escaped);
        else if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return p;
    }
}

/* The value at p; returns where it ends. */
static const char *take_value(const char *p, const char *end, struct par_json *v)
{
    const char *from = p;
    v->escaped = 0;
    switch (*p) {
    case '"':
        v->type = PAR_JSON_STRING;
        v->ptr = p + 1;
        p = string_end(p + 1, end, &v->escaped);
        v->len = (uint32_t)(p - 1 - v->ptr);
        return p;
    case '{':
    case '[':
        v->type = *p == '{' ? PAR_JSON_OBJECT : PAR_JSON_ARRAY;
        p = container_end(p, end);
        break;
    case 't':
        v->type = PAR_JSON_TRUE;
        p += 4;
        break;
    case 'f':
        v->type = PAR_JSON_FALSE;
        p += 5;
        break;
    case 'n':
        v->type = PAR_JSON_NULL;
        p += 4;
        break;
    default:
        v->type = PAR_JSON_NUMBER;
        while (p < end && (par_json__is_digit(*p) || *p == '-' || *p == '+' || *p == '.' ||
                           *p == 'e' || *p == 'E'))
            p++;
    }
    v->ptr = from;
    v->len = (uint32_t)(p - from);
    return p;
}

struct par_json_iter par_json_iter(const struct par_json *container)
{
    if (container->type != PAR_JSON_OBJECT && container->type != PAR_JSON_ARRAY)
        return (struct par_json_iter){NULL, NULL};
    /* The closing bracket is left out, so that the end of the range is the end of the container. */
    return (struct par_json_iter){container->ptr + 1, container->ptr + container->len - 1};
}

struct par_json_iter par_json_iter_rest(const struct par_json *object,
                                        const struct par_json_found *found)
{
    if (!found->more)
        return (struct par_json_iter){NULL, NULL};
    const struct par_json *last = &found->members[found->count - 1].value;
    const char *pos = last->ptr + last->len + (last->type == PAR_JSON_STRING);
    return (struct par_json_iter){pos, object->ptr + object->len - 1};
}

/* To the next name or item, over blanks and one comma; false at the end. */
static bool next_start(struct par_json_iter *it)
{
    const char *p = par_json__skip_blanks(it->_pos, it->_end);
    if (p < it->_end && *p == ',')
        p = par_json__skip_blanks(p + 1, it->_end);
    it->_pos = p;
    return p < it->_end;
}

bool par_json_next_member(struct par_json_iter *it, struct par_json_member *member_r)
{
    if (!next_start(it)) {
        *member_r = (struct par_json_member){0};
        return false;
    }
    const char *p = take_value(it->_pos, it->_end, &member_r->name);
    p = par_json__skip_blanks(p, it->_end);
    p = par_json__skip_blanks(p + 1, it->_end);
    it->_pos = take_value(p, it->_end, &member_r->value);
    return true;
}

bool par_json_next_item(struct par_json_iter *it, struct par_json *value_r)
{
    if (!next_start(it)) {
        *value_r = (struct par_json){0};
        return false;
    }
    it->_pos = take_value(it->_pos, it->_end, value_r);
    return true;
}

bool par_json_get(const struct par_json *object, const char *name, struct par_json *value_r)
{
    struct par_json_iter it = par_json_iter(object);
    struct par_json_member m;
    struct par_str want = par_str(name);
    while (object->type == PAR_JSON_OBJECT && par_json_next_member(&it, &m)) {
        if (par_json_text_is(&m.name, want)) {
            *value_r = m.value;
            return true;
        }
    }
    *value_r = (struct par_json){0};
    return false;
}

static size_t put_utf8(char *out, unsigned c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

static char simple_escape(char c)
{
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c;
    }
}

size_t par_json__unescape(const char *p, size_t len, char *out, bool *text_r)
{
    const char *end = p + len;
    char *to = out;
    *text_r = true;
    while (p < end) {
        const char *stop = memchr(p, '\\', (size_t)(end - p));
        size_t run = (size_t)((stop ? stop : end) - p);
        memcpy(to, p, run);
        to += run;
        p += run;
        if (p == end)
            break;
        if (p[1] != 'u') {
            *to++ = simple_escape(p[1]);
            p += 2;
            continue;
        }
        unsigned c = par_json__u4(p + 2);
        p += 6;
        if (c >= 0xD800 && c <= 0xDBFF && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
            unsigned low = par_json__u4(p + 2);
            if (low >= 0xDC00 && low <= 0xDFFF) {
                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                p += 6;
            }
        }
        if (c == 0 || (c >= 0xD800 && c <= 0xDFFF))
            *text_r = false;
        to += put_utf8(to, c);
    }
    return (size_t)(to - out);
}

enum par_json_text par_json_text(const struct par_json *string, struct par_arena *arena,
                                 struct par_str *text_r)
{
    *text_r = (struct par_str){0};
    PAR_ASSERT(string->type == PAR_JSON_STRING);
    if (!string->escaped) {
        *text_r = par_str_of(string->ptr, string->len);
        return PAR_JSON_TEXT_OK;
    }
    char *out = par_arena_alloc(arena, string->len);
    if (!out)
        return PAR_JSON_TEXT_NO_MEMORY;
    bool is_text;
    size_t n = par_json__unescape(string->ptr, string->len, out, &is_text);
    if (!is_text)
        return PAR_JSON_TEXT_BAD;
    *text_r = par_str_of(out, n);
    return PAR_JSON_TEXT_OK;
}

bool par_json_text_is(const struct par_json *string, struct par_str ascii)
{
    if (string->type != PAR_JSON_STRING)
        return false;
    if (!string->escaped)
        return string->len == ascii.len && memcmp(string->ptr, ascii.ptr, ascii.len) == 0;
    /* An ASCII character takes at most six bytes as an escape. */
    char out[256];
    bool is_text;
    if (string->len > sizeof out || string->len > 6 * ascii.len)
        return false;
    size_t n = par_json__unescape(string->ptr, string->len, out, &is_text);
    return n == ascii.len && memcmp(out, ascii.ptr, n) == 0;
}

bool par_json_to_int(const struct par_json *number, int64_t *value_r)
{
    *value_r = 0;
    if (number->type != PAR_JSON_NUMBER)
        return false;
    const char *p = number->ptr, *end = p + number->len;
    bool negative = *p == '-';
    if (negative)
        p++;
    uint64_t v = 0, max = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    for (; p < end; p++) {
        unsigned d = (unsigned)*p - '0';
        if (d > 9 || v > (max - d) / 10)
            return false;
        v = v * 10 + d;
    }
    *value_r = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}
