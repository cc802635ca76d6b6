/* Where a connection's bytes cross into the system: TLS goes here. */
#include "loop/tcp_private.h"

ssize_t par_tcp__bytes_read(struct par_tcp *t, void *buf, size_t n)
{
    return t->_loop->ops->read(t->_loop->world, t->_io.fd, buf, n);
}

ssize_t par_tcp__bytes_write(struct par_tcp *t, const struct iovec *iov, int count)
{
    return t->_loop->ops->write(t->_loop->world, t->_io.fd, iov, count);
}
