/* Folders in memory, and out to real ones. */
#include "image.h"

#include "store/rocksdb/files.h"

#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct crash_node *crash_image_add(struct crash_image *image, const char *path, bool folder)
{
    if (image->count == image->room) {
        image->room = image->room ? image->room * 2 : 64;
        image->nodes = realloc(image->nodes, image->room * sizeof *image->nodes);
        if (image->nodes == NULL)
            err(2, "memory");
    }
    struct crash_node *node = &image->nodes[image->count++];
    *node = (struct crash_node){.path = strdup(path), .folder = folder};
    return node;
}

struct crash_node *crash_image_find(struct crash_image *image, const char *path)
{
    for (size_t i = 0; i < image->count; i++)
        if (strcmp(image->nodes[i].path, path) == 0)
            return &image->nodes[i];
    return NULL;
}

void crash_image_fini(struct crash_image *image)
{
    for (size_t i = 0; i < image->count; i++) {
        free(image->nodes[i].path);
        par_buf_fini(&image->nodes[i].bytes);
    }
    free(image->nodes);
    *image = (struct crash_image){0};
}

void crash_image_write(const struct crash_image *image, const char *dir)
{
    char path[PAR_STORE_PATH_MAX];
    if (par_rocksdb__remove_tree(dir) != 0 || mkdir(dir, 0700) != 0)
        err(2, "%s", dir);
    for (size_t i = 0; i < image->count; i++) {
        const struct crash_node *node = &image->nodes[i];
        if (!par_rocksdb__path(path, dir, node->path))
            errx(2, "%s is too long", node->path);
        if (node->folder) {
            if (mkdir(path, 0700) != 0)
                err(2, "%s", path);
            continue;
        }
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 || (node->bytes.len > 0 &&
                       write(fd, node->bytes.data, node->bytes.len) != (ssize_t)node->bytes.len))
            err(2, "%s", path);
        close(fd);
    }
}
