/* The system's sockets, for epoll.c: contracts as in loop_ops.h. */
#ifndef PAR_LOOP_SOCKETS_H
#define PAR_LOOP_SOCKETS_H

#include "loop/loop_ops.h"

int par_sockets__listen(void *world, const struct par_addr *addr, const char *unix_path, bool join);
int par_sockets__accept(void *world, int fd, struct par_addr *peer_r);
int par_sockets__connect(void *world, const struct par_addr *addr, const char *unix_path);
int par_sockets__error(void *world, int fd);
int par_sockets__local_addr(void *world, int fd, struct par_addr *addr_r);
ssize_t par_sockets__read(void *world, int fd, void *buf, size_t n);
ssize_t par_sockets__write(void *world, int fd, const struct iovec *iov, int count);
int par_sockets__shutdown(void *world, int fd);
void par_sockets__close(void *world, int fd);
void par_sockets__forget_path(void *world, const char *unix_path);

#endif
