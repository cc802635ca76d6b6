/* Looking things up in a request. */
#include "http/request.h"

#include <strings.h>

static const struct par_http_field *find(const struct par_http_field *fields, size_t n,
                                         const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (par_str_is(fields[i].name, name))
            return &fields[i];
    return NULL;
}

struct par_str par_http_header(const struct par_http_request *req, const char *name)
{
    const struct par_http_field *f = find(req->headers, req->header_count, name);
    return f ? f->value : (struct par_str){0};
}

size_t par_http_header_count(const struct par_http_request *req, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < req->header_count; i++)
        n += par_str_is(req->headers[i].name, name);
    return n;
}

struct par_str par_http_param(const struct par_http_request *req, const char *name)
{
    const struct par_http_field *f = find(req->params, req->param_count, name);
    return f ? f->value : (struct par_str){0};
}

static bool list_has(struct par_str list, const char *token)
{
    size_t want = strlen(token);
    const char *p = list.ptr, *end = list.ptr + list.len;
    while (p < end) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma ? comma : end;
        const char *to = stop;
        while (p < to && (*p == ' ' || *p == '\t'))
            p++;
        while (p < to && (to[-1] == ' ' || to[-1] == '\t'))
            to--;
        if ((size_t)(to - p) == want && strncasecmp(p, token, want) == 0)
            return true;
        p = comma ? comma + 1 : end;
    }
    return false;
}

bool par_http_header_has_token(const struct par_http_request *req, const char *name,
                               const char *token)
{
    for (size_t i = 0; i < req->header_count; i++) {
        const struct par_http_field *f = &req->headers[i];
        if (par_str_is(f->name, name) && f->value.len && list_has(f->value, token))
            return true;
    }
    return false;
}
