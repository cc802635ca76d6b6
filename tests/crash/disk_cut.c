/* The model of a disk: what is left after a cut. */
#include "disk_private.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>

enum { SECTOR = 512, PAGE = 4096 };

struct cut {
    uint64_t at;
    enum crash_rest rest;
    uint64_t random;
    uint64_t names_until; /* CRASH_PREFIXES: names of later records are lost */
    struct crash_image *image;
};

/* splitmix64 */
static uint64_t next(struct cut *cut)
{
    uint64_t z = cut->random += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* 0 … n */
static uint64_t up_to(struct cut *cut, uint64_t n)
{
    return next(cut) % (n + 1);
}

/* Everything of the inode before this record is durable. */
static uint64_t durable_until(const struct crash_inode *inode, uint64_t cut)
{
    uint64_t until = 1;
    for (size_t i = 0; i < inode->sync_count; i++)
        if (inode->syncs[i].end < cut && inode->syncs[i].begin > until)
            until = inode->syncs[i].begin;
    return until;
}

/* ---- Bytes ---- */

static void set_size(struct par_buf *bytes, uint64_t size)
{
    if (size > bytes->len) {
        uint8_t *more = par_buf_reserve(bytes, size - bytes->len);
        if (more == NULL)
            errx(2, "memory");
        memset(more, 0, size - bytes->len);
    }
    bytes->len = size;
}

static void apply(struct par_buf *bytes, const struct crash_byte_op *op, uint32_t n)
{
    if (op->truncates) {
        set_size(bytes, op->offset);
    } else if (n > 0) {
        if (op->offset + n > bytes->len)
            set_size(bytes, op->offset + n);
        memcpy(bytes->data + op->offset, op->bytes, n);
    }
}

/* The bytes that `op` has in [from, to), into bytes that are long enough. */
static void apply_part(struct par_buf *bytes, const struct crash_byte_op *op, uint64_t from,
                       uint64_t to)
{
    uint64_t begin = op->offset > from ? op->offset : from;
    uint64_t end = op->offset + op->n < to ? op->offset + op->n : to;
    if (!op->truncates && begin < end && end <= bytes->len)
        memcpy(bytes->data + begin, op->bytes + (begin - op->offset), end - begin);
}

static uint32_t torn(struct cut *cut, const struct crash_byte_op *op)
{
    uint32_t n = op->truncates ? 0 : op->n;
    uint64_t to_page = PAGE - op->offset % PAGE;
    if (n == 0)
        return 0;
    switch (up_to(cut, 5)) {
    case 0:
        return 0;
    case 1:
        return 1;
    case 2:
        return n / 2;
    case 3:
        return n - 1;
    case 4:
        return to_page < n ? (uint32_t)to_page : n / 3;
    default:
        return (uint32_t)up_to(cut, n - 1);
    }
}

/* The bytes [from, to) as of any time since the last sync. False: as they were then. */
static bool some_time(struct cut *cut, struct par_buf *bytes, const struct crash_byte_op *ops,
                      size_t n, uint64_t from, uint64_t to)
{
    bool touched = false;
    for (size_t i = 0; i < n && !touched; i++)
        touched = ops[i].offset < to && ops[i].offset + ops[i].n > from;
    if (!touched || up_to(cut, 2) == 0)
        return !touched;
    size_t until = up_to(cut, 1) ? n : up_to(cut, n);
    for (size_t i = 0; i < until; i++)
        apply_part(bytes, &ops[i], from, to);
    return true;
}

/* Sectors below the old end, what was added to the page of the old end, and new pages: each as of a
 * time of its own. */
static void sectors(struct cut *cut, struct par_buf *bytes, const struct crash_byte_op *ops,
                    size_t n)
{
    struct par_buf all = {0};
    uint64_t old = bytes->len, size, at, until;
    par_buf_add(&all, bytes->data, bytes->len);
    for (size_t i = 0; i < n; i++)
        apply(&all, &ops[i], ops[i].n);
    size = all.len;
    par_buf_fini(&all);
    set_size(bytes, size > old ? size : old);
    for (at = 0; at < bytes->len; at = until) {
        until = at + (at < old ? SECTOR : PAGE);
        if (at < old && until > old)
            until = old;
        else if (at == old && old % PAGE != 0)
            until = (old / PAGE + 1) * PAGE;
        bool kept = some_time(cut, bytes, ops, n, at, until);
        /* The file does not grow over a page that was never written. */
        if (!kept && at >= old && at % PAGE == 0) {
            size = at;
            break;
        }
    }
    set_size(bytes, size);
}

static void file(struct cut *cut, const struct crash_inode *inode, struct par_buf *bytes)
{
    uint64_t until = durable_until(inode, cut->at);
    size_t i = 0, end;
    for (; i < inode->op_count && inode->ops[i].at < until; i++)
        apply(bytes, &inode->ops[i], inode->ops[i].n);
    for (end = i; end < inode->op_count && inode->ops[end].at < cut->at;)
        end++;
    if (i == end)
        return;
    size_t whole = i;
    switch (cut->rest) {
    case CRASH_NOTHING:
    case CRASH_NAMES_ONLY:
        return;
    case CRASH_ALL:
    case CRASH_BYTES_ONLY:
        whole = end;
        break;
    case CRASH_TORN:
        whole = end - 1;
        break;
    case CRASH_PREFIXES:
        whole = i + up_to(cut, end - i);
        break;
    case CRASH_INDEPENDENT:
        whole = up_to(cut, 1) ? end : i;
        break;
    default:
        sectors(cut, bytes, inode->ops + i, end - i);
        return;
    }
    for (; i < whole; i++)
        apply(bytes, &inode->ops[i], inode->ops[i].n);
    if (i < end && (cut->rest == CRASH_TORN || cut->rest == CRASH_PREFIXES))
        if (!inode->ops[i].truncates)
            apply(bytes, &inode->ops[i], torn(cut, &inode->ops[i]));
}

/* ---- Names ---- */

/* Names of records up to this one survive. */
static uint64_t names_until(struct cut *cut, const struct crash_inode *inode, uint64_t durable)
{
    uint64_t until = cut->at;
    switch (cut->rest) {
    case CRASH_NOTHING:
    case CRASH_BYTES_ONLY:
        until = durable;
        break;
    case CRASH_PREFIXES:
        until = cut->names_until;
        break;
    case CRASH_INDEPENDENT: {
        size_t n = 0, chosen;
        for (size_t i = 0; i < inode->name_count; i++)
            n += inode->names[i].at >= durable && inode->names[i].at < cut->at;
        chosen = up_to(cut, n);
        for (size_t i = 0; i < inode->name_count; i++)
            if (inode->names[i].at >= durable && inode->names[i].at < cut->at && chosen-- == 0)
                until = inode->names[i].at;
        break;
    }
    default:
        break;
    }
    return until > durable ? until : durable;
}

static void folder(struct cut *cut, const struct crash_inode *inode, const char *path)
{
    struct crash_entry *live = NULL;
    size_t count = 0, room = 0;
    uint64_t until = names_until(cut, inode, durable_until(inode, cut->at));
    for (size_t i = 0; i < inode->name_count && inode->names[i].at < until; i++)
        crash_apply_name(&inode->names[i], &live, &count, &room);
    for (size_t i = 0; i < count; i++) {
        char name[4096];
        snprintf(name, sizeof name, "%s%s%s", path, *path ? "/" : "", live[i].name);
        struct crash_node *node = crash_image_add(cut->image, name, live[i].inode->folder);
        if (node->folder)
            folder(cut, live[i].inode, name);
        else
            file(cut, live[i].inode, &node->bytes);
    }
    free(live);
}

const char *crash_rest_name(enum crash_rest rest)
{
    static const char *const names[CRASH_REST_COUNT] = {[CRASH_NOTHING] = "nothing",
                                                        [CRASH_ALL] = "all",
                                                        [CRASH_TORN] = "torn",
                                                        [CRASH_PREFIXES] = "prefixes",
                                                        [CRASH_INDEPENDENT] = "independent",
                                                        [CRASH_SECTORS] = "sectors",
                                                        [CRASH_NAMES_ONLY] = "names only",
                                                        [CRASH_BYTES_ONLY] = "bytes only"};
    return names[rest];
}

void crash_disk_cut(const struct crash_disk *disk, uint64_t at, enum crash_rest rest, uint64_t seed,
                    struct crash_image *image_r)
{
    struct cut cut = {.at = at, .rest = rest, .random = seed, .image = image_r};
    *image_r = (struct crash_image){0};
    /* Near the cut, most of the time: that is where something is not synced. */
    uint64_t back = up_to(&cut, 3) ? 40 : at;
    cut.names_until = at - up_to(&cut, back < at ? back : at - 1);
    folder(&cut, disk->inodes[0], "");
}
