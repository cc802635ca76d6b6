/* Rows of entries, as the writer makes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "search/test_log.h"

#include "parley/words.h"
#include "store/key.h"

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

/* ---- a store of them ---- */

static void begin_log(struct test_logs *logs, size_t i)
{
    struct par_conv conv = par_conv_direct(ANN, BOB + i);
    struct par_key key = par_key_user_conv(ANN, &conv);
    struct par_buf value = {0};
    struct test_log *log = test_calloc(1, sizeof *log);
    log->store = logs->store;
    log->conv = conv;
    log->ts = 1000;
    log->stamp = &logs->stamp;
    logs->log[i] = log;
    par_user_conv_encode(&(struct par_user_conv){.joined_seq = 1}, &value);
    assert_int_equal(
        par_store_put(logs->store, PAR_T_USER_CONVS, par_key_str(&key), par_buf_str(&value), 1),
        PAR_OUTCOME_OK);
    par_buf_fini(&value);
}

void test_logs_begin(struct test_logs *logs, size_t count)
{
    struct par_buf why = {0};
    *logs = (struct test_logs){.count = count};
    assert_true(count <= TEST_LOGS_MAX);
    assert_int_equal(
        par_store_open(&(struct par_store_options){.driver = "memory"}, &logs->store, &why),
        PAR_OK);
    par_buf_fini(&why);
    for (size_t i = 0; i < count; i++)
        begin_log(logs, i);
}

void test_logs_end(struct test_logs *logs)
{
    for (size_t i = 0; i < logs->count; i++)
        test_free(logs->log[i]);
    par_store_close(&logs->store);
}
