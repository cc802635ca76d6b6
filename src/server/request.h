/* A request: one operation asked by somebody, from its first byte understood to its answer sent.
 *
 * Life. A client, a REST call or POST /v1/op makes one (par_request_new), fills in who asks and the
 * arguments, and starts it. Its handler runs on the reactor and takes exactly one of three ways:
 *   - par_request_open … par_request_close, or par_request_fail: it is answered at once;
 *   - par_request_work: a function runs on a pool thread, where it may block and writes the answer
 * into the request; then the reactor sends it (or calls the next step);
 *   - par_request_command: the writer decides; its answer completes the request.
 * However it ends, par_request_finish sends what it holds and frees it. When the connection has
 * gone meanwhile, the answer is dropped; the operation takes effect all the same. */
#ifndef PAR_SERVER_REQUEST_H
#define PAR_SERVER_REQUEST_H

#include "base/arena.h"
#include "base/json_write.h"
#include "conv/command.h"
#include "proto/decode.h"
#include "proto/encode.h"
#include "server/reactor.h"

struct par_client;
struct par_request;
struct par_call;

/* Who asks, as the token (or the key) says. */
struct par_identity {
    uint64_t user;
    uint64_t device;
    bool hide_read; /* show_read off: stamped into acks */
    bool hide_typing;
    uint32_t scopes; /* of a server-to-server key; then user is 0 */
};

/* How an answer looks: a frame with `re`, the bare object of a REST call. */
enum par_answer_style { PAR_STYLE_FRAME = 0, PAR_STYLE_REST };

/* Runs on a pool thread and may block. It opens and closes the answer, or sets err and message, or
 * leaves its findings for `then`. It must touch nothing of the reactor. */
typedef void (*par_request_work_fn)(struct par_request *req);
/* Runs on the reactor afterwards. */
typedef void (*par_request_then_fn)(struct par_request *req);
/* Takes the answer where it belongs, on the reactor; the request is freed when it returns. */
typedef void (*par_request_done_fn)(struct par_request *req);

/* Where a request stands among those of its connection (order.c). */
enum par_request_state {
    PAR_REQUEST_NEW = 0,
    PAR_REQUEST_DEFERRED, /* not begun: an earlier one must be answered first */
    PAR_REQUEST_RUNNING,
    PAR_REQUEST_ENDED, /* its answer waits for that of an earlier one */
    PAR_REQUEST_LATE   /* it was answered `unavailable`; its handle waits for the writer's answer */
};

struct par_request {
    struct par_list node; /* among its client's requests; a list by itself without a client */
    struct par_reactor *reactor;
    uint64_t handle;
    uint64_t endpoint;         /* the client that asks: its id; 0: HTTP */
    struct par_client *client; /* NULL: HTTP, or gone */
    uint64_t http;             /* the HTTP connection's id; 0: none */
    struct par_identity who;
    enum par_op op;
    enum par_answer_style style;
    struct par_re re;
    union par_args args;
    struct par_arena arena;
    /* The order of requests about one conversation. */
    enum par_request_state state;
    bool queued;             /* it is a command and in the queue: commands behind it may follow */
    bool waits;              /* for the writer's answer (waiting.c) */
    bool needed;             /* order.c: an answer that must go out is held for it */
    uint64_t passed_by;      /* while it waits: the highest entry of its conversation told since */
    uint64_t wrote;          /* its answer tells of this new entry; 0: of none */
    bool late;               /* it did not come in time */
    bool part;               /* of another request, which is the one that is counted */
    uint64_t due_ms;         /* when it is late, or forgotten */
    struct par_list waiting; /* among the reactor's that wait, or are late */
    enum par_op_class class;
    struct par_conv conv;
    /* The answer. */
    struct par_buf out;
    int status; /* of HTTP; 0: by err */
    enum par_err err;
    const char *message;
    uint32_t retry_after_ms;
    bool message_id; /* REST: the answer to a send carries it */
    bool answered;   /* something stands in out */
    /* Steps. */
    par_request_work_fn work;
    par_request_then_fn then;
    par_request_done_fn done;
    par_request_then_fn on_written; /* after the writer's answer, before it is sent; may be NULL */
    uint64_t poll_device;  /* its poll session does not get the event of what this writes */
    bool took_token;       /* of the user's bucket of sends */
    const char *too_large; /* why its text is: the writer refuses it, unless it knows the cmid */
    struct par_job job;
    struct par_post post;
    void *state_of_op;     /* of the handler, in the arena */
    struct par_call *call; /* HTTP: what was called (rest.h) */
    uint64_t started_ns;
};

