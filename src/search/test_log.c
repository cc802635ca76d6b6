/* Rows of entries, as the writer makes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "search/test_log.h"

#include "parley/words.h"
#include "store/key.h"

void test_log_init(struct test_log *log, struct par_store *store, const struct par_conv *conv,
                   uint64_t *stamp)
{
    log->store = store;
    log->conv = *conv;
    log->last = 0;
    log->ts = 1000;
    log->stamp = stamp;
}

static void put(struct test_log *log, uint64_t seq, struct par_batch *batch)
{
    struct par_key key = par_key_entry(&log->conv, seq);
    par_entry_encode(&log->entry[seq],
                     par_batch_begin(batch, PAR_T_ENTRIES, par_key_str(&key), *log->stamp));
    par_batch_end(batch);
}

static struct par_entry *append(struct test_log *log, uint64_t sender, uint8_t kind)
{
    assert_true(log->last < TEST_LOG_ENTRIES);
    struct par_entry *e = &log->entry[++log->last];
    log->ts += 10;
    *e = (struct par_entry){.conv = log->conv,
                            .seq = log->last,
                            .stamp = ++*log->stamp,
                            .ts = log->ts,
                            .sender = sender,
                            .kind = kind,
                            .cmid = PAR_STR("c")};
    return e;
}

static void commit(struct test_log *log, uint64_t target)
{
    struct par_batch batch = {0};
    struct par_key key = par_key_conv(&log->conv);
    struct par_conversation row = {.last_seq = log->last,
                                   .last_ts = log->ts,
                                   .last_stamp = *log->stamp,
                                   .changed = *log->stamp};
    put(log, log->last, &batch);
    if (target)
        put(log, target, &batch);
    par_conversation_encode(
        &row, par_batch_begin(&batch, PAR_T_CONVERSATIONS, par_key_str(&key), *log->stamp));
    par_batch_end(&batch);
    assert_int_equal(par_store_commit(log->store, &batch, false), PAR_OUTCOME_OK);
    par_batch_fini(&batch);
}

void test_log_send(struct test_log *log, uint64_t sender, const char *text)
{
    append(log, sender, PAR_ENTRY_TEXT)->text = par_str(text);
    commit(log, 0);
}

void test_log_edit(struct test_log *log, uint64_t target, const char *text)
{
    struct par_entry *e = append(log, log->entry[target].sender, PAR_ENTRY_EDITED);
    e->target = target;
    e->text = par_str(text);
    log->entry[target].text = e->text;
    log->entry[target].edited_seq = e->seq;
    commit(log, target);
}

void test_log_delete(struct test_log *log, uint64_t target)
{
    struct par_entry *e = append(log, log->entry[target].sender, PAR_ENTRY_DELETED);
    e->target = target;
    log->entry[target].text = (struct par_str){0};
    log->entry[target].deleted_seq = e->seq;
    commit(log, target);
}
