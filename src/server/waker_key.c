/* Where the VAPID key of this service is kept. */
#include "server/waker_private.h"

#include "base/file.h"
#include "base/log.h"
#include "store/key.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { KEY_FILE_MAX = 16384, PATH_MAX_BYTES = 4200 };

#define KEY_ROW PAR_STR("vapid")

static enum par_err fail(char *why, size_t size, enum par_err err, const char *what,
                         const char *reason)
{
    snprintf(why, size, "%s: %s", what, reason);
    return err;
}

/* A second server that starts on the folder is refused by the store before it comes here. */
static enum par_err from_folder(struct par_server *server, struct par_buf *pem, char *why,
                                size_t size)
{
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/vapid.pem", server->config->server.data);
    if (par_file_read(path, KEY_FILE_MAX, pem) == 0)
        return PAR_OK;
    if (errno == ENOENT) {
        par_vapid_make(pem);
        if (pem->len == 0)
            return fail(why, size, PAR_E_UNAVAILABLE, "push.webpush.key", "no key can be made");
        /* A store in memory has made no folder. */
        (void)mkdir(server->config->server.data, S_IRWXU);
        if (par_file_write(path, par_buf_str(pem)) == 0) {
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
        if (par_file_read(file, KEY_FILE_MAX, &pem) != 0)
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
                 "no private key of P-256 in PEM, or one with a password");
    }
    par_buf_fini(&pem);
    return err;
}
