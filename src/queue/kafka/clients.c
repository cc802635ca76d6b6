/* Kafka: clients and topics. */
#include "queue/kafka/kafka_private.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

static bool set(rd_kafka_conf_t *conf, const char *name, const char *value, char *why,
                size_t why_size)
{
    return rd_kafka_conf_set(conf, name, value, why, why_size) == RD_KAFKA_CONF_OK;
}

/* "name=value" lines: what the operator asks for goes last and wins. */
static bool set_configured(rd_kafka_conf_t *conf, const char *lines, char *why, size_t why_size)
{
    char line[1024];
    while (lines && *lines) {
        size_t len = strcspn(lines, "\n");
        if (len >= sizeof line) {
            snprintf(why, why_size, "queue.kafka: a value is too long");
            return false;
        }
        memcpy(line, lines, len);
        line[len] = '\0';
        char *eq = strchr(line, '=');
        if (eq) {
            *eq = '\0';
            if (!set(conf, line, eq + 1, why, why_size))
                return false;
        }
        lines += len + (lines[len] == '\n');
    }
    return true;
}

static void log_line(const rd_kafka_t *client, int level, const char *facility, const char *line)
{
    (void)client;
    if (level <= 4)
        par_log_warn("kafka", PAR_KV("facility", facility), PAR_KV("what", line));
    else
        par_log_debug("kafka", PAR_KV("facility", facility), PAR_KV("what", line));
}

rd_kafka_t *par_kafka__client(const struct par_kafka *k, rd_kafka_type_t type,
                              const char *const *pairs, void (*more)(rd_kafka_conf_t *conf),
                              void *opaque, char *why, size_t why_size)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    bool ok = set(conf, "bootstrap.servers", k->servers, why, why_size) &&
              set(conf, "socket.nagle.disable", "true", why, why_size) &&
              /* A broker that is back is used within a second, not within the library's ten. */
              set(conf, "reconnect.backoff.max.ms", "1000", why, why_size) &&
              /* A broker that hangs keeps its connections: what it does not answer is asked of the
               * next leader well within message.timeout.ms, not after the library's minute. */
              set(conf, "socket.timeout.ms", "5000", why, why_size) &&
              set(conf, "log.connection.close", "false", why, why_size);
    for (; ok && *pairs; pairs += 2)
        ok = set(conf, pairs[0], pairs[1], why, why_size);
    ok = ok && set_configured(conf, k->properties, why, why_size);
    rd_kafka_conf_set_log_cb(conf, log_line);
    rd_kafka_conf_set_opaque(conf, opaque);
    if (ok && more)
        more(conf);
    rd_kafka_t *client = ok ? rd_kafka_new(type, conf, why, why_size) : NULL;
    if (!client)
        rd_kafka_conf_destroy(conf);
    return client;
}

void par_kafka__commands_topic(const struct par_kafka *k, uint16_t generation,
                               char name_r[PAR_KAFKA__NAME_MAX])
{
    snprintf(name_r, PAR_KAFKA__NAME_MAX, "%s.commands.%u", k->prefix, generation);
}

void par_kafka__inbox_topic(const struct par_kafka *k, uint64_t server,
                            char name_r[PAR_KAFKA__NAME_MAX])
{
    snprintf(name_r, PAR_KAFKA__NAME_MAX, "%s.inbox.%016llx", k->prefix,
             (unsigned long long)server);
}

/* Of all topics, since to ask for one makes it where brokers are set to do so. */
int32_t par_kafka__count(rd_kafka_t *client, const char *topic)
{
    const struct rd_kafka_metadata *metadata;
    int32_t count = 0;
    if (rd_kafka_metadata(client, 1, NULL, &metadata, PAR_KAFKA__CALL_MS))
        return -1;
    for (int i = 0; i < metadata->topic_cnt; i++) {
        if (strcmp(metadata->topics[i].topic, topic) == 0)
            count = metadata->topics[i].err ? -1 : metadata->topics[i].partition_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
    return count;
}

/* Of one topic, which each broker knows; the library asks one that it is connected to. */
enum par_err par_kafka__probe(void *state, uint32_t timeout_ms)
{
    struct par_kafka *k = state;
    const struct rd_kafka_metadata *metadata;
    if (rd_kafka_metadata(k->producer, 0, k->push.topic, &metadata, (int)timeout_ms))
        return PAR_E_UNAVAILABLE;
    rd_kafka_metadata_destroy(metadata);
    return PAR_OK;
}

/* What the first topic of an answer says. */
static rd_kafka_resp_err_t made(rd_kafka_event_t *event, char *why, size_t why_size)
{
    size_t n = 0;
    const rd_kafka_CreateTopics_result_t *result =
        event ? rd_kafka_event_CreateTopics_result(event) : NULL;
    const rd_kafka_topic_result_t **topics =
        result ? rd_kafka_CreateTopics_result_topics(result, &n) : NULL;
    if (n == 0) {
        snprintf(why, why_size, "%s",
                 event ? rd_kafka_event_error_string(event) : "the brokers do not answer");
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    }
    rd_kafka_resp_err_t err = rd_kafka_topic_result_error(topics[0]);
    const char *text = rd_kafka_topic_result_error_string(topics[0]);
    snprintf(why, why_size, "%s", text ? text : rd_kafka_err2str(err));
    return err;
}

enum par_err par_kafka__make(const struct par_kafka *k, const char *topic, int partitions,
                             const char *const *pairs, char *why, size_t why_size)
{
    if (par_kafka__count(k->producer, topic) > 0)
        return PAR_OK;
    /* Copies: as the brokers' default says (three, of which two must have it). */
    rd_kafka_NewTopic_t *t = rd_kafka_NewTopic_new(topic, partitions, -1, why, why_size);
    if (!t)
        return PAR_E_BAD_REQUEST;
    for (; *pairs; pairs += 2)
        rd_kafka_NewTopic_set_config(t, pairs[0], pairs[1]);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(k->producer);
    rd_kafka_CreateTopics(k->producer, &t, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 2 * PAR_KAFKA__CALL_MS);
    rd_kafka_resp_err_t err = made(event, why, why_size);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(t);
    return err == 0 || err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS ? PAR_OK : PAR_E_UNAVAILABLE;
}
