/* The model of a disk: reading a log, and who stands where in it. */
#include "disk_private.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void *crash_grow(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return array;
    *room = *room ? *room * 2 : 8;
    array = realloc(array, *room * size);
    if (array == NULL)
        err(2, "memory");
    return array;
}

static struct crash_inode *new_inode(struct crash_disk *disk, bool folder)
{
    struct crash_inode *inode = calloc(1, sizeof *inode);
    disk->inodes = crash_grow(disk->inodes, disk->inode_count, &disk->inode_room, sizeof(void *));
    if (inode == NULL)
        err(2, "memory");
    inode->folder = folder;
    disk->inodes[disk->inode_count++] = inode;
    return inode;
}

/* ---- Names ---- */

static struct crash_inode **entry_of(struct crash_inode *folder, const char *name)
{
    for (size_t i = 0; i < folder->live_count; i++)
        if (strcmp(folder->live[i].name, name) == 0)
            return &folder->live[i].inode;
    return NULL;
}

/* The folder that a path is in, and its last word. */
static struct crash_inode *folder_of(struct crash_disk *disk, const char *path, const char **name_r)
{
    struct crash_inode *at = disk->inodes[0];
    const char *slash;
    while ((slash = strchr(path, '/')) != NULL) {
        char word[256];
        snprintf(word, sizeof word, "%.*s", (int)(slash - path), path);
        struct crash_inode **next = entry_of(at, word);
        if (next == NULL || !(*next)->folder)
            errx(2, "record %zu: no folder %s", disk->now, word);
        at = *next;
        path = slash + 1;
    }
    *name_r = path;
    return at;
}

static struct crash_inode *find(struct crash_disk *disk, const char *path)
{
    const char *name;
    if (*path == '\0')
        return disk->inodes[0];
    struct crash_inode *folder = folder_of(disk, path, &name);
    struct crash_inode **entry = entry_of(folder, name);
    return entry ? *entry : NULL;
}

static void name_op(struct crash_disk *disk, struct crash_inode *folder, const char *removed,
                    const char *added, struct crash_inode *inode)
{
    folder->names =
        crash_grow(folder->names, folder->name_count, &folder->name_room, sizeof *folder->names);
    folder->names[folder->name_count++] =
        (struct crash_name_op){.at = disk->now, .removed = removed, .added = added, .inode = inode};
    crash_apply_name(&folder->names[folder->name_count - 1], &folder->live, &folder->live_count,
                     &folder->live_room);
}

void crash_apply_name(const struct crash_name_op *op, struct crash_entry **live, size_t *count,
                      size_t *room)
{
    for (size_t i = 0; i < *count; i++) {
        const char *name = (*live)[i].name;
        if ((op->removed && strcmp(name, op->removed) == 0) ||
            (op->added && strcmp(name, op->added) == 0))
            (*live)[i--] = (*live)[--*count];
    }
    if (op->added == NULL)
        return;
    *live = crash_grow(*live, *count, room, sizeof **live);
    (*live)[(*count)++] = (struct crash_entry){op->added, op->inode};
}

static void rename_op(struct crash_disk *disk, const char *from, const char *to)
{
    const char *name, *name_to;
    struct crash_inode *folder = folder_of(disk, from, &name);
    struct crash_inode **entry = entry_of(folder, name);
    if (folder_of(disk, to, &name_to) != folder || entry == NULL)
        errx(2, "record %zu: a rename of %s to %s", disk->now, from, to);
    name_op(disk, folder, name, name_to, *entry);
}

/* ---- Bytes ---- */

static void byte_op(struct crash_disk *disk, struct crash_inode *inode, bool truncates,
                    uint64_t offset, const uint8_t *bytes, uint32_t n)
{
    inode->ops = crash_grow(inode->ops, inode->op_count, &inode->op_room, sizeof *inode->ops);
    inode->ops[inode->op_count++] = (struct crash_byte_op){disk->now, truncates, offset, bytes, n};
}

static struct crash_inode *handle(struct crash_disk *disk, uint64_t number)
{
    if (number >= CRASH_HANDLES || disk->handles[number] == NULL)
        errx(2, "record %zu: handle %llu is not open", disk->now, (unsigned long long)number);
    return disk->handles[number];
}

static void open_op(struct crash_disk *disk, const struct crash_record *r, const char *path)
{
    const char *name;
    struct crash_inode *inode = find(disk, path);
    if (inode == NULL) {
        if (!(r->b & O_CREAT))
            errx(2, "record %zu: no file %s", disk->now, path);
        inode = new_inode(disk, false);
        struct crash_inode *folder = folder_of(disk, path, &name);
        name_op(disk, folder, NULL, name, inode);
    } else if (r->b & O_TRUNC) {
        byte_op(disk, inode, true, 0, NULL, 0);
    }
    if (r->a >= CRASH_HANDLES)
        errx(2, "record %zu: too many handles", disk->now);
    disk->handles[r->a] = inode;
    disk->handle_paths[r->a] = path;
}

/* ---- Syncs ---- */

static bool is_a_lie(struct crash_disk *disk, const char *path, const struct crash_inode *inode)
{
    char text[512];
    if (disk->lie.every == 0)
        return false;
    snprintf(text, sizeof text, "%s%s", path, inode->folder ? "/" : "");
    size_t n = strlen(text), m = disk->lie.suffix ? strlen(disk->lie.suffix) : 0;
    if (n < m || strcmp(text + n - m, m ? disk->lie.suffix : "") != 0)
        return false;
    return ++disk->lies % disk->lie.every == 0;
}

