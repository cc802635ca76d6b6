/* Where Redis is, for the drivers of that name. */
#ifndef PARLEY_REDIS_H
#define PARLEY_REDIS_H

#include <stdint.h>

/* Strings are copied. */
struct par_redis_config {
    const char *address;   /* host:port of the one server; used when there are no sentinels */
    const char *sentinels; /* host:port, with commas between; "" or NULL: none */
    const char *group;     /* the name under which the sentinels know the primary */
    const char *user;      /* "" or NULL: the default user */
    const char *password;  /* "" or NULL: none */
    uint32_t timeout_ms;   /* for connecting, and for each reply; 0 = 1,000 */
    uint32_t connections;  /* at most; 0 = 8 */
};

#endif
