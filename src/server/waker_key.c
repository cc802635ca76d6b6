/* Where the VAPID key of this service is kept. */
#include "server/waker_private.h"

#include "base/log.h"
#include "store/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_FILE_MAX = 16384, PATH_MAX_BYTES = 4200 };

#define KEY_ROW PAR_STR("vapid")

static enum par_err fail(char *why, size_t size, enum par_err err, const char *what,
                         const char *reason)
{
    snprintf(why, size, "%s: %s", what, reason);
    return err;
}

/* 1: read, 0: there is none, -1: errno says. */
static int read_file(const char *path, struct par_buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    uint8_t *to = par_buf_reserve(out, KEY_FILE_MAX);
    ssize_t n = to ? read(fd, to, KEY_FILE_MAX) : -1;
    close(fd);
    if (n < 0)
        return -1;
    out->len += (size_t)n;
    return 1;
}

/* Whole or not at all, and for this user's eyes only from the first byte on. A second server that
 * starts on the folder is refused by the store before it comes here. */
static bool write_file(const char *path, struct par_str pem)
{
    char fresh[PATH_MAX_BYTES + 8];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    (void)unlink(fresh);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return false;
    bool ok = write(fd, pem.ptr, pem.len) == (ssize_t)pem.len && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    ok = ok && rename(fresh, path) == 0;
    if (!ok)
        (void)unlink(fresh);
    return ok;
}

static enum par_err from_folder(struct par_server *server, struct par_buf *pem, char *why,
                                size_t size)
{
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/vapid.pem", server->config->server.data);
    int found = read_file(path, pem);
    if (found > 0)
        return PAR_OK;
    if (found == 0) {
        par_vapid_make(pem);
        if (pem->len == 0)
            return fail(why, size, PAR_E_UNAVAILABLE, "push.webpush.key", "no key can be made");
        if (write_file(path, par_buf_str(pem))) {
            par_log_info("push.key_made", PAR_KV("file", (const char *)path));
            return PAR_OK;
        }
    }
    return fail(why, size, PAR_E_UNAVAILABLE, path, strerror(errno));
}

/* All servers that share the store have one key: that of the first. */
static enum par_err from_store(struct par_server *server, struct par_buf *pem, char *why,
                               size_t size)
{
    struct par_buf fresh = {0};
    par_vapid_make(&fresh);
    int put = fresh.len == 0 || fresh.failed
                  ? -1
                  : par_store_put_if_absent(server->store, PAR_T_META, KEY_ROW, par_buf_str(&fresh),
                                            server->boot, pem);
    if (put == 1)
        par_buf_add_str(pem, par_buf_str(&fresh));
    par_buf_fini(&fresh);
    return put < 0 ? fail(why, size, PAR_E_UNAVAILABLE, "push.webpush.key",
                          "the store does not give the key, nor keep one")
                   : PAR_OK;
}

enum par_err par_waker__load_key(struct par_server *server, struct par_vapid **vapid_r, char *why,
                                 size_t why_size)
{
    const char *file = server->config->push_webpush.key;
    struct par_buf pem = {0};
    enum par_err err = PAR_OK;
    *vapid_r = NULL;
    if (*file) {
        if (read_file(file, &pem) <= 0)
            err = fail(why, why_size, PAR_E_BAD_REQUEST, file, strerror(errno));
    } else if (par_queue_remote(server->queue)) {
        err = from_store(server, &pem, why, why_size);
    } else {
        err = from_folder(server, &pem, why, why_size);
    }
    if (!err) {
        err = par_vapid_open(par_buf_str(&pem), vapid_r);
        if (err)
            fail(why, why_size, err, *file ? file : "push.webpush.key",
                 "no private key of P-256 in PEM");
    }
    par_buf_fini(&pem);
    return err;
}
