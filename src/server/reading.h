/* What the handlers of reading operations share. */
#ifndef PAR_SERVER_READING_H
#define PAR_SERVER_READING_H

#include "conv/read.h"
#include "server/request.h"

/* A reader for the request's work on a pool thread. */
static inline struct par_reader par_reading(struct par_request *req)
{
    struct par_server *server = req->reactor->server;
    return (struct par_reader){.store = server->store,
                               .cache = server->cache,
                               .arena = &req->arena,
                               .page_bytes =
                                   (size_t)PAR_CONFIG_GET(server->config->limits.page_bytes)};
}

/* Closes the answer that was opened in w, or turns it into the error. Pool thread. */
static inline void par_reading_end(struct par_request *req, struct par_json_out *w,
                                   enum par_err err, const struct par_reader *reader)
{
    if (err)
        par_request_error(req, err, reader->message);
    else
        par_request_close(req, w);
}

#endif
