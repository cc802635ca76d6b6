/* Moves the server's store to another place while it serves (store/migrate.h): a thread that takes
 * one step after the other, begun and looked at by an operator's command. It ends with the server,
 * and goes on when the command is given again. */
#ifndef PAR_SERVER_MOVER_H
#define PAR_SERVER_MOVER_H

#include "server/server.h"
#include "store/migrate.h"

struct par_mover;

struct par_mover_order {
    const char *name; /* of the other place, DRIVER:PLACE; copied */
    bool finish;      /* end it when both are the same; else keep them so */
    bool verify;
};

/* Begins the move, or goes on with it; while it runs only changes the order. PAR_E_CONFLICT: it
 * runs to another place; other errors as par_migrate_open(). why_r gets a line. One thread at a
 * time calls this, the next two and close. Blocks. When the move ends, the server's clients are
 * told to go. */
enum par_err par_mover_start(struct par_server *server, const struct par_mover_order *order,
                             struct par_buf *why_r) PAR_MUST_CHECK;
/* How far it is, in lines; PAR_MIGRATE_WORKS also while it cannot go on for a moment. False: there
 * is none. */
bool par_mover_status(struct par_server *server, enum par_migrate_end *end_r, struct par_buf *out);
/* Ends the thread, not the move. Blocks. Harmless when there is none. */
void par_mover_close(struct par_server *server);

#endif
