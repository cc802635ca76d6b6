/* The manifest of the database: proof that it is what was written.
 *
 * RocksDB takes a manifest that ends early for one whose last change was not finished. If that
 * change had been the flush of a table, whose log is gone by then, the rows are gone without a
 * word, and what was written later hides it: the last number is right (TAKEOVER.md E4). */
#include "store/rocksdb/rocksdb.h"

#include "store/store_state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "MANIFEST-"
enum { CHUNK = 16384 };

int par_rocksdb__manifest_open(const struct par_rocksdb__folder *folder, bool writes,
                               uint64_t *number_r)
{
    char path[PAR_STORE_PATH_MAX], name[64];
    struct par_buf text = {0};
    int fd = -1;
    *number_r = 0;
    if (par_rocksdb__path(path, folder->db, "CURRENT") &&
        par_file_read(path, sizeof name - 1, &text) == 0 && text.len > 0) {
        snprintf(name, sizeof name, "%.*s", (int)text.len, (const char *)text.data);
        name[strcspn(name, "\n")] = '\0';
        const char *digits = name + strlen(PREFIX);
        if (strncmp(name, PREFIX, strlen(PREFIX)) == 0)
            *number_r = strtoull(digits, NULL, 10);
        if (*number_r > 0 && par_rocksdb__path(path, folder->db, name))
            fd = open(path, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    }
    par_buf_fini(&text);
    return fd;
}

/* Adds the bytes [from, to) of the file; false: they are not all there. */
static bool add(crypto_generichash_state *state, int fd, uint64_t from, uint64_t to)
{
    uint8_t chunk[CHUNK];
    while (from < to) {
        ssize_t n = pread(fd, chunk, to - from < CHUNK ? (size_t)(to - from) : CHUNK, (off_t)from);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        crypto_generichash_update(state, chunk, (size_t)n);
        from += (uint64_t)n;
    }
    return true;
}

enum par_err par_rocksdb__manifest_check(struct par_rocksdb__folder *folder, struct par_buf *why_r)
{
    const struct par_rocksdb__proof *proof = &folder->proof;
    crypto_generichash_state state;
    uint8_t hash[PAR_ROCKSDB__PROOF];
    uint64_t number;
    if (proof->number == 0)
        return PAR_OK;
    int fd = par_rocksdb__manifest_open(folder, false, &number);
    if (fd < 0)
        return PAR_OK; /* RocksDB says it better */
    bool good = number >= proof->number;
    if (number == proof->number) {
        crypto_generichash_init(&state, NULL, 0, sizeof hash);
        good = add(&state, fd, 0, proof->size);
        crypto_generichash_final(&state, hash, sizeof hash);
        good = good && memcmp(hash, proof->hash, sizeof hash) == 0;
    }
    close(fd);
    if (good)
        return PAR_OK;
    par_store__why(why_r,
                   "the store in %s is damaged: its list of tables, MANIFEST-%06llu, is not what "
                   "was written; nothing was changed: restore a backup, or, to go on with what is "
                   "left, remove the file %s/released",
                   folder->path, (unsigned long long)number, folder->path);
    return PAR_E_CONFLICT;
}

/* Under the lock. */
static void follow(struct par_rocksdb *r)
{
    struct par_rocksdb__manifest *m = &r->manifest;
    struct par_rocksdb__proof proof;
    struct stat st;
    /* RocksDB has begun another one, and removed this. */
    if (m->fd >= 0 && fstat(m->fd, &st) == 0 && st.st_nlink == 0) {
        close(m->fd);
        m->fd = -1;
    }
    if (m->fd < 0) {
        m->fd = par_rocksdb__manifest_open(&r->folder, false, &m->number);
        m->size = 0;
        crypto_generichash_init(&m->state, NULL, 0, PAR_ROCKSDB__PROOF);
    }
    /* What is noted must be durable: RocksDB may be before its sync. */
    if (m->fd < 0 || fstat(m->fd, &st) != 0 || (uint64_t)st.st_size <= m->size ||
        fdatasync(m->fd) != 0)
        return;
    if (!add(&m->state, m->fd, m->size, (uint64_t)st.st_size)) {
        close(m->fd);
        m->fd = -1;
        return;
    }
    m->size = (uint64_t)st.st_size;
    crypto_generichash_state copy = m->state;
    proof = (struct par_rocksdb__proof){.number = m->number, .size = m->size};
    crypto_generichash_final(&copy, proof.hash, sizeof proof.hash);
    par_rocksdb__note_proof(&r->folder, &proof);
}

void par_rocksdb__manifest_follow(struct par_rocksdb *r)
{
    if (pthread_mutex_trylock(&r->manifest.lock) != 0)
        return;
    follow(r);
    pthread_mutex_unlock(&r->manifest.lock);
}

void par_rocksdb__manifest_forget(struct par_rocksdb *r)
{
    pthread_mutex_lock(&r->manifest.lock);
    if (r->manifest.fd >= 0)
        close(r->manifest.fd);
    r->manifest.fd = -1;
    pthread_mutex_unlock(&r->manifest.lock);
}
