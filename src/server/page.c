/* The web page's files, in the coding that the client takes. */
#include "server/page.h"

#include "parley/web.h"

static const struct par_web_file *find(struct par_str path)
{
    for (size_t i = 0; i < par_web_n_files; i++) {
        if (par_str_is(path, par_web_files[i].path))
            return &par_web_files[i];
    }
    return NULL;
}

/* An address of the app ("/c/d.1.2" has dots, but only behind its second slash's conversation id).
 */
static bool is_app_address(struct par_str path)
{
    if (par_str_starts(path, "/c/") || par_str_starts(path, "/g/") || par_str_starts(path, "/u/"))
        return true;
    return !memchr(path.ptr, '.', path.len);
}

static enum par_web_coding choose(const struct par_web_file *file,
                                  const struct par_http_request *req)
{
    if (file->form[PAR_WEB_BROTLI].data && par_http_header_has_token(req, "accept-encoding", "br"))
        return PAR_WEB_BROTLI;
    if (file->form[PAR_WEB_GZIP].data && par_http_header_has_token(req, "accept-encoding", "gzip"))
        return PAR_WEB_GZIP;
    return PAR_WEB_PLAIN;
}

static void answer_file(struct par_http_conn *conn, const struct par_http_request *req,
                        const struct par_web_file *file)
{
    static const char *const codings[] = {[PAR_WEB_PLAIN] = "",
                                          [PAR_WEB_GZIP] = "Content-Encoding: gzip\r\n",
                                          [PAR_WEB_BROTLI] = "Content-Encoding: br\r\n"};
    enum par_web_coding form = choose(file, req);
    struct par_buf headers = {0};
    par_buf_printf(&headers,
                   "ETag: %s\r\nCache-Control: %s\r\nVary: Accept-Encoding\r\n%s"
                   "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
                   "Cross-Origin-Opener-Policy: same-origin\r\nX-Frame-Options: DENY\r\n",
                   file->etag, file->immutable ? "public, max-age=31536000, immutable" : "no-cache",
                   codings[form]);
    if (*par_web_csp)
        par_buf_printf(&headers, "Content-Security-Policy: %s\r\n", par_web_csp);
    struct par_http_answer answer = {
        .status = 200, .content_type = par_str(file->type), .headers = par_buf_str(&headers)};
    struct par_str body = par_str_of(file->form[form].data, file->form[form].size);
    if (par_str_is(par_http_header(req, "if-none-match"), file->etag)) {
        answer.status = 304;
        body = (struct par_str){0};
    }
    par_http_answer(conn, &answer, body);
    par_buf_fini(&headers);
}

void par_page_request(struct par_http_conn *conn, const struct par_http_request *req)
{
    const struct par_web_file *file = find(req->path);
    if (!file && is_app_address(req->path))
        file = find(PAR_STR("/index.html"));
    if (file && req->method != PAR_HTTP_GET && req->method != PAR_HTTP_HEAD) {
        par_http_answer_status(conn, 405, PAR_STR("Allow: GET, HEAD\r\n"),
                               "GET is what works here");
        return;
    }
    if (file)
        answer_file(conn, req, file);
    else
        par_http_answer_error(
            conn, PAR_E_NOT_FOUND,
            par_web_n_files ? "no such page" : "this program was built without its web page", 0);
}
