/* From an operation to its handler. */
#ifndef PAR_SERVER_DISPATCH_H
#define PAR_SERVER_DISPATCH_H

#include "server/request.h"

/* Calls handle_<op>.c; the request is answered, under way or freed when it returns. */
void par_dispatch(struct par_request *req);

/* The conversation that decides the order of this request, from its arguments: req->class and
 * req->conv. Those that name a conversation which cannot exist concern none. */
void par_dispatch_order(struct par_request *req);

/* One function an operation, in handle_<op>.c. */
#define X(NAME, name, word, class, cmid, socket_only)                                              \
    void par_handle_##name(struct par_request *req);
#include "parley/tbl/ops.h"
#undef X

#endif
