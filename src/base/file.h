/* Small files that must survive a loss of power: read and written as a whole. All of these block,
 * may be called from any thread, and return -1 with errno set when the system refuses. */
#ifndef PAR_BASE_FILE_H
#define PAR_BASE_FILE_H

#include "base/buf.h"

/* Appends what the file holds, at most `max` bytes of it. */
int par_file_read(const char *path, size_t max, struct par_buf *content_r);
/* Replaces the file, or makes it for this user's eyes only: whole or not at all, and durable with
 * its name when it returns. Beside it `PATH.new` may be left behind by a crash. */
int par_file_write(const char *path, struct par_str content);

/* What whole files are made of. Writes all of the bytes; */
int par_file_write_all(int fd, const void *data, size_t n);
/* syncs and closes, the latter whatever comes of the former; */
int par_file_sync_and_close(int fd);
/* makes the names in a folder durable; */
int par_file_sync_folder(const char *folder);
/* and the one name at the end of the path. */
int par_file_sync_name(const char *path);

#endif
