/* The note of what was released, in a store's folder. */
#include "store/rocksdb/folder.h"

#include "store/store_state.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

static const uint8_t note_magic[8] = {'p', 'a', 'r', 'n', 'o', 't', 'e', 1};

enum {
    /* Two slots, written in turn, each in a sector of its own: a torn one leaves the other. A slot
     * is the number, and behind it the proof of the manifest, each with a check of its own: a
     * program that knows the number only goes on with it. */
    NOTE_SLOTS = 2,
    NOTE_SECTOR = 512,
    NUMBER_BYTES = 24,
    PROOF_BYTES = 16 + PAR_ROCKSDB__PROOF,
    CHECK_BYTES = 16,
    NOTE_BYTES = NUMBER_BYTES + PROOF_BYTES + CHECK_BYTES,
};

static void put_u64(uint8_t *to, uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        to[i] = (uint8_t)v;
}

static uint64_t get_u64(const uint8_t *from)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | from[i];
    return v;
}

static void note_bytes(uint64_t number, const struct par_rocksdb__proof *proof,
                       uint8_t bytes[NOTE_BYTES])
{
    uint8_t *p = bytes + NUMBER_BYTES;
    memcpy(bytes, note_magic, 8);
    put_u64(bytes + 8, number);
    put_u64(bytes + 16, (number ^ 0x70617272656c6561u) * 0x9E3779B97F4A7C15u);
    put_u64(p, proof->number);
    put_u64(p + 8, proof->size);
    memcpy(p + 16, proof->hash, PAR_ROCKSDB__PROOF);
    crypto_generichash(p + PROOF_BYTES, CHECK_BYTES, p, PROOF_BYTES, NULL, 0);
}

static void read_slot(struct par_rocksdb__folder *folder, unsigned slot, uint64_t *noted_r,
                      bool *found_r)
{
    uint8_t bytes[NOTE_BYTES] = {0}, expected[NOTE_BYTES];
    const uint8_t *p = bytes + NUMBER_BYTES;
    struct par_rocksdb__proof proof = {0};
    if (pread(folder->note_fd, bytes, sizeof bytes, slot * NOTE_SECTOR) < NUMBER_BYTES)
        return;
    uint64_t number = get_u64(bytes + 8);
    proof.number = get_u64(p);
    proof.size = get_u64(p + 8);
    memcpy(proof.hash, p + 16, PAR_ROCKSDB__PROOF);
    note_bytes(number, &proof, expected);
    if (memcmp(p, expected + NUMBER_BYTES, NOTE_BYTES - NUMBER_BYTES) == 0 &&
        (proof.number > folder->proof.number ||
         (proof.number == folder->proof.number && proof.size > folder->proof.size)))
        folder->proof = proof;
    if (memcmp(bytes, expected, NUMBER_BYTES) != 0)
        return;
    *found_r = true;
    if (number >= *noted_r) {
        *noted_r = number;
        folder->note_slot = slot ^ 1;
    }
}

bool par_rocksdb__note_read(struct par_rocksdb__folder *folder, uint64_t *noted_r)
{
    char file[PAR_STORE_PATH_MAX];
    bool found = false;
    *noted_r = 0;
    if (folder->note_fd < 0 && par_rocksdb__path(file, folder->path, "released"))
        folder->note_fd = open(file, O_RDWR | O_CLOEXEC);
    for (unsigned slot = 0; folder->note_fd >= 0 && slot < NOTE_SLOTS; slot++)
        read_slot(folder, slot, noted_r, &found);
    folder->noted = *noted_r;
    return found;
}

enum par_err par_rocksdb__note_start(struct par_rocksdb__folder *folder, uint64_t number,
                                     struct par_buf *why_r)
{
    char file[PAR_STORE_PATH_MAX];
    uint8_t sectors[NOTE_SLOTS * NOTE_SECTOR] = {0};
    uint64_t ignored;
    if (!par_rocksdb__path(file, folder->path, "released"))
        return PAR_E_BAD_REQUEST;
    folder->proof = (struct par_rocksdb__proof){0};
    note_bytes(number, &folder->proof, sectors);
    if (folder->note_fd >= 0)
        close(folder->note_fd);
    folder->note_fd = -1;
    if (par_file_write(file, par_str_of(sectors, sizeof sectors)) != 0 ||
        !par_rocksdb__note_read(folder, &ignored)) {
        par_store__why(why_r, "%s cannot be written: %s", file, strerror(errno));
        return PAR_E_UNAVAILABLE;
    }
    return PAR_OK;
}

/* Under the lock. A note that cannot be written proves less after a crash, and nothing else. */
static void write_note(struct par_rocksdb__folder *folder, uint64_t number)
{
    uint8_t bytes[NOTE_BYTES];
    note_bytes(number, &folder->proof, bytes);
    if (folder->note_fd >= 0 && pwrite(folder->note_fd, bytes, sizeof bytes,
                                       folder->note_slot * NOTE_SECTOR) == (ssize_t)sizeof bytes) {
        folder->noted = number;
        folder->note_slot ^= 1;
    }
}

void par_rocksdb__note(struct par_rocksdb__folder *folder, uint64_t number)
{
    pthread_mutex_lock(&folder->note_lock);
    if (number > folder->noted)
        write_note(folder, number);
    pthread_mutex_unlock(&folder->note_lock);
}

void par_rocksdb__note_proof(struct par_rocksdb__folder *folder,
                             const struct par_rocksdb__proof *proof)
{
    pthread_mutex_lock(&folder->note_lock);
    folder->proof = *proof;
    write_note(folder, folder->noted);
    pthread_mutex_unlock(&folder->note_lock);
}
