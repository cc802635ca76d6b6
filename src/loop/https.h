/* A client for HTTPS services of others: posts bytes to addresses that strangers may have chosen.
 *
 * One thread and libcurl. Connections are kept and shared (HTTP/2 where the service has it). Only
 * https; redirects, proxies, user names and files of the user's home are not followed or read;
 * certificates are checked; an address that is not public is not connected to, whatever its name
 * was, unless the configuration says so. */
#ifndef PAR_LOOP_HTTPS_H
#define PAR_LOOP_HTTPS_H

#include "base/str.h"
#include "parley/err.h"

struct par_https;

struct par_https_config {
    const char *ca_file; /* certificates to trust, in place of the system's; "" : those */
    bool any_address;    /* also private ones and loopback */
    uint32_t in_flight;  /* posts under way at once */
    uint32_t connect_ms;
    uint32_t total_ms; /* for a whole post */
};

/* How a post ended. */
struct par_https_answer {
    int status;             /* of HTTP; 0: there was no answer */
    uint32_t retry_after_s; /* as the answer asks; 0: it does not */
    const char *why;        /* without an answer: one line, borrowed for the call */
};
/* On the client's own thread; must not block. */
typedef void (*par_https_done_fn)(void *arg, const struct par_https_answer *answer);

struct par_https_post {
    const char *url;
    const char *const *headers; /* "Name: value", NULL at the end */
    struct par_str body;
    par_https_done_fn done; /* called exactly once, after par_https_post returned or during it */
    void *arg;
};

/* Starts the thread. PAR_E_BAD_REQUEST: libcurl is one without TLS or HTTP/2, or the file cannot
 * be read; PAR_E_UNAVAILABLE. */
enum par_err par_https_open(const struct par_https_config *config,
                            struct par_https **https_r) PAR_MUST_CHECK;
/* Ends what is under way, which is told as not answered, and the thread. Blocks. Harmless for
 * NULL. */
void par_https_close(struct par_https **https);

/* Takes a copy of everything and posts it. False: as many as allowed are under way, or memory is
 * refused; done is not called. Any thread; does not block. */
bool par_https_post(struct par_https *https, const struct par_https_post *post) PAR_MUST_CHECK;

/* Posts under way. Any thread. */
uint32_t par_https_in_flight(const struct par_https *https);

#endif
