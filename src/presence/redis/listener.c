/* Presence in Redis: the channel on which this server is told of transitions elsewhere. */
#include "presence/redis/redis_private.h"

#include <stdlib.h>
#include <sys/socket.h>

/* The driver's thread sends a word each second: silence is a connection that is gone. */
enum { SILENCE_MS = 4000, AGAIN_MS = 500 };

void par_presence__post(struct par_presence__redis *p, uint64_t user, int heard)
{
    struct par_presence__work *work = malloc(sizeof *work);
    if (work)
        *work = (struct par_presence__work){.user = user, .heard = heard};
    if (work && par_mailbox_try_post(&p->mailbox, &work->msg))
        return;
    atomic_fetch_add(&p->refused, 1);
    free(work);
}

static bool subscribe(struct par_presence__redis *p, redisContext *c)
{
    char channel[12 + PAR_REDIS_NUMBER + 1];
    snprintf(channel, sizeof channel, "parley:told:%s", p->server.text);
    const struct par_str argv[] = {PAR_STR("SUBSCRIBE"), par_str(channel)};
    struct timeval silence = {.tv_sec = SILENCE_MS / 1000};
    redisReply *reply = par_redis_command(c, 2, argv);
    if (!reply)
        return false;
    freeReplyObject(reply);
    return redisSetTimeout(c, silence) == REDIS_OK;
}

/* message, channel, text. */
static void hear(struct par_presence__redis *p, const redisReply *reply)
{
    uint64_t user;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3 || !reply->element[2]->str ||
        reply->element[2]->len != PAR_REDIS_NUMBER + 1)
        return;
    const char *text = reply->element[2]->str;
    char online = text[PAR_REDIS_NUMBER];
    if (par_redis_parse(par_str_of(text, PAR_REDIS_NUMBER), &user) &&
        (online == '0' || online == '1'))
        par_presence__post(p, user, online - '0');
}

static void set_fd(struct par_presence__redis *p, int fd)
{
    pthread_mutex_lock(&p->lock);
    p->channel_fd = fd;
    pthread_mutex_unlock(&p->lock);
}

void par_presence__wake_listener(struct par_presence__redis *p)
{
    par_pause_end(&p->closing);
    pthread_mutex_lock(&p->lock);
    if (p->channel_fd >= 0)
        shutdown(p->channel_fd, SHUT_RDWR);
    pthread_mutex_unlock(&p->lock);
}

void par_presence__listen(void *arg)
{
    struct par_presence__redis *p = arg;
    while (!atomic_load(&p->closing)) {
        redisContext *c = par_redis_connect(p->redis);
        if (c)
            set_fd(p, c->fd);
        bool ok = c && subscribe(p, c);
        void *reply;
        while (ok && !atomic_load(&p->closing) && redisGetReply(c, &reply) == REDIS_OK) {
            hear(p, reply);
            freeReplyObject(reply);
        }
        set_fd(p, -1);
        if (c)
            redisFree(c);
        if (!atomic_load(&p->closing))
            par_pause(&p->closing, AGAIN_MS);
    }
}
