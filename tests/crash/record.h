/* The log of a recorded run: what a process did to the files below one folder, and what it sent.
 *
 * Each record is a header and `size` bytes. Their order is the order in which the effects took
 * place: the recorder does an operation and writes its record under one lock. Only a sync has two
 * records, because what happens while it runs matters: it covers the writes before its beginning,
 * and holds from its end. */
#ifndef PARLEY_CRASH_RECORD_H
#define PARLEY_CRASH_RECORD_H

#include <stdint.h>

enum crash_type {
    CRASH_START = 1,  /* a process begins; the handles of the one before are gone */
    CRASH_OPEN,       /* a: handle, b: flags of open(2); bytes: path */
    CRASH_CLOSE,      /* a: handle */
    CRASH_WRITE,      /* a: handle, b: offset; bytes: what was written */
    CRASH_TRUNCATE,   /* a: handle, b: size */
    CRASH_SYNC_BEGIN, /* a: handle, b: number of this sync */
    CRASH_SYNC_END,   /* a: handle, b: number of this sync, which succeeded */
    CRASH_MKDIR,      /* bytes: path */
    CRASH_REMOVE,     /* bytes: path; a file or a folder */
    CRASH_RENAME,     /* bytes: path, 0, path */
    CRASH_LINK,       /* bytes: path, 0, path */
    CRASH_SENT,       /* a: connection; bytes: what the system took for it */
};

/* Paths are relative to the folder, without a slash at either end; the folder itself is "". */
struct crash_record {
    uint32_t size;
    uint32_t type;
    uint64_t a, b;
};

#endif
