/* The floor of the store: the rows of messages, in batches, with the driver's own options. */
#include "bench/floor_private.h"

#include "base/conv_id.h"
#include "loop/env.h"
#include "store/key.h"
#include "store/record.h"

#include <stdlib.h>
#include <string.h>

enum { CONVERSATIONS = 512, TEXT_BYTES = 100 };

struct conversation {
    struct par_conv conv;
    uint64_t users[2];
    uint64_t last_seq;
};

struct rows {
    struct par_store *store;
    struct conversation *convs;
    struct par_batch batch;
    struct par_buf unused;
    uint64_t stamp;
    char text[TEXT_BYTES];
};

static bool add_message(struct rows *r)
{
    struct conversation *c = &r->convs[r->stamp % CONVERSATIONS];
    uint64_t stamp = r->stamp++, seq = ++c->last_seq, sender = c->users[seq & 1];
    char cmid[40];
    int n = snprintf(cmid, sizeof cmid, "0123456789abcdef-%lu", stamp);
    struct par_str id = par_str_of(cmid, (size_t)n);
    struct par_key key = par_key_cmid(&c->conv, sender, id);
    par_buf_clear(&r->unused);
    if (par_store_get(r->store, PAR_T_CMIDS, par_key_str(&key), &r->unused) != 0)
        return false;
    struct par_cmid row = {.seq = seq, .stamp = stamp, .ts = (int64_t)stamp};
    par_cmid_encode(&row, par_batch_begin(&r->batch, PAR_T_CMIDS, par_key_str(&key), stamp));
    par_batch_end(&r->batch);

    struct par_entry entry = {.stamp = stamp,
                              .text_no = seq,
                              .ts = (int64_t)stamp,
                              .sender = sender,
                              .kind = PAR_ENTRY_TEXT,
                              .cmid = id,
                              .text = par_str_of(r->text, sizeof r->text)};
    key = par_key_entry(&c->conv, seq);
    par_entry_encode(&entry, par_batch_begin(&r->batch, PAR_T_ENTRIES, par_key_str(&key), stamp));
    par_batch_end(&r->batch);

    struct par_conversation conversation = {.last_seq = seq,
                                            .last_ts = (int64_t)stamp,
                                            .last_stamp = stamp,
                                            .text_count = seq,
                                            .changed = stamp,
                                            .created = 1,
                                            .member_count = 2};
    key = par_key_conv(&c->conv);
    par_conversation_encode(
        &conversation, par_batch_begin(&r->batch, PAR_T_CONVERSATIONS, par_key_str(&key), stamp));
    par_batch_end(&r->batch);
    return true;
}

static bool commit_one(struct rows *r, unsigned batch)
{
    for (unsigned i = 0; i < batch; i++)
        if (!add_message(r))
            return false;
    bool ok = par_store_commit(r->store, &r->batch, true) == PAR_OUTCOME_OK;
    par_batch_clear(&r->batch);
    return ok;
}

static void make_conversations(struct rows *r)
{
    for (size_t i = 0; r->convs && i < CONVERSATIONS; i++) {
        struct conversation *c = &r->convs[i];
        c->users[0] = par_random_u64() >> 1 | 1;
        c->users[1] = (par_random_u64() >> 1 | 1) ^ 2;
        c->conv = par_conv_direct(c->users[0], c->users[1]);
    }
}

double par_bench__floor_rows(const struct par_store_options *store, unsigned batch,
                             unsigned seconds, double *per_second_r)
{
    struct rows r = {.convs = calloc(CONVERSATIONS, sizeof *r.convs)};
    struct par_buf why = {0};
    bool ok = r.convs && par_store_open(store, &r.store, &why) == PAR_OK;
    make_conversations(&r);
    memset(r.text, 'x', sizeof r.text);
    /* The first batches make files and memory that later ones have. */
    for (int i = 0; ok && i < 50; i++)
        ok = commit_one(&r, batch);
    uint64_t begin_ns = par_mono_ns(), messages = r.stamp;
    double begin_s = par_bench__process_cpu();
    while (ok && par_mono_ns() - begin_ns < (uint64_t)seconds * 1000000000u)
        ok = commit_one(&r, batch);
    double cpu_s = par_bench__process_cpu() - begin_s;
    messages = r.stamp - messages;
    *per_second_r = (double)messages * 1e9 / (double)(par_mono_ns() - begin_ns);
    par_batch_fini(&r.batch);
    par_buf_fini(&r.unused);
    par_buf_fini(&why);
    par_store_close(&r.store);
    free(r.convs);
    return ok && messages ? 1e6 * cpu_s / (double)messages : -1;
}
