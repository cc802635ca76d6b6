/* Presence on this server: who came and went, and telling those who watch.
 *
 * A user arrives with the first endpoint that is present, and is on line at once. When the last one
 * goes, a timer of presence.offline_delay_ms starts on that reactor; if nobody came back by then,
 * the user is off line and the time of it is stored. The presence family says when that is a
 * transition over all servers; then a worker finds out which of those who watch may see it, and
 * they get the event. What they are told is what is true then, and not the same twice: for one user
 * one worker at a time asks the family and tells. A family of many servers may lose a transition,
 * so watched users are looked at again from time to time; and so they are soon after some could not
 * be told, since the store could not say who may see it. */
#ifndef PAR_SERVER_PRESENCE_H
#define PAR_SERVER_PRESENCE_H

#include "server/reactor.h"

/* The directory said that the user arrived, or left. On the reactor of the endpoint. */
void par_presence_arrived(struct par_reactor *reactor, uint64_t user);
void par_presence_left(struct par_reactor *reactor, uint64_t user);

/* Locks and what the directory tells of watching; before threads start. */
void par_presence_open_server(struct par_server *server);
void par_presence_close_server(struct par_server *server);
/* Looks at everybody who is watched, and has those told who were told something else. Blocks. */
void par_presence_check(struct par_server *server);

/* To be registered with par_presence_listen; arg is the server. */
void par_presence_changed(void *arg, uint64_t user, bool online);

/* Forgets the departures that a reactor still waits for, telling them now; when it stops. */
void par_presence_finish(struct par_reactor *reactor);

/* What an answer says of users: ids (0: nobody), and whether they are on line; online NULL: it
 * could not be told, and they are shown off line. Memory of the reader's arena. */
struct par_presence_read {
    const uint64_t *ids;
    const bool *online;
    size_t count;
};

/* The answer to presence, watch and getStatus: an object for each user in the array open in w, in
 * the order asked. viewer 0 (a server-to-server key) may see everybody. Pool thread. */
struct par_reader;
struct par_json_out;
struct par_user_ref;
enum par_err par_presence_write(struct par_server *server, struct par_reader *reader,
                                uint64_t viewer, const struct par_user_ref *users, size_t n,
                                bool rest, struct par_json_out *w,
                                struct par_presence_read *read_r) PAR_MUST_CHECK;
/* This answer leaves now. Who watches one of these users and was told something else, before or
 * since it was read, is told again. Any thread; does not block. */
void par_presence_answered(struct par_server *server, const struct par_presence_read *read);

#endif
