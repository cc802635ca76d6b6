/* Builds a log line on the stack and hands it over whole: one write to standard error, or the sink.
 */
#include "base/log.h"
#include "base/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* A call site may write so many lines in a window of so many milliseconds. */
enum { SITE_LINES = 20, SITE_WINDOW_MS = 10000 };
/* Longer lines end in "…"; the newline has its place beyond. */
enum { LINE_MAX_BYTES = 4000, VALUE_MAX_BYTES = 1000 };

_Atomic int par_log_level_now = PAR_LOG_INFO;
static _Atomic bool json;
static par_log_clock_fn clock_ms;
static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(par_log_sink_fn) sink;
static void *sink_arg;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

/* The line under construction. What does not fit is cut, never an error. */
struct line {
    char text[LINE_MAX_BYTES + 8];
    size_t len;
    bool cut;
};

static void put(struct line *l, const char *bytes, size_t n)
{
    if (l->cut)
        return;
    if (n > LINE_MAX_BYTES - l->len) {
        l->cut = true;
        return;
    }
    memcpy(l->text + l->len, bytes, n);
    l->len += n;
}

static void putz(struct line *l, const char *z)
{
    put(l, z, strlen(z));
}

/* Length of the UTF-8 character at s, 0 when there is none. */
static size_t utf8_len(const char *s, size_t left)
{
    for (size_t n = 1; n <= 4 && n <= left; n++)
        if (par_utf8_check(par_str_of(s, n), NULL))
            return n;
    return 0;
}

static bool needs_quotes(struct par_str s)
{
    if (s.len == 0)
        return true;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f)
            return true;
    }
    return false;
}

/* The text between quotes, so escaped that it is a JSON string and a line stays one line. A byte
 * that is not UTF-8 shows as its code point, which keeps the value readable and the JSON valid. */
static void put_quoted(struct line *l, struct par_str s)
{
    put(l, "\"", 1);
    for (size_t i = 0; i < s.len;) {
        unsigned char c = (unsigned char)s.ptr[i];
        size_t n = c < 0x80 ? 1 : utf8_len(s.ptr + i, s.len - i);
        char esc[8];
        if (c == '"' || c == '\\') {
            esc[0] = '\\';
            esc[1] = (char)c;
            put(l, esc, 2);
        } else if (c < ' ' || c == 0x7f || n == 0) {
            snprintf(esc, sizeof esc, "\\u%04x", c);
            put(l, esc, 6);
            n = 1;
        } else {
            put(l, s.ptr + i, n);
        }
        i += n;
    }
    put(l, "\"", 1);
}

static void put_str(struct line *l, struct par_str s, bool quote)
{
    if (s.len > VALUE_MAX_BYTES)
        s.len = VALUE_MAX_BYTES;
    if (quote || needs_quotes(s))
        put_quoted(l, s);
    else
        put(l, s.ptr, s.len);
}

static void put_pair(struct line *l, bool as_json, struct par_log_kv kv)
{
    char number[40];

    if (as_json) {
        putz(l, l->len > 1 ? ",\"" : "\"");
        putz(l, kv.key);
        putz(l, "\":");
    } else {
        if (l->len > 0)
            put(l, " ", 1);
        putz(l, kv.key);
        put(l, "=", 1);
    }
    switch (kv.type) {
    case PAR_LOG_T_STR:
        put_str(l, kv.str, as_json);
        return;
    case PAR_LOG_T_BOOL:
        putz(l, kv.u ? "true" : "false");
        return;
    case PAR_LOG_T_INT:
        snprintf(number, sizeof number, "%" PRId64, kv.i);
        break;
    case PAR_LOG_T_UINT:
        snprintf(number, sizeof number, "%" PRIu64, kv.u);
        break;
    case PAR_LOG_T_REAL:
        /* JSON has no word for infinity or not-a-number. */
        if (!(kv.real - kv.real == 0))
            snprintf(number, sizeof number, "null");
        else
            snprintf(number, sizeof number, "%.6g", kv.real);
        break;
    }
    putz(l, number);
}

static void put_time(struct line *l, bool as_json, int64_t ms)
{
    time_t s = (time_t)(ms / 1000);
    struct tm tm;
    char text[64];

    gmtime_r(&s, &tm);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + n, sizeof text - n, ".%03dZ", (int)(ms % 1000));
    put_pair(l, as_json, PAR_KV("ts", text));
}

