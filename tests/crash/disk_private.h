/* What disk.c reads from a log, and disk_cut.c makes images of. */
#ifndef PARLEY_CRASH_DISK_PRIVATE_H
#define PARLEY_CRASH_DISK_PRIVATE_H

#include "disk.h"
#include "record.h"

enum { CRASH_HANDLES = 1 << 16 };

/* `at`: the number of the record, from 1; 0: it was so before the run. */
struct crash_byte_op {
    uint64_t at;
    bool truncates;
    uint64_t offset; /* or the new size */
    const uint8_t *bytes;
    uint32_t n;
};

struct crash_name_op {
    uint64_t at;
    const char *removed; /* NULL: nothing */
    const char *added;   /* NULL: nothing; else it becomes this inode */
    struct crash_inode *inode;
};

struct crash_sync {
    uint64_t begin, end; /* covers what is before its beginning, from its end on */
    uint64_t number;
};

struct crash_entry {
    const char *name;
    struct crash_inode *inode;
};

struct crash_inode {
    bool folder;
    struct crash_byte_op *ops;
    size_t op_count, op_room;
    struct crash_name_op *names;
    size_t name_count, name_room;
    struct crash_entry *live; /* a folder's entries while the log is read */
    size_t live_count, live_room;
    struct crash_sync *syncs;
    size_t sync_count, sync_room;
};

struct crash_disk {
    const uint8_t *log;
    size_t size;
    size_t now; /* the number of the record that is read; in the end, how many there are */
    uint8_t *types;
    uint64_t started;            /* the record that began the process */
    struct crash_inode **inodes; /* the first is the root */
    size_t inode_count, inode_room;
    struct crash_inode *handles[CRASH_HANDLES];
    const char *handle_paths[CRASH_HANDLES];
    struct crash_lie lie;
    unsigned lies;
};

/* realloc when count has reached the room. */
void *crash_grow(void *array, size_t count, size_t *room, size_t size);
/* Does to a list of entries what the operation did to the folder. */
void crash_apply_name(const struct crash_name_op *op, struct crash_entry **live, size_t *count,
                      size_t *room);

#endif
