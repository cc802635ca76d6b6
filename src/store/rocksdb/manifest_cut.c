/* A manifest whose last change was cut off by a loss of power.
 *
 * RocksDB takes a manifest that ends early for one whose last change was not finished. But a disk
 * writes sectors in any order: when the last of a change are there and the first are not, RocksDB
 * finds a wrong checksum and refuses the whole database, although nothing that it had synced is
 * missing. Such a change is known by what it lacks, which reads as zeros; it is cut off here, and
 * so is what follows it, none of which was synced either. Anything else that is wrong stays as it
 * is, for RocksDB to tell, and what was noted as durable was checked before (manifest.c). */
#include "store/rocksdb/rocksdb.h"

#include "base/log.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* The format: as of the log (wal.c); the checksum is of the type and the bytes, masked. */
enum { BLOCK = 32768, HEADER = 7, SECTOR = 512, MOST = 256 << 20 };
enum { FULL = 1, FIRST = 2, MIDDLE = 3, LAST = 4 };

static uint32_t little(const uint8_t *p, int n)
{
    uint32_t v = 0;
    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

/* CRC-32C (RFC 3720, appendix B.4), as RocksDB masks it. */
static uint32_t masked_crc(const uint8_t *p, size_t n)
{
    static const uint32_t polynomial = 0x82F63B78u, delta = 0xA282EAD8u;
    uint32_t crc = ~0u;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + delta;
}

/* Where the last whole change ends that has only whole ones before it. *bad_r: what follows is not
 * just the beginning of a change. */
static size_t whole_changes(const uint8_t *bytes, size_t size, bool *bad_r)
{
    size_t at = 0, end = 0;
    bool inside = false;
    *bad_r = false;
    while (at < size) {
        size_t left = BLOCK - at % BLOCK;
        if (left < HEADER) {
            at += left;
            continue;
        }
        if (size - at < HEADER)
            break;
        size_t len = little(bytes + at + 4, 2);
        uint8_t type = bytes[at + 6];
        bool begins = type == FULL || type == FIRST, goes_on = type == MIDDLE || type == LAST;
        bool fits = HEADER + len <= left && (inside ? goes_on : begins);
        if (fits && HEADER + len > size - at)
            break;
        if (!fits || masked_crc(bytes + at + 6, len + 1) != little(bytes + at, 4)) {
            *bad_r = true;
            break;
        }
        at += HEADER + len;
        inside = type == FIRST || type == MIDDLE;
        if (!inside)
            end = at;
    }
    return end;
}

/* Whether what one sector holds of the rest is nothing but zeros. */
static bool lacks_a_sector(const uint8_t *bytes, size_t from, size_t size)
{
    while (from < size) {
        size_t until = (from / SECTOR + 1) * SECTOR;
        until = until < size ? until : size;
        size_t at = from;
        while (at < until && bytes[at] == 0)
            at++;
        if (at == until)
            return true;
        from = until;
    }
    return false;
}

static bool read_all(int fd, uint8_t *bytes, size_t size)
{
    for (size_t have = 0; have < size;) {
        ssize_t n = pread(fd, bytes + have, size - have, (off_t)have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        have += (size_t)n;
    }
    return true;
}

void par_rocksdb__manifest_cut(const struct par_rocksdb__folder *folder)
{
    const struct par_rocksdb__proof *proof = &folder->proof;
    uint64_t number;
    struct stat st;
    uint8_t *bytes = NULL;
    int fd = par_rocksdb__manifest_open(folder, true, &number);
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= MOST)
        bytes = malloc((size_t)st.st_size);
    if (bytes != NULL && read_all(fd, bytes, (size_t)st.st_size)) {
        size_t size = (size_t)st.st_size;
        bool bad;
        size_t end = whole_changes(bytes, size, &bad);
        bool noted = proof->number == number && end < proof->size;
        if (bad && !noted && end > 0 && lacks_a_sector(bytes, end, size)) {
            bool cut = ftruncate(fd, (off_t)end) == 0 && fdatasync(fd) == 0;
            par_log_warn("store.manifest_cut", PAR_KV("path", (const char *)folder->path),
                         PAR_KV("manifest", number), PAR_KV("bytes", size - end),
                         PAR_KV("done", cut));
        }
    }
    free(bytes);
    if (fd >= 0)
        close(fd);
}
