/* The log: one line an event, for people and for machines.
 *
 *     par_log_info("store.opened", PAR_KV("path", path), PAR_KV("ms", ms));
 *     ts=2024-05-01T12:00:00.123Z level=info event=store.opened path=data/store ms=41
 *
 * The event is a constant `area.what`; what varies goes into the pairs. Never log the text of a
 * message, a token, a password or a key: ids, sizes and counts say enough.
 *
 * Lines go to standard error, each by one write, so that lines of several threads do not mix. A
 * call site that repeats itself is limited (20 lines in 10 s; debug is not): what was left out is
 * counted and told by the next line that passes, as suppressed=N. Every function may be called from
 * any thread; a line may wait for whoever reads standard error. */
#ifndef PAR_BASE_LOG_H
#define PAR_BASE_LOG_H

#include "base/buf.h"

#include <stdatomic.h>

/* error: somebody must look. warn: something was refused or went wrong, and is handled. info: life
 * of the process. debug: life of a connection. */
enum par_log_level { PAR_LOG_ERROR = 0, PAR_LOG_WARN, PAR_LOG_INFO, PAR_LOG_DEBUG };

enum par_log_type {
    PAR_LOG_T_STR = 0,
    PAR_LOG_T_INT,
    PAR_LOG_T_UINT,
    PAR_LOG_T_BOOL,
    PAR_LOG_T_REAL
};

/* One pair; made by PAR_KV, borrowed for the call. */
struct par_log_kv {
    const char *key;
    enum par_log_type type;
    union {
        struct par_str str;
        int64_t i;
        uint64_t u;
        double real;
    };
};

/* PAR_KV("key", value): the value may be a C string (NULL shows as nothing), a struct par_str
 * (bytes that are not UTF-8 are shown escaped), a bool, any integer, or a double. */
#define PAR_KV(key, value)                                                                         \
    _Generic((value),                                                                              \
        char *: par_log_kv_z,                                                                      \
        const char *: par_log_kv_z,                                                                \
        struct par_str: par_log_kv_str,                                                            \
        bool: par_log_kv_bool,                                                                     \
        float: par_log_kv_real,                                                                    \
        double: par_log_kv_real,                                                                   \
        unsigned char: par_log_kv_uint,                                                            \
        unsigned short: par_log_kv_uint,                                                           \
        unsigned int: par_log_kv_uint,                                                             \
        unsigned long: par_log_kv_uint,                                                            \
        unsigned long long: par_log_kv_uint,                                                       \
        default: par_log_kv_int)((key), (value))

/* A call site, for its rate limit. */
struct par_log_site {
    _Atomic int64_t _window;
    _Atomic uint32_t _lines;
    _Atomic uint32_t _suppressed;
};

#define PAR_LOG_AT(level, event, ...)                                                              \
    do {                                                                                           \
        if (par_log_enabled(level)) {                                                              \
            static struct par_log_site par_site_;                                                  \
            const struct par_log_kv par_kv_[] = {{0}, ##__VA_ARGS__};                              \
            par_log_write(&par_site_, (level), (event), par_kv_ + 1,                               \
                          sizeof par_kv_ / sizeof par_kv_[0] - 1);                                 \
        }                                                                                          \
    } while (0)
#define par_log_error(event, ...) PAR_LOG_AT(PAR_LOG_ERROR, event, ##__VA_ARGS__)
#define par_log_warn(event, ...)  PAR_LOG_AT(PAR_LOG_WARN, event, ##__VA_ARGS__)
#define par_log_info(event, ...)  PAR_LOG_AT(PAR_LOG_INFO, event, ##__VA_ARGS__)
#define par_log_debug(event, ...) PAR_LOG_AT(PAR_LOG_DEBUG, event, ##__VA_ARGS__)

extern _Atomic int par_log_level_now;
static inline bool par_log_enabled(enum par_log_level level)
{
    return (int)level <= atomic_load_explicit(&par_log_level_now, memory_order_relaxed);
}

/* Writes one line. site may be NULL (no rate limit). Use the macros. */
void par_log_write(struct par_log_site *site, enum par_log_level level, const char *event,
                   const struct par_log_kv *kv, size_t n);

/* The level may change at any time; it starts as info. */
void par_log_set_level(enum par_log_level level);
enum par_log_level par_log_get_level(void);
/* "error", "warn", "info", "debug" and back; parse is false, and *level_r info, for any other word.
 */
const char *par_log_level_name(enum par_log_level level);
bool par_log_level_parse(const char *name, enum par_log_level *level_r);

/* JSON objects instead of key=value. At boot. */
void par_log_set_json(bool json);

/* The clock of the time stamps, in ms since 1970 (loop/env.h's par_wall_ms). Without one, lines
 * have no time and there is no rate limit. At boot. */
typedef int64_t (*par_log_clock_fn)(void);
void par_log_set_clock(par_log_clock_fn clock);

/* Sends the lines to sink instead of standard error (NULL: back again). It is called with the line
 * (without its newline) under the log's lock and must not log. At boot, and in tests. */
typedef void (*par_log_sink_fn)(void *arg, enum par_log_level level, const char *event,
                                struct par_str line);
void par_log_set_sink(par_log_sink_fn sink, void *arg);

static inline struct par_log_kv par_log_kv_z(const char *key, const char *z)
{
    return (struct par_log_kv){.key = key, .type = PAR_LOG_T_STR, .str = par_str(z)};
}
static inline struct par_log_kv par_log_kv_str(const char *key, struct par_str s)
{
    return (struct par_log_kv){.key = key, .type = PAR_LOG_T_STR, .str = s};
}
static inline struct par_log_kv par_log_kv_bool(const char *key, bool b)
{
    return (struct par_log_kv){.key = key, .type = PAR_LOG_T_BOOL, .u = b};
}
static inline struct par_log_kv par_log_kv_int(const char *key, int64_t i)
{
    return (struct par_log_kv){.key = key, .type = PAR_LOG_T_INT, .i = i};
}
static inline struct par_log_kv par_log_kv_uint(const char *key, uint64_t u)
{
    return (struct par_log_kv){.key = key, .type = PAR_LOG_T_UINT, .u = u};
}
static inline struct par_log_kv par_log_kv_real(const char *key, double real)
{
    return (struct par_log_kv){.key = key, .type = PAR_LOG_T_REAL, .real = real};
}

#endif
