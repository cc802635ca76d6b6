/* Signals read from a descriptor. */
#include "loop/signals.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct par_signals {
    struct par_io io;
    struct par_defer defer;
    struct par_loop *loop;
    par_signal_fn fn;
    void *arg;
};

static void on_event(struct par_io *io, unsigned events)
{
    (void)events;
    struct par_signals *s = PAR_CONTAINER(io, struct par_signals, io);
    struct signalfd_siginfo info;
    while (io->_armed && read(io->fd, &info, sizeof info) == (ssize_t)sizeof info)
        s->fn((int)info.ssi_signo, s->arg);
}

enum par_err par_signals_open(struct par_loop *loop, par_signal_fn fn, void *arg,
                              struct par_signals **signals_r)
{
    *signals_r = NULL;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    struct par_signals *s = calloc(1, sizeof *s);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (!s || fd < 0 || par_io_add(loop, &s->io, fd, on_event) != PAR_OK) {
        if (fd >= 0)
            close(fd);
        free(s);
        return PAR_E_UNAVAILABLE;
    }
    s->loop = loop;
    s->fn = fn;
    s->arg = arg;
    *signals_r = s;
    return PAR_OK;
}

static void release(struct par_defer *defer)
{
    free(PAR_CONTAINER(defer, struct par_signals, defer));
}

void par_signals_close(struct par_signals **signals)
{
    struct par_signals *s = *signals;
    *signals = NULL;
    if (!s)
        return;
    int fd = s->io.fd;
    par_io_remove(s->loop, &s->io);
    close(fd);
    par_loop_defer(s->loop, &s->defer, release);
}
