/* Posting to services of others, by libcurl's multi interface on a thread of its own. */
#include "loop/https.h"

#include "loop/addr.h"
#include "loop/addr_private.h"
#include "loop/env.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    WAIT_MS = 1000,
    HOST_CONNECTIONS = 4,
    KEPT_CONNECTIONS = 64,
    ANSWER_MAX = 64 << 10 /* with its headers */
};

struct job {
    struct job *next;
    struct par_https *https;
    CURL *easy;
    struct curl_slist *headers;
    size_t answered; /* bytes of headers and body, which nobody reads */
    par_https_done_fn done;
    void *arg;
    char error[CURL_ERROR_SIZE];
    size_t len;
    char body[];
};

struct par_https {
    struct par_https_config config;
    char *ca_file;
    CURLM *multi;
    struct par_thread *thread;
    pthread_mutex_t lock;
    struct job *fresh; /* under the lock: not begun */
    struct job *running;
    _Atomic uint32_t in_flight;
    _Atomic uint32_t closing;
};

/* ---- of one post ---- */

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    const struct par_https *h = arg;
    struct sockaddr_storage ss = {0};
    struct par_addr addr;
    (void)purpose;
    if (to->addrlen > sizeof ss)
        return CURL_SOCKET_BAD;
    memcpy(&ss, &to->addr, to->addrlen);
    par_addr__from_system(&ss, &addr);
    if (!h->config.any_address && !par_addr_is_public(&addr))
        return CURL_SOCKET_BAD;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t drop_answer(char *data, size_t size, size_t n, void *arg)
{
    struct job *job = arg;
    (void)data;
    job->answered += size * n;
    return job->answered <= ANSWER_MAX ? size * n : 0;
}

static void free_job(struct job *job)
{
    curl_slist_free_all(job->headers);
    if (job->easy)
        curl_easy_cleanup(job->easy);
    free(job);
}

static bool add_headers(struct job *job, const char *const *headers)
{
    for (; *headers; headers++) {
        struct curl_slist *more = curl_slist_append(job->headers, *headers);
        if (!more)
            return false;
        job->headers = more;
    }
    return true;
}

static bool set_up(struct job *job, const char *url)
{
    const struct par_https_config *config = &job->https->config;
    CURL *e = job->easy;
    CURLcode err = CURLE_OK;
#define SET(option, value) err = err ? err : curl_easy_setopt(e, CURLOPT_##option, value)
    SET(URL, url);
    SET(PROTOCOLS_STR, "https");
    SET(FOLLOWLOCATION, 0L);
    SET(PROXY, "");
    SET(DISALLOW_USERNAME_IN_URL, 1L);
    SET(NOSIGNAL, 1L);
    SET(QUICK_EXIT, 1L);
    SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET(PIPEWAIT, 1L);
    SET(TCP_NODELAY, 1L);
    SET(CONNECTTIMEOUT_MS, (long)config->connect_ms);
    SET(TIMEOUT_MS, (long)config->total_ms);
    SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (*job->https->ca_file)
        SET(CAINFO, job->https->ca_file);
    SET(OPENSOCKETFUNCTION, open_socket);
    SET(OPENSOCKETDATA, job->https);
    SET(HEADERFUNCTION, drop_answer);
    SET(HEADERDATA, job);
    SET(WRITEFUNCTION, drop_answer);
    SET(WRITEDATA, job);
    SET(ERRORBUFFER, job->error);
    SET(HTTPHEADER, job->headers);
    SET(POSTFIELDSIZE, (long)job->len);
    SET(POSTFIELDS, (const char *)job->body);
    SET(PRIVATE, job);
#undef SET
    return err == CURLE_OK;
}

static void end(struct job *job, CURLcode code)
{
    struct par_https_answer answer = {0};
    long status = 0;
    curl_off_t after = 0;
    /* An answer that was too long is an answer. */
    if (code == CURLE_OK || code == CURLE_WRITE_ERROR) {
        curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(job->easy, CURLINFO_RETRY_AFTER, &after);
    }
    answer.status = (int)status;
    answer.retry_after_s = after > 0 ? after < UINT32_MAX ? (uint32_t)after : UINT32_MAX : 0;
    answer.why = *job->error ? job->error : curl_easy_strerror(code);
    struct par_https *h = job->https;
    job->done(job->arg, &answer);
    free_job(job);
    atomic_fetch_sub(&h->in_flight, 1);
}

/* ---- the thread ---- */