static void sync_begin(struct crash_disk *disk, const struct crash_record *r)
{
    struct crash_inode *inode = handle(disk, r->a);
    inode->syncs =
        crash_grow(inode->syncs, inode->sync_count, &inode->sync_room, sizeof *inode->syncs);
    inode->syncs[inode->sync_count++] =
        (struct crash_sync){.begin = disk->now, .end = UINT64_MAX, .number = r->b};
}

static void sync_end(struct crash_disk *disk, const struct crash_record *r)
{
    struct crash_inode *inode = handle(disk, r->a);
    for (size_t i = inode->sync_count; i-- > 0;) {
        struct crash_sync *sync = &inode->syncs[i];
        if (sync->number != r->b || sync->end != UINT64_MAX || sync->begin < disk->started)
            continue;
        if (!is_a_lie(disk, disk->handle_paths[r->a], inode))
            sync->end = disk->now;
        return;
    }
    errx(2, "record %zu: a sync ends that did not begin", disk->now);
}

/* ---- The log ---- */

static void take(struct crash_disk *disk, const struct crash_record *r, const uint8_t *bytes)
{
    const char *path = (const char *)bytes, *name;
    switch ((enum crash_type)r->type) {
    case CRASH_START:
        memset(disk->handles, 0, CRASH_HANDLES * sizeof(void *));
        disk->started = disk->now;
        break;
    case CRASH_OPEN:
        open_op(disk, r, path);
        break;
    case CRASH_CLOSE:
        /* A sync of another thread may still run on it: RocksDB waits, but the handle stays. */
        break;
    case CRASH_WRITE:
        byte_op(disk, handle(disk, r->a), false, r->b, bytes, r->size);
        break;
    case CRASH_TRUNCATE:
        byte_op(disk, handle(disk, r->a), true, r->b, NULL, 0);
        break;
    case CRASH_SYNC_BEGIN:
        sync_begin(disk, r);
        break;
    case CRASH_SYNC_END:
        sync_end(disk, r);
        break;
    case CRASH_MKDIR: {
        struct crash_inode *folder = folder_of(disk, path, &name);
        name_op(disk, folder, NULL, name, new_inode(disk, true));
        break;
    }
    case CRASH_REMOVE:
        /* A socket, or another thing that is no file, is not in the model. */
        if (find(disk, path) != NULL) {
            struct crash_inode *folder = folder_of(disk, path, &name);
            name_op(disk, folder, name, NULL, NULL);
        }
        break;
    case CRASH_RENAME:
        rename_op(disk, path, path + strlen(path) + 1);
        break;
    case CRASH_LINK: {
        struct crash_inode *inode = find(disk, path);
        const char *to = path + strlen(path) + 1;
        struct crash_inode *folder = folder_of(disk, to, &name);
        if (inode == NULL)
            errx(2, "record %zu: a link to nothing", disk->now);
        name_op(disk, folder, NULL, name, inode);
        break;
    }
    case CRASH_SENT:
        break;
    default:
        errx(2, "record %zu: type %u", disk->now, r->type);
    }
}

static void load_begin(struct crash_disk *disk, const struct crash_image *begin)
{
    for (size_t i = 0; begin != NULL && i < begin->count; i++) {
        const struct crash_node *node = &begin->nodes[i];
        const char *name;
        char *path = strdup(node->path);
        struct crash_inode *folder = folder_of(disk, path, &name);
        struct crash_inode *inode = new_inode(disk, node->folder);
        name_op(disk, folder, NULL, name, inode);
        if (node->bytes.len > 0)
            byte_op(disk, inode, false, 0, node->bytes.data, (uint32_t)node->bytes.len);
    }
}

struct crash_disk *crash_disk_load(const char *log, const struct crash_image *begin,
                                   struct crash_lie lie)
{
    struct crash_disk *disk = calloc(1, sizeof *disk);
    struct stat st;
    int fd = open(log, O_RDONLY | O_CLOEXEC);
    if (disk == NULL || fd < 0 || fstat(fd, &st) != 0)
        err(2, "%s", log);
    disk->size = (size_t)st.st_size;
    disk->log = disk->size > 0 ? mmap(NULL, disk->size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (disk->log == MAP_FAILED)
        err(2, "%s", log);
    close(fd);
    disk->lie = lie;
    new_inode(disk, true);
    load_begin(disk, begin);
    size_t room = 0;
    for (size_t at = 0; at + sizeof(struct crash_record) <= disk->size;) {
        struct crash_record r;
        memcpy(&r, disk->log + at, sizeof r);
        if (at + sizeof r + r.size > disk->size)
            errx(2, "%s ends in the middle of a record", log);
        disk->types = crash_grow(disk->types, ++disk->now, &room, 1);
        disk->types[disk->now - 1] = (uint8_t)r.type;
        take(disk, &r, disk->log + at + sizeof r);
        at += sizeof r + r.size;
    }
    return disk;
}

void crash_disk_free(struct crash_disk **disk)
{
    struct crash_disk *d = *disk;
    *disk = NULL;
    for (size_t i = 0; i < d->inode_count; i++) {
        free(d->inodes[i]->ops);
        free(d->inodes[i]->names);
        free(d->inodes[i]->live);
        free(d->inodes[i]->syncs);
        free(d->inodes[i]);
    }
    if (d->log != NULL)
        munmap((void *)(uintptr_t)d->log, d->size);
    free(d->inodes);
    free(d->types);
    free(d);
}

uint64_t crash_disk_end(const struct crash_disk *disk)
{
    return disk->now + 1;
}

bool crash_disk_boundary(const struct crash_disk *disk, uint64_t cut)
{
    if (cut < 2 || cut > disk->now + 1)
        return true;
    uint8_t type = disk->types[cut - 2];
    return type == CRASH_SYNC_BEGIN || type == CRASH_SYNC_END || type == CRASH_START;
}
