/* The options of a store, from the configuration. */
#include "parley/store.h"

#include "base/config.h"

void par_store_options_from(const struct par_config *cfg, struct par_store_options *options_r)
{
    *options_r = (struct par_store_options){
        .driver = cfg->store.driver,
        .path = cfg->store.path,
        .fail = cfg->store.fail,
        .gateways = cfg->store_hbase.gateways,
        .space = cfg->store_hbase.space,
        .connections = (uint32_t)cfg->store_hbase.connections,
        .regions = (uint32_t)cfg->store_hbase.regions,
        .no_sync = !cfg->store.sync,
        .cache_mb = (uint32_t)cfg->store.cache_mb,
        .write_buffer_mb = (uint32_t)cfg->store.write_buffer_mb,
        .open_files = (uint32_t)cfg->store.open_files,
        .background_threads = (uint32_t)cfg->store.background_threads,
        .move_notes_mb = (uint32_t)cfg->store.move_notes_mb,
        .reserve_mb = (uint32_t)PAR_CONFIG_GET(cfg->store.reserve_mb),
    };
}