static void unlink_job(struct par_https *h, struct job *job)
{
    struct job **at = &h->running;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
}

static void begin_fresh(struct par_https *h)
{
    pthread_mutex_lock(&h->lock);
    struct job *job = h->fresh;
    h->fresh = NULL;
    pthread_mutex_unlock(&h->lock);
    for (struct job *next; job; job = next) {
        next = job->next;
        if (curl_multi_add_handle(h->multi, job->easy)) {
            end(job, CURLE_FAILED_INIT);
            continue;
        }
        job->next = h->running;
        h->running = job;
    }
}

static void end_done(struct par_https *h)
{
    CURLMsg *msg;
    int left;
    while ((msg = curl_multi_info_read(h->multi, &left)) != NULL) {
        struct job *job = NULL;
        CURLcode code = msg->data.result;
        CURL *easy = msg->easy_handle;
        if (msg->msg != CURLMSG_DONE || curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&job) ||
            !job)
            continue;
        curl_multi_remove_handle(h->multi, easy);
        unlink_job(h, job);
        end(job, code);
    }
}

static void run(void *arg)
{
    struct par_https *h = arg;
    int running;
    while (!atomic_load(&h->closing)) {
        begin_fresh(h);
        curl_multi_perform(h->multi, &running);
        end_done(h);
        curl_multi_poll(h->multi, NULL, 0, WAIT_MS, NULL);
    }
    begin_fresh(h);
    while (h->running) {
        struct job *job = h->running;
        h->running = job->next;
        curl_multi_remove_handle(h->multi, job->easy);
        end(job, CURLE_ABORTED_BY_CALLBACK);
    }
}

/* ---- from outside ---- */

static bool able(const struct par_https_config *config)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    return (info->features & CURL_VERSION_SSL) && (info->features & CURL_VERSION_HTTP2) &&
           (!*config->ca_file || access(config->ca_file, R_OK) == 0);
}

enum par_err par_https_open(const struct par_https_config *config, struct par_https **https_r)
{
    *https_r = NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return PAR_E_UNAVAILABLE;
    if (!able(config)) {
        curl_global_cleanup();
        return PAR_E_BAD_REQUEST;
    }
    struct par_https *h = calloc(1, sizeof *h);
    if (!h) {
        curl_global_cleanup();
        return PAR_E_UNAVAILABLE;
    }
    h->config = *config;
    pthread_mutex_init(&h->lock, NULL);
    h->ca_file = strdup(config->ca_file);
    h->multi = curl_multi_init();
    bool ok = h->ca_file && h->multi;
    if (ok) {
        curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
        curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)HOST_CONNECTIONS);
        curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
    }
    if (!ok || par_thread_start("https", run, h, &h->thread)) {
        par_https_close(&h);
        return PAR_E_UNAVAILABLE;
    }
    *https_r = h;
    return PAR_OK;
}

void par_https_close(struct par_https **https)
{
    struct par_https *h = *https;
    if (!h)
        return;
    atomic_store(&h->closing, 1);
    if (h->thread) {
        curl_multi_wakeup(h->multi);
        par_thread_join(&h->thread);
    }
    if (h->multi)
        curl_multi_cleanup(h->multi);
    pthread_mutex_destroy(&h->lock);
    free(h->ca_file);
    free(h);
    curl_global_cleanup();
    *https = NULL;
}

bool par_https_post(struct par_https *h, const struct par_https_post *post)
{
    if (atomic_fetch_add(&h->in_flight, 1) >= h->config.in_flight)
        goto refused;
    struct job *job = calloc(1, sizeof *job + post->body.len);
    if (!job)
        goto refused;
    job->https = h;
    job->done = post->done;
    job->arg = post->arg;
    job->len = post->body.len;
    if (job->len)
        memcpy(job->body, post->body.ptr, job->len);
    job->easy = curl_easy_init();
    if (!job->easy || !add_headers(job, post->headers) || !set_up(job, post->url)) {
        free_job(job);
        goto refused;
    }
    pthread_mutex_lock(&h->lock);
    job->next = h->fresh;
    h->fresh = job;
    pthread_mutex_unlock(&h->lock);
    curl_multi_wakeup(h->multi);
    return true;
refused:
    atomic_fetch_sub(&h->in_flight, 1);
    return false;
}

uint32_t par_https_in_flight(const struct par_https *https)
{
    return atomic_load(&((struct par_https *)https)->in_flight);
}
