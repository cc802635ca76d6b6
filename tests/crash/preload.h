/* What a library that is preloaded into a process stands on: the functions behind those it puts
 * itself before. */
#ifndef PARLEY_CRASH_PRELOAD_H
#define PARLEY_CRASH_PRELOAD_H

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/types.h>

/* From here on, real_name is the system's function of that name. */
#define REAL(name)                                                                                 \
    static __typeof__(&name) real_##name;                                                          \
    if (!real_##name)                                                                              \
    real_##name = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* The mode that open(2) was called with, behind `flags`; 0 when it needs none. */
#define PRELOAD_MODE(flags, mode)                                                                  \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                         \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode = va_arg(args, mode_t);                                                               \
        va_end(args);                                                                              \
    }

/* open and open64 are fn(path, flags, mode). */
#define PRELOAD_OPEN(fn)                                                                           \
    int open(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        PRELOAD_MODE(flags, mode)                                                                  \
        return fn(path, flags, mode);                                                              \
    }                                                                                              \
    int open64(const char *path, int flags, ...)                                                   \
    {                                                                                              \
        PRELOAD_MODE(flags, mode)                                                                  \
        return fn(path, flags, mode);                                                              \
    }

#endif
