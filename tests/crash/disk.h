/* What a disk may hold after the power is cut in the middle of a recorded run.
 *
 * The model is that of POSIX, as ext4 keeps it at best and others at worst:
 *
 *   a file      holds everything that was written before the beginning of a sync that has ended.
 *               Of what came later: nothing, all, or the first n operations with the next one torn
 *               at any byte; or each sector below the old end, the rest of that end's page, and
 *               each new page as of a time of its own, so that the end may be zeros. It does not
 *               grow over a new page that was not written.
 *   a folder    likewise holds the names that were made, renamed and removed before a sync of the
 *               folder; of the later ones the first n, in order. A rename is whole or not at all.
 *               A sync of a file does not keep its name.
 *   fallocate   behind the end of a file, and sync_file_range, promise nothing.
 *
 * Cut n lies before record n of the log: what has a smaller number has taken place. */
#ifndef PARLEY_CRASH_DISK_H
#define PARLEY_CRASH_DISK_H

#include "image.h"

struct crash_disk;

/* Ends of syncs that are taken not to have happened, to see that it is noticed: those whose path
 * ends with `suffix` (NULL: any; a folder's path is followed by a slash), each every-th of them
 * (0: none). */
struct crash_lie {
    const char *suffix;
    unsigned every;
};

/* Reads a log. The folder was as `begin` says when the run began (NULL: empty), durably. A record
 * that does not fit what was recorded so far ends the process. */
struct crash_disk *crash_disk_load(const char *log, const struct crash_image *begin,
                                   struct crash_lie lie);
void crash_disk_free(struct crash_disk **disk);

/* How many records the log has: cuts are 1 … this. */
uint64_t crash_disk_end(const struct crash_disk *disk);
/* True when the record before this cut begins or ends a sync, or a process. */
bool crash_disk_boundary(const struct crash_disk *disk, uint64_t cut);

/* Which of what is not synced survives. */
enum crash_rest {
    CRASH_NOTHING = 0,
    CRASH_ALL,
    CRASH_TORN,        /* of each file all but the last operation, and a part of that */
    CRASH_PREFIXES,    /* of each file the first n; of all names those up to one moment */
    CRASH_INDEPENDENT, /* each file nothing or all, each folder the first n */
    CRASH_SECTORS,     /* of each file some sectors; all names */
    CRASH_NAMES_ONLY,  /* all names, no bytes */
    CRASH_BYTES_ONLY,  /* all bytes, no names */
    CRASH_REST_COUNT
};
const char *crash_rest_name(enum crash_rest rest);

/* The disk after a cut. The same seed gives the same image. */
void crash_disk_cut(const struct crash_disk *disk, uint64_t cut, enum crash_rest rest,
                    uint64_t seed, struct crash_image *image_r);

#endif
