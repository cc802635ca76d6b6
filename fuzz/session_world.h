/* What the session fuzzer plays on: a server of this process with the memory store on a socket of
 * loopback, users of it, and their connections, which check whatever the server says. */
#ifndef PAR_FUZZ_SESSION_WORLD_H
#define PAR_FUZZ_SESSION_WORLD_H

#include "base/buf.h"

#include <stdbool.h>

enum {
    SESSION_USERS = 3,
    SESSION_PEERS = 4, /* the first user has two devices */
    SESSION_IDS = 64,
    SESSION_HEARD = 8
};

/* A device of a user, and its connection if there is one. */
struct peer {
    uint64_t user;
    char token[64];
    int fd; /* -1: none */
    struct par_buf in;
    int64_t ids[SESSION_IDS];         /* of the requests of this connection */
    unsigned unanswered[SESSION_IDS]; /* how often each was asked and not answered */
    unsigned id_count;
};

struct session {
    uint64_t users[SESSION_USERS];
    struct peer peers[SESSION_PEERS];
    /* What the server told, newest last, to be asked about: conversations, cursors and tokens. */
    char convs[SESSION_HEARD][80];
    char cursors[SESSION_HEARD][256];
    unsigned conv_count, cursor_count;
};

/* Ends the program with a message: the server did what it must not. */
void session_broken(const char *what) __attribute__((noreturn));

/* Three new users and their four devices, none connected; the server is started if there is none.
 */
void session_open(struct session *s);
/* Waits until all that was asked is answered, and hangs up. */
void session_close(struct session *s);

/* Opens a WebSocket; no hello yet. */
void session_connect(struct peer *p);
/* Without a word. */
void session_hang_up(struct peer *p);
/* Sends a frame that asks with this id. */
void session_ask(struct session *s, struct peer *p, int64_t id, struct par_str frame);
/* Reads what is there, or, with wait, until everything is answered or the server has closed. */
void session_listen(struct session *s, struct peer *p, bool wait);

/* One HTTP request with the token of a device; checks the answer. body.ptr NULL: none. */
void session_http(struct session *s, const struct peer *p, const char *method, struct par_str path,
                  struct par_str body);

#endif
