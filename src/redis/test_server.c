/* For tests: a Redis of their own on a free port of loopback. */
#include "redis/test_server.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t server;
static int port;

static int free_port(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof addr) != 0 ||
        getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
        abort();
    close(fd);
    return ntohs(addr.sin_port);
}

static bool answers(void)
{
    redisContext *c = redisConnectWithTimeout("127.0.0.1", port, (struct timeval){.tv_sec = 1});
    redisReply *reply = c && !c->err ? redisCommand(c, "PING") : NULL;
    bool ok = reply && reply->type == REDIS_REPLY_STATUS;
    if (reply)
        freeReplyObject(reply);
    if (c)
        redisFree(c);
    return ok;
}

const struct par_redis_config *par_test_redis_start(void)
{
    static char address[32];
    static const struct par_redis_config config = {.address = address, .timeout_ms = 2000};
    if (!port)
        port = free_port();
    snprintf(address, sizeof address, "127.0.0.1:%d", port);
    server = fork();
    if (server == 0) {
        char text[8];
        snprintf(text, sizeof text, "%d", port);
        execlp("redis-server", "redis-server", "--bind", "127.0.0.1", "--port", text, "--save", "",
               "--appendonly", "no", "--logfile", "/dev/null", "--dir", "/tmp", (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 200 && !answers(); i++)
        usleep(50000);
    if (!answers())
        abort();
    return &config;
}

void par_test_redis_kill(void)
{
    if (server <= 0)
        return;
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    server = 0;
}

void par_test_redis_pause(bool paused)
{
    kill(server, paused ? SIGSTOP : SIGCONT);
}
