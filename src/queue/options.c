/* The configuration of a queue, from that of the program. */
#include "parley/queue.h"

#include "base/config.h"

void par_queue_config_from(const struct par_config *cfg, struct par_queue_config *config_r)
{
    *config_r = (struct par_queue_config){
        .driver = cfg->queue.driver,
        .max_records = (size_t)cfg->queue.commands_limit,
        .max_bytes = (size_t)cfg->queue.commands_bytes,
        .servers = cfg->queue_kafka.servers,
        .properties = cfg->queue_kafka.properties,
        .prefix = cfg->queue_kafka.prefix,
        .generation = (uint16_t)cfg->queue_kafka.generation,
        .partitions = (uint32_t)cfg->queue_kafka.partitions,
    };
}
