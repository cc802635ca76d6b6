/* RocksDB's options, by table. */
#include "store/rocksdb/rocksdb.h"

enum {
    MIB = 1 << 20,
    LOG_LEVEL_FATAL = 4,
    RECOVERY_POINT_IN_TIME = 2,
    COMPRESSION_LZ4 = 4,
    COMPRESSION_ZSTD = 7,
};

enum size { HOT, WARM, COLD };

static const struct {
    uint8_t prefix;
    uint8_t size;
} tables[PAR_T_COUNT] = {
#define X(name, text, prefix, size) [PAR_T_##name] = {prefix, size},
#include "parley/tbl/tables.h"
#undef X
};

static rocksdb_options_t *db_options(struct par_rocksdb *r, const struct par_store_options *options)
{
    rocksdb_options_t *o = rocksdb_options_create();
    uint64_t write_buffers =
        (uint64_t)(options->write_buffer_mb ? options->write_buffer_mb : 48) * MIB;
    rocksdb_options_set_create_missing_column_families(o, 1);
    /* Debian's build has its asserts on, and one of them is that its own log file can be written:
     * on a full disk it would end the process inside a put. Nothing below fatal is logged, so
     * nothing is written. */
    rocksdb_options_set_info_log_level(o, LOG_LEVEL_FATAL);
    rocksdb_options_set_keep_log_file_num(o, 2);
    rocksdb_options_set_stats_dump_period_sec(o, 0);
    rocksdb_options_set_stats_persist_period_sec(o, 0);
    rocksdb_options_set_max_open_files(o, options->open_files ? (int)options->open_files : 1024);
    rocksdb_options_set_max_background_jobs(
        o, options->background_threads ? (int)options->background_threads : 2);
    /* Together they bound what a start after a kill replays. */
    rocksdb_options_set_db_write_buffer_size(o, write_buffers);
    rocksdb_options_set_max_total_wal_size(o, write_buffers);
    rocksdb_options_set_wal_recovery_mode(o, RECOVERY_POINT_IN_TIME);
    rocksdb_options_set_avoid_unnecessary_blocking_io(o, 1);
    rocksdb_options_set_bytes_per_sync(o, MIB);
    rocksdb_options_set_paranoid_checks(o, 1);
    rocksdb_options_set_ratelimiter(o, r->limiter);
    return o;
}

static rocksdb_block_based_table_options_t *block_options(struct par_rocksdb *r,
                                                          enum par_table table)
{
    rocksdb_block_based_table_options_t *b = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_block_cache(b, r->cache);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(b, 1);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(b, 1);
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(b, 1);
    rocksdb_block_based_options_set_filter_policy(b, rocksdb_filterpolicy_create_bloom_full(10));
    rocksdb_block_based_options_set_whole_key_filtering(b, 1);
    rocksdb_block_based_options_set_format_version(b, 5);
    /* Entries are read by the page, the rest row by row. */
    rocksdb_block_based_options_set_block_size(b, table == PAR_T_ENTRIES ? 16384 : 4096);
    return b;
}

static rocksdb_options_t *table_options(struct par_rocksdb *r, enum par_table table,
                                        const struct par_store_options *options)
{
    static const int compression[7] = {0,
                                       COMPRESSION_LZ4,
                                       COMPRESSION_LZ4,
                                       COMPRESSION_LZ4,
                                       COMPRESSION_LZ4,
                                       COMPRESSION_LZ4,
                                       COMPRESSION_LZ4};
    rocksdb_options_t *o = rocksdb_options_create();
    rocksdb_block_based_table_options_t *b = block_options(r, table);
    uint64_t all = (uint64_t)(options->write_buffer_mb ? options->write_buffer_mb : 48) * MIB;
    uint64_t buffer = tables[table].size == HOT    ? 16 * MIB
                      : tables[table].size == WARM ? 4 * MIB
                                                   : 1 * MIB;
    rocksdb_options_set_block_based_table_factory(o, b);
    rocksdb_block_based_options_destroy(b);
    rocksdb_options_set_write_buffer_size(o, buffer < all ? buffer : all);
    rocksdb_options_set_max_write_buffer_number(o, 3);
    rocksdb_options_set_level_compaction_dynamic_level_bytes(o, 1);
    rocksdb_options_set_compression_per_level(o, compression, 7);
    rocksdb_options_set_bottommost_compression(o, COMPRESSION_ZSTD);
    /* A cmid that is new, which nearly every one is, is found missing without a search. */
    rocksdb_options_set_memtable_prefix_bloom_size_ratio(o, 0.1);
    rocksdb_options_set_memtable_whole_key_filtering(o, 1);
    if (tables[table].prefix > 0)
        rocksdb_options_set_prefix_extractor(
            o, rocksdb_slicetransform_create_fixed_prefix(tables[table].prefix));
    return o;
}

void par_rocksdb__options_init(struct par_rocksdb *r, const struct par_store_options *options)
{
    r->cache =
        rocksdb_cache_create_lru((size_t)(options->cache_mb ? options->cache_mb : 256) * MIB);
    r->limiter = rocksdb_ratelimiter_create(64 * MIB, 100 * 1000, 10);
    r->db_options = db_options(r, options);
    for (int t = 0; t < PAR_T_COUNT; t++)
        r->table_options[t] = table_options(r, (enum par_table)t, options);
    r->write_sync = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(r->write_sync, 1);
    r->write_plain = rocksdb_writeoptions_create();
    r->read = rocksdb_readoptions_create();
}

void par_rocksdb__options_fini(struct par_rocksdb *r)
{
    rocksdb_readoptions_destroy(r->read);
    rocksdb_writeoptions_destroy(r->write_plain);
    rocksdb_writeoptions_destroy(r->write_sync);
    for (int t = 0; t < PAR_T_COUNT; t++)
        rocksdb_options_destroy(r->table_options[t]);
    rocksdb_options_destroy(r->db_options);
    rocksdb_ratelimiter_destroy(r->limiter);
    rocksdb_cache_destroy(r->cache);
}
