/* Taking a request's target apart. */
#include "http/target.h"

#include <strings.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool par_http_unescape(struct par_str s, bool plus, struct par_arena *arena, struct par_str *s_r)
{
    *s_r = (struct par_str){0};
    char *to = par_arena_alloc(arena, s.len + 1);
    if (!to)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '%') {
            if (s.len - i < 3)
                return false;
            int high = hex(s.ptr[i + 1]), low = hex(s.ptr[i + 2]);
            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        to[n++] = c;
    }
    to[n] = 0;
    *s_r = par_str_of(to, n);
    return true;
}

/* The first part of *s up to the separator; *s goes on behind it. */
static struct par_str split(struct par_str *s, char separator)
{
    const char *at = s->len ? memchr(s->ptr, separator, s->len) : NULL;
    struct par_str first = *s;
    if (at) {
        first.len = (size_t)(at - s->ptr);
        s->ptr = at + 1;
        s->len -= first.len + 1;
    } else {
        s->ptr += s->len;
        s->len = 0;
    }
    return first;
}

static const char *parse_params(struct par_str query, struct par_arena *arena,
                                struct par_http_request *req)
{
    size_t n = 1;
    for (size_t i = 0; i < query.len; i++)
        n += query.ptr[i] == '&';
    if (n > PAR_HTTP_PARAMS_MAX)
        return "too many query parameters";
    struct par_http_field *params = par_arena_alloc(arena, n * sizeof *params);
    if (!params)
        return "no memory";
    size_t count = 0;
    while (query.len) {
        struct par_str value = split(&query, '&');
        if (!value.len)
            continue;
        struct par_str name = split(&value, '=');
        if (!par_http_unescape(name, true, arena, &params[count].name) ||
            !par_http_unescape(value, true, arena, &params[count].value))
            return "bad escape in the query";
        count++;
    }
    req->params = params;
    req->param_count = count;
    return NULL;
}

/* Removes "http://authority" or "https://authority". False when there is something else than a
 * path. */
static bool strip_origin(struct par_str *target)
{
    if (target->len && target->ptr[0] == '/')
        return true;
    size_t n = target->len > 7 && strncasecmp(target->ptr, "http://", 7) == 0    ? 7
               : target->len > 8 && strncasecmp(target->ptr, "https://", 8) == 0 ? 8
                                                                                 : 0;
    if (!n)
        return false;
    while (n < target->len && target->ptr[n] != '/' && target->ptr[n] != '?')
        n++;
    *target = par_str_of(target->ptr + n, target->len - n);
    return true;
}

const char *par_http_target_parse(struct par_str target, struct par_arena *arena,
                                  struct par_http_request *req)
{
    req->params = NULL;
    req->param_count = 0;
    req->query = PAR_STR("");
    if (par_str_is(target, "*")) {
        req->path = target;
        return req->method == PAR_HTTP_OPTIONS ? NULL : "bad target";
    }
    if (!strip_origin(&target))
        return "bad target";
    struct par_str path = split(&target, '?');
    if (path.len == 0)
        path = PAR_STR("/");
    if (memchr(path.ptr, '#', path.len) || (target.len && memchr(target.ptr, '#', target.len)))
        return "fragment in the target";
    if (!par_http_unescape(path, false, arena, &req->path))
        return "bad escape in the path";
    if (memchr(req->path.ptr, 0, req->path.len))
        return "NUL in the path";
    for (size_t i = 0; i + 2 < path.len; i++)
        if (path.ptr[i] == '%' && path.ptr[i + 1] == '2' && (path.ptr[i + 2] | 0x20) == 'f')
            return "encoded slash in the path";
    req->query = target;
    return parse_params(target, arena, req);
}
