/* Files and folders of a store: made, copied and removed so that a loss of power leaves the old or
 * the new. */
#ifndef PAR_STORE_ROCKSDB_FILES_H
#define PAR_STORE_ROCKSDB_FILES_H

#include "base/file.h"
#include "parley/err.h"

enum { PAR_STORE_PATH_MAX = 4096 };

/* Writes "folder/name"; false when it does not fit. */
bool par_rocksdb__path(char to[PAR_STORE_PATH_MAX], const char *folder, const char *name);

/* All of these: 0, or -1 with errno. */

/* The folder and those above it that are missing, for their owner only, durably. */
int par_rocksdb__make_folders(const char *path);
/* The folder and everything in it; it may be missing. */
int par_rocksdb__remove_tree(const char *path);
/* Copies the regular files of a folder into a new one, and waits until they are durable. */
int par_rocksdb__copy_folder(const char *from, const char *to);

/* True when there is anything of this name. */
bool par_rocksdb__exists(const char *path);
/* True when a folder has no entry of any name, or does not exist. */
bool par_rocksdb__is_empty(const char *path);

#endif
