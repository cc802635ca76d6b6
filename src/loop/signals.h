/* The process's signals as callbacks of a loop. */
#ifndef PAR_LOOP_SIGNALS_H
#define PAR_LOOP_SIGNALS_H

#include "loop/loop.h"

/* signo as in <signal.h>. */
typedef void (*par_signal_fn)(int signo, void *arg);

struct par_signals;

/* Blocks SIGTERM, SIGINT and SIGHUP for this thread and those it starts from now on, ignores
 * SIGPIPE, and calls fn on the loop's thread for each that comes. To be called before any thread is
 * started. PAR_E_UNAVAILABLE when the system gives no descriptor. */
enum par_err par_signals_open(struct par_loop *loop, par_signal_fn fn, void *arg,
                              struct par_signals **signals_r) PAR_MUST_CHECK;
/* Frees and nulls; the signals stay blocked. */
void par_signals_close(struct par_signals **signals);

#endif
