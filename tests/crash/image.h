/* A folder with all that is in it, in memory: what a disk holds at one moment. */
#ifndef PARLEY_CRASH_IMAGE_H
#define PARLEY_CRASH_IMAGE_H

#include "base/buf.h"

struct crash_node {
    char *path; /* relative; what a folder holds stands behind the folder */
    bool folder;
    struct par_buf bytes;
};

struct crash_image {
    struct crash_node *nodes;
    size_t count, room;
};

/* Adds a node with a copy of the path, and returns it; valid until the next is added. */
struct crash_node *crash_image_add(struct crash_image *image, const char *path, bool folder);
/* The file or folder of this path; NULL: none. */
struct crash_node *crash_image_find(struct crash_image *image, const char *path);
/* Frees what it holds. */
void crash_image_fini(struct crash_image *image);

/* Makes the folder `dir` hold just that; whatever was there is removed. Ends the process when the
 * system refuses. */
void crash_image_write(const struct crash_image *image, const char *dir);

#endif