/* A request of this reactor with nothing in it; NULL when memory is refused. The caller sets who,
 * op, args (in the arena), re or style, done. */
struct par_request *par_request_new(struct par_reactor *reactor);
/* Calls the handler of its operation. */
void par_request_run(struct par_request *req);

/* Opens the answer's object: {"re":…,"ok":{ or {. Reactor or pool thread. */
struct par_json_out par_request_open(struct par_request *req);
/* Closes it. On the reactor, follow it with par_request_finish. */
void par_request_close(struct par_request *req, struct par_json_out *w);
/* The answer `{}`. */
void par_request_empty(struct par_request *req);
/* Sets the error; message is static or in the arena, NULL: the code says it all. Any thread that
 * has the request. */
void par_request_error(struct par_request *req, enum par_err err, const char *message);
/* Sends the answer (or the error) and frees the request. Reactor. */
void par_request_finish(struct par_request *req);
/* Frees the request without an answer. Reactor. */
void par_request_drop(struct par_request *req);
/* par_request_error and par_request_finish. Reactor. */
void par_request_fail(struct par_request *req, enum par_err err, const char *message);

/* Runs work on a worker, then `then` on the reactor (NULL: par_request_finish). A full pool answers
 * `overloaded`. Reactor. */
void par_request_work(struct par_request *req, par_request_work_fn work, par_request_then_fn then);
/* The same on the password threads. */
void par_request_hash(struct par_request *req, par_request_work_fn work, par_request_then_fn then);
/* The same on the threads that search. */
void par_request_search(struct par_request *req, par_request_work_fn work,
                        par_request_then_fn then);

/* Sends the command to its writer; fills in sender, reply and, for operations with a cmid, the
 * verdict of the rate limit when there is none yet. The writer's answer ends the request. Reactor.
 */
void par_request_command(struct par_request *req, struct par_command *command);
/* The same to a partition, for commands that name no conversation. */
void par_request_command_to(struct par_request *req, struct par_command *command,
                            uint32_t partition);

/* The writer's answer, brought by fanout.c to the reactor. */
struct par_written {
    enum par_err err;
    uint32_t retry_after_ms;
    struct par_str message; /* borrowed for the call */
    struct par_conv conv;
    uint64_t seq;
    int64_t ts;
    bool dup;
};
/* The first answer counts: a release may come twice. */
void par_request_written(struct par_request *req, const struct par_written *written);

/* ---- waiting.c: the bounded time for the writer's answer ---- */

/* Prepares a reactor. */
void par_waiting_init(struct par_reactor *reactor);
/* The command is in the queue: if no answer comes within queue.answer_ms the request is answered
 * `unavailable`, to be tried again (TAKEOVER.md L4). */
void par_waiting_add(struct par_request *req);
/* The answer came. */
void par_waiting_end(struct par_request *req);
/* Its answer will not come in time: `unavailable`. */
void par_waiting_give_up(struct par_request *req);
/* A late request was answered: keeps its handle, so that its connection gets the entry as an event
 * (R3). */
void par_waiting_keep(struct par_request *req);
/* The writer's answer came for a late one that was asked over HTTP: its device's poll session,
 * wherever it is, is told to sync, since the entry's event leaves it out. */
void par_waiting_answered_late(struct par_request *req);
/* Forgets a late one. */
void par_waiting_forget(struct par_request *req);
/* Was the request of this handle answered `unavailable` for want of the writer's answer? */
bool par_waiting_is_late(struct par_reactor *reactor, uint64_t handle);

/* ---- order.c ---- */

/* Starts the request, which is the last of its client's list, now, or after those before it that it
 * must not overtake. */
void par_order_start(struct par_request *req);
/* The writer has answered this one: what was asked before it about the same conversation, and has
 * no answer, did not arrive (a log keeps the order) and is answered `unavailable`. */
void par_order_answered(struct par_request *req);
/* The event of an entry is about to go to this client: answers of lower ones that are held go out
 * first, and those that they are held for are answered `unavailable`; who still waits may hear of
 * no lower one any more. */
void par_order_passed(struct par_client *client, const struct par_conv *conv, uint64_t seq);
/* True when the answer of this one must wait for that of an earlier one; it is then sent by
 * par_order_next. */
bool par_order_holds(struct par_request *req);
/* One that was started has ended and is out of its client's list: starts those that waited for it.
 */
void par_order_next(struct par_client *client);

#endif
