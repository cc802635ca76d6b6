/* The web page inside the program: what tools/embed-web made of the built page. Empty when the
 * program was built without it. Constant data, for any thread. */
#ifndef PARLEY_WEB_H
#define PARLEY_WEB_H

#include <stdbool.h>
#include <stddef.h>

/* The forms that a file is kept in; a form that is not there has data NULL. */
enum par_web_coding { PAR_WEB_PLAIN = 0, PAR_WEB_GZIP, PAR_WEB_BROTLI, PAR_WEB_CODINGS };

struct par_web_file {
    const char *path; /* as in the URL: "/", "/app-3f2a.js" */
    const char *type; /* value of Content-Type */
    const char *etag; /* with its quotes; one for all forms */
    bool immutable;   /* its name holds its hash: may be cached for ever */
    struct {
        const unsigned char *data;
        size_t size;
    } form[PAR_WEB_CODINGS];
};

/* Sorted by path. */
extern const struct par_web_file par_web_files[];
extern const size_t par_web_n_files;

/* Value of Content-Security-Policy for the page; "" when the page brought none. */
extern const char *const par_web_csp;

#endif