/* Whether the site may write now; the lines left out since it last did go to *suppressed_r. */
static bool site_allows(struct par_log_site *site, int64_t now, uint32_t *suppressed_r)
{
    int64_t window = atomic_load_explicit(&site->_window, memory_order_relaxed);

    *suppressed_r = 0;
    if (window == 0 || now - window >= SITE_WINDOW_MS || now < window) {
        if (atomic_compare_exchange_strong(&site->_window, &window, now)) {
            atomic_store(&site->_lines, 1);
            *suppressed_r = atomic_exchange(&site->_suppressed, 0);
            return true;
        }
    }
    if (atomic_fetch_add(&site->_lines, 1) < SITE_LINES)
        return true;
    atomic_fetch_add(&site->_suppressed, 1);
    return false;
}

static void deliver(struct line *l, enum par_log_level level, const char *event)
{
    if (atomic_load(&sink) != NULL) {
        pthread_mutex_lock(&sink_lock);
        par_log_sink_fn fn = atomic_load(&sink);
        if (fn != NULL)
            fn(sink_arg, level, event, par_str_of(l->text, l->len));
        pthread_mutex_unlock(&sink_lock);
        if (fn != NULL)
            return;
    }
    l->text[l->len++] = '\n';
    /* A log that cannot be written has nowhere to say so; a part of a line is finished. */
    for (size_t done = 0; done < l->len;) {
        ssize_t n = write(STDERR_FILENO, l->text + done, l->len - done);
        if (n <= 0 && errno != EINTR)
            return;
        if (n > 0)
            done += (size_t)n;
    }
}

void par_log_write(struct par_log_site *site, enum par_log_level level, const char *event,
                   const struct par_log_kv *kv, size_t n)
{
    struct line l;
    bool as_json = atomic_load_explicit(&json, memory_order_relaxed);
    int64_t now = clock_ms ? clock_ms() : 0;
    uint32_t suppressed = 0;
    int saved_errno = errno;

    if (!par_log_enabled(level))
        return;
    if (site && clock_ms && level != PAR_LOG_DEBUG && !site_allows(site, now, &suppressed)) {
        par_stats_inc(PAR_C_LOG_SUPPRESSED);
        return;
    }
    par_stats_inc_at(PAR_C_LOG_LINES, level);

    l.len = 0;
    l.cut = false;
    if (as_json)
        put(&l, "{", 1);
    if (clock_ms)
        put_time(&l, as_json, now);
    put_pair(&l, as_json, PAR_KV("level", level_names[level]));
    put_pair(&l, as_json, PAR_KV("event", event));
    for (size_t i = 0; i < n; i++) {
        size_t before = l.len;
        put_pair(&l, as_json, kv[i]);
        if (l.cut) {
            /* A pair that does not fit is left out whole, so that the line stays well-formed. */
            l.len = before;
            break;
        }
    }
    if (suppressed > 0 && !l.cut)
        put_pair(&l, as_json, PAR_KV("suppressed", suppressed));
    if (as_json)
        l.text[l.len++] = '}';
    deliver(&l, level, event);
    errno = saved_errno;
}

void par_log_set_level(enum par_log_level level)
{
    atomic_store(&par_log_level_now, (int)level);
}

enum par_log_level par_log_get_level(void)
{
    return (enum par_log_level)atomic_load(&par_log_level_now);
}

const char *par_log_level_name(enum par_log_level level)
{
    return (unsigned)level < 4 ? level_names[level] : "info";
}

bool par_log_level_parse(const char *name, enum par_log_level *level_r)
{
    *level_r = PAR_LOG_INFO;
    for (unsigned i = 0; i < 4; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *level_r = (enum par_log_level)i;
            return true;
        }
    }
    return false;
}

void par_log_set_json(bool on)
{
    atomic_store(&json, on);
}

void par_log_set_clock(par_log_clock_fn clock)
{
    clock_ms = clock;
}

void par_log_set_sink(par_log_sink_fn fn, void *arg)
{
    pthread_mutex_lock(&sink_lock);
    sink_arg = arg;
    atomic_store(&sink, fn);
    pthread_mutex_unlock(&sink_lock);
}
