/* Writing HTTP answers. */
#include "http/response.h"

const char *par_http_reason(int status)
{
    switch (status) {
    case 100:
        return "Continue";
    case 101:
        return "Switching Protocols";
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 204:
        return "No Content";
    case 301:
        return "Moved Permanently";
    case 302:
        return "Found";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 410:
        return "Gone";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 417:
        return "Expectation Failed";
    case 426:
        return "Upgrade Required";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Unknown";
    }
}

void par_http_add_head(struct par_buf *b, const struct par_http_answer *answer, size_t body_len,
                       bool keep_alive)
{
    int status = answer->status;
    bool bodiless = status < 200 || status == 204 || status == 304;
    par_buf_addz(b, "HTTP/1.1 ");
    par_buf_add_u64_dec(b, (uint64_t)status);
    par_buf_add_u8(b, ' ');
    par_buf_addz(b, par_http_reason(status));
    par_buf_addz(b, "\r\n");
    if (!bodiless) {
        par_buf_addz(b, "Content-Length: ");
        par_buf_add_u64_dec(b, body_len);
        par_buf_addz(b, "\r\n");
        if (body_len) {
            par_buf_addz(b, "Content-Type: ");
            par_buf_add_str(b, answer->content_type.len ? answer->content_type
                                                        : PAR_STR("application/json"));
            par_buf_addz(b, "\r\n");
        }
    }
    if (answer->headers.len)
        par_buf_add_str(b, answer->headers);
    if (status != 101)
        par_buf_addz(b, keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
    par_buf_addz(b, "\r\n");
}

void par_http_add_error(struct par_buf *b, enum par_err err, const char *message,
                        uint64_t retry_after_ms)
{
    par_buf_addz(b, "{\"error\":{\"code\":\"");
    par_buf_addz(b, par_err_code(err));
    par_buf_addz(b, "\",\"message\":\"");
    par_buf_addz(b, message);
    par_buf_addz(b, par_err_retry(err) ? "\",\"retry\":true" : "\",\"retry\":false");
    par_buf_addz(b, ",\"retry_after_ms\":");
    par_buf_add_u64_dec(b, retry_after_ms);
    par_buf_addz(b, "}}");
}

enum par_err par_http_err_of_status(int status)
{
    switch (status) {
    case 404:
        return PAR_E_NOT_FOUND;
    case 413:
    case 431:
        return PAR_E_TOO_LARGE;
    case 503:
        return PAR_E_UNAVAILABLE;
    case 500:
        return PAR_E_INTERNAL;
    default:
        return PAR_E_BAD_REQUEST;
    }
}
