/* Preloaded into a server by the fault tests: while the file $FAILSYNC_FILE exists, every fsync and
 * fdatasync fails with EIO, as a dying disk makes them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int failing(void)
{
    const char *file = getenv("FAILSYNC_FILE");
    int saved = errno;
    int there = file && access(file, F_OK) == 0;
    errno = saved;
    return there;
}

static int call_real(const char *name, int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (failing()) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}

int fsync(int fd)
{
    return call_real("fsync", fd);
}

int fdatasync(int fd)
{
    return call_real("fdatasync", fd);
}
