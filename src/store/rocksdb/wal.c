/* The write-ahead logs of the database: proof that recovery will find no gap.
 *
 * RocksDB passes over a header of zeros without a word, to the next block, and goes on with the
 * next log (such zeros once came from files that were mapped). A disk that loses a page leaves just
 * that: batches in the middle are gone, and the last number is right (TAKEOVER.md E4). What else
 * can be wrong with a log, RocksDB reports, and ends there. */
#include "store/rocksdb/rocksdb.h"

#include "store/store_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* The format: blocks of records, each a header (checksum 4, length 2, type 1) and bytes; what is
 * left of a block and too short for a header is nothing. A batch is one FULL record, or FIRST,
 * MIDDLE … LAST, and begins with the number of its first row (8) and how many it has (4). */
enum { BLOCK = 32768, HEADER = 7, BATCH_HEADER = 12 };
enum { ZERO = 0, FULL = 1, FIRST = 2, MIDDLE = 3, LAST = 4 };

struct scan {
    uint64_t noted;    /* rows up to this one were confirmed */
    uint64_t expected; /* the number after the last batch; 0: none was found yet */
    bool hole;         /* zeros since then */
    bool gap;          /* rows that were confirmed are missing */
    bool ended;        /* recovery ends here, and says so */
    uint8_t batch[BATCH_HEADER];
    size_t have;
};

static uint64_t little(const uint8_t *p, int n)
{
    uint64_t v = 0;
    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

/* A batch begins; what the zeros before it held lies between the two numbers. */
static void batch(struct scan *s)
{
    uint64_t number = little(s->batch, 8);
    if (s->hole && number > s->expected &&
        (number - 1 <= s->noted || (s->expected != 0 && s->expected <= s->noted)))
        s->gap = true;
    s->hole = false;
    s->expected = number + little(s->batch + 8, 4);
}

static void fragment(struct scan *s, uint8_t type, const uint8_t *bytes, size_t n)
{
    if (type == FULL || type == FIRST)
        s->have = 0;
    else if (s->have == BATCH_HEADER)
        return;
    size_t more = BATCH_HEADER - s->have;
    memcpy(s->batch + s->have, bytes, n < more ? n : more);
    s->have += n < more ? n : more;
    if (s->have == BATCH_HEADER)
        batch(s);
}

static void block(struct scan *s, const uint8_t *bytes, size_t n)
{
    for (size_t at = 0; at + HEADER <= n && !s->gap;) {
        size_t len = (size_t)little(bytes + at + 4, 2);
        uint8_t type = bytes[at + 6];
        if (type == ZERO && len == 0) {
            s->hole = true;
            s->have = BATCH_HEADER; /* the rest of a batch that was cut is not the start of one */
            return;
        }
        if (type > LAST || at + HEADER + len > n) {
            s->ended = true;
            return;
        }
        fragment(s, type, bytes + at + HEADER, len);
        at += HEADER + len;
    }
}

/* -1: it cannot be read. */
static int scan_file(struct scan *s, const char *path)
{
    uint8_t bytes[BLOCK];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = -1;
    s->have = BATCH_HEADER;
    for (off_t at = 0; fd >= 0 && !s->ended && !s->gap; at += n) {
        n = pread(fd, bytes, sizeof bytes, at);
        if (n <= 0)
            break;
        block(s, bytes, (size_t)n);
    }
    if (fd >= 0)
        close(fd);
    return n < 0 ? -1 : 0;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The numbers of the logs, ascending; to be freed. */
static uint64_t *list(const char *db, size_t *count_r)
{
    DIR *dir = opendir(db);
    struct dirent *entry;
    uint64_t *numbers = NULL;
    size_t room = 0;
    *count_r = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char *end;
        uint64_t number = strtoull(entry->d_name, &end, 10);
        if (end == entry->d_name || strcmp(end, ".log") != 0)
            continue;
        if (*count_r == room) {
            room = room ? room * 2 : 16;
            uint64_t *more = realloc(numbers, room * sizeof *numbers);
            if (more == NULL)
                break;
            numbers = more;
        }
        numbers[(*count_r)++] = number;
    }
    if (dir != NULL)
        closedir(dir);
    if (numbers != NULL)
        qsort(numbers, *count_r, sizeof *numbers, by_number);
    return numbers;
}

enum par_err par_rocksdb__wal_check(const struct par_rocksdb__folder *folder, uint64_t noted,
                                    struct par_buf *why_r)
{
    struct scan s = {.noted = noted};
    char path[PAR_STORE_PATH_MAX], name[32];
    size_t count;
    uint64_t *numbers = list(folder->db, &count);
    for (size_t i = 0; i < count && !s.ended && !s.gap; i++) {
        snprintf(name, sizeof name, "%06llu.log", (unsigned long long)numbers[i]);
        if (!par_rocksdb__path(path, folder->db, name) || scan_file(&s, path) != 0)
            break; /* RocksDB says it better */
    }
    free(numbers);
    if (!s.gap)
        return PAR_OK;
    par_store__why(
        why_r,
        "the store in %s is damaged: its log lacks something that was confirmed to "
        "clients, in %s or before it; nothing was changed: restore a backup, or, to go on with "
        "what is left, remove the file %s/released",
        folder->path, name, folder->path);
    return PAR_E_CONFLICT;
}
