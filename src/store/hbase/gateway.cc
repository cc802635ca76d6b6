/* One connection to an HBase Thrift2 gateway: Thrift's generated client behind C functions. */
#include "store/hbase/gateway.h"

#include "THBaseService.h"

#include <thrift/TOutput.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TSocket.h>

#include <mutex>
#include <new>

using apache::thrift::TConfiguration;
using apache::thrift::protocol::TCompactProtocolT;
using apache::thrift::transport::TBufferedTransport;
using apache::thrift::transport::TSocket;
using apache::thrift::transport::TTransport;
namespace hb = parley::hbase;

namespace
{

constexpr const char *family = "p";
constexpr const char *qualifier = "v";
constexpr int answer_bytes_max = 64 << 20;
constexpr int buffer_bytes = 32 << 10;
constexpr int block_bytes = 16 << 10;

std::string text(struct par_str s)
{
    return std::string(reinterpret_cast<const char *>(s.ptr), s.len);
}

struct par_str view(const std::string &s)
{
    struct par_str v;
    v.ptr = s.data();
    v.len = s.size();
    return v;
}

/* Thrift prints every failed connect to standard error unless it is told where else to. */
void quiet(const char *) {}

} // namespace

struct par_hbase__gateway {
    std::shared_ptr<TSocket> socket;
    std::shared_ptr<TTransport> transport;
    std::unique_ptr<hb::THBaseServiceClient> client;
    int answer_ms;
    char why[PAR_HBASE__WHY_MAX];

    void say(const char *what)
    {
        snprintf(why, sizeof why, "%s", what ? what : "no reason given");
        for (char *p = why; *p; p++)
            if (*p == '\n' || *p == '\r')
                *p = ' ';
    }

    void close()
    {
        try {
            transport->close();
        } catch (...) {
        }
    }

    /* Runs one call and tells how it ended. */
    template <typename Call> enum par_hbase__end run(Call call)
    {
        try {
            if (!transport->isOpen())
                transport->open();
            call();
            return PAR_HBASE_OK;
        } catch (const hb::TIOError &e) {
            say(e.message.c_str());
            return e.__isset.canRetry && e.canRetry ? PAR_HBASE_RETRY : PAR_HBASE_REFUSED;
        } catch (const apache::thrift::TApplicationException &e) {
            say(e.what());
            return PAR_HBASE_REFUSED;
        } catch (const std::bad_alloc &) {
            say("out of memory");
        } catch (const std::exception &e) {
            say(e.what());
        } catch (...) {
            say("the connection failed");
        }
        close();
        return PAR_HBASE_LOST;
    }
};

static hb::TPut put_of(const struct par_hbase__cell &cell)
{
    hb::TPut put;
    hb::TColumnValue value;
    value.family = family;
    value.qualifier = qualifier;
    value.value = text(cell.value);
    value.__set_timestamp(static_cast<int64_t>(cell.version));
    put.row = text(cell.row);
    put.columnValues.push_back(std::move(value));
    return put;
}

/* Tells the cell of a result, if the row is there; false: fn wants no more. */
static bool tell(const hb::TResult &result, size_t i, par_hbase__cell_fn fn, void *arg)
{
    if (result.columnValues.empty())
        return true;
    const hb::TColumnValue &value = result.columnValues[0];
    struct par_hbase__cell cell;
    cell.row = view(result.row);
    cell.value = view(value.value);
    cell.version = static_cast<uint64_t>(value.timestamp);
    return fn(arg, i, &cell);
}

static hb::TColumn column()
{
    hb::TColumn c;
    c.family = family;
    c.__set_qualifier(qualifier);
    return c;
}

struct par_hbase__gateway *par_hbase__gateway_new(const char *host, uint16_t port,
                                                  uint32_t connect_ms, uint32_t answer_ms)
{
    static std::once_flag once;
    std::call_once(once, [] { apache::thrift::GlobalOutput.setOutputFunction(quiet); });
    try {
        auto *g = new par_hbase__gateway();
        auto limits = std::make_shared<TConfiguration>(answer_bytes_max, answer_bytes_max);
        g->socket = std::make_shared<TSocket>(host, port, limits);
        g->socket->setConnTimeout(static_cast<int>(connect_ms));
        g->socket->setRecvTimeout(static_cast<int>(answer_ms));
        g->socket->setSendTimeout(static_cast<int>(answer_ms));
        g->socket->setNoDelay(true);
        g->transport = std::make_shared<TBufferedTransport>(g->socket, buffer_bytes, limits);
        g->client = std::make_unique<hb::THBaseServiceClient>(
            std::make_shared<TCompactProtocolT<TTransport>>(g->transport));
        g->answer_ms = static_cast<int>(answer_ms);
        g->why[0] = '\0';
        return g;
    } catch (...) {
        return nullptr;
    }
}

void par_hbase__gateway_free(struct par_hbase__gateway **gateway)
{
    if (*gateway)
        (*gateway)->close();
    delete *gateway;
    *gateway = nullptr;
}

const char *par_hbase__gateway_why(const struct par_hbase__gateway *gateway)
{
    return gateway->why;
}

bool par_hbase__alive(struct par_hbase__gateway *gateway, uint32_t answer_ms)
{
    gateway->socket->setRecvTimeout(static_cast<int>(answer_ms));
    enum par_hbase__end end = gateway->run([&] { gateway->client->getThriftServerType(); });
    gateway->socket->setRecvTimeout(gateway->answer_ms);
    return end != PAR_HBASE_LOST;
}

enum par_hbase__end par_hbase__put(struct par_hbase__gateway *gateway, const char *table,
                                   const struct par_hbase__cell *cells, size_t n, bool sync)
{
    return gateway->run([&] {
        std::vector<hb::TPut> puts;
        puts.reserve(n);
        for (size_t i = 0; i < n; i++) {
            puts.push_back(put_of(cells[i]));
            puts.back().__set_durability(sync ? hb::TDurability::FSYNC_WAL
                                              : hb::TDurability::ASYNC_WAL);
        }
        gateway->client->putMultiple(table, puts);
    });
}

enum par_hbase__end par_hbase__get(struct par_hbase__gateway *gateway, const char *table,
                                   const struct par_str *rows, size_t n, par_hbase__cell_fn fn,
                                   void *arg)
{
    std::vector<hb::TResult> results;
    enum par_hbase__end end = gateway->run([&] {
        /* The gateway answers for one row itself, and has threads of its own look for several. */
        if (n == 1) {
            hb::TGet one;
            one.row = text(rows[0]);
            one.__set_columns({column()});
            results.resize(1);
            gateway->client->get(results[0], table, one);
            return;
        }
        std::vector<hb::TGet> gets(n);
        for (size_t i = 0; i < n; i++) {
            gets[i].row = text(rows[i]);
            gets[i].__set_columns({column()});
        }
        gateway->client->getMultiple(results, table, gets);
    });
    if (end != PAR_HBASE_OK)
        return end;
    if (results.size() != n) {
        gateway->say("the gateway answered with another number of rows than were asked for");
        gateway->close();
        return PAR_HBASE_LOST;
    }
    for (size_t i = 0; i < n; i++)
        if (!tell(results[i], i, fn, arg))
            break;
    return PAR_HBASE_OK;
}

enum par_hbase__end par_hbase__scan(struct par_hbase__gateway *gateway, const char *table,
                                    struct par_str start, struct par_str stop, uint32_t limit,
                                    par_hbase__cell_fn fn, void *arg, uint32_t *count_r)
{
    std::vector<hb::TResult> results;
    *count_r = 0;
    enum par_hbase__end end = gateway->run([&] {
        hb::TScan scan;
        scan.__set_startRow(text(start));
        if (stop.len > 0)
            scan.__set_stopRow(text(stop));
        scan.__set_columns({column()});
        scan.__set_limit(static_cast<int32_t>(limit));
        scan.__set_caching(static_cast<int32_t>(limit));
        scan.__set_readType(limit <= 1000 ? hb::TReadType::PREAD : hb::TReadType::DEFAULT);
        gateway->client->getScannerResults(results, table, scan, static_cast<int32_t>(limit));
    });
    if (end != PAR_HBASE_OK)
        return end;
    *count_r = static_cast<uint32_t>(results.size());
    for (size_t i = 0; i < results.size(); i++)
        if (!tell(results[i], i, fn, arg))
            break;
    return PAR_HBASE_OK;
}

enum par_hbase__end par_hbase__swap(struct par_hbase__gateway *gateway, const char *table,
                                    const struct par_hbase__cell *cell, struct par_str expected,
                                    bool *done_r)
{
    *done_r = false;
    return gateway->run([&] {
        hb::TRowMutations mutations;
        hb::TMutation mutation;
        hb::TPut put = put_of(*cell);
        put.__set_durability(hb::TDurability::FSYNC_WAL);
        mutation.__set_put(put);
        mutations.row = put.row;
        mutations.mutations.push_back(mutation);
        /* An empty value that is to be equal asks for a row that is not there. */
        *done_r = gateway->client->checkAndMutate(
            table, put.row, family, qualifier, hb::TCompareOp::EQUAL,
            expected.ptr ? text(expected) : std::string(), mutations);
    });
}

static hb::TTableName name_of(const struct par_hbase__shape *shape)
{
    hb::TTableName name;
    name.__set_ns(shape->space);
    name.qualifier = shape->table;
    return name;
}

enum par_hbase__end par_hbase__there(struct par_hbase__gateway *gateway,
                                     const struct par_hbase__shape *shape, bool *there_r)
{
    *there_r = false;
    return gateway->run([&] {
        std::vector<std::string> spaces;
        gateway->client->listNamespaces(spaces);
        for (const std::string &space : spaces)
            if (space == shape->space)
                *there_r = gateway->client->tableExists(name_of(shape));
    });
}

static void make_space(hb::THBaseServiceClient *client, const char *space)
{
    std::vector<std::string> spaces;
    client->listNamespaces(spaces);
    for (const std::string &there : spaces)
        if (there == space)
            return;
    hb::TNamespaceDescriptor descriptor;
    descriptor.name = space;
    client->createNamespace(descriptor);
}

enum par_hbase__end par_hbase__make(struct par_hbase__gateway *gateway,
                                    const struct par_hbase__shape *shape)
{
    return gateway->run([&] {
        make_space(gateway->client.get(), shape->space);
        if (gateway->client->tableExists(name_of(shape)))
            return;
        hb::TColumnFamilyDescriptor column;
        column.name = family;
        column.__set_maxVersions(1);
        column.__set_blockSize(block_bytes);
        column.__set_compressionType(hb::TCompressionAlgorithm::SNAPPY);
        column.__set_dataBlockEncoding(hb::TDataBlockEncoding::FAST_DIFF);
        column.__set_scope(1);
        if (shape->prefix_bytes > 0) {
            column.__set_bloomnFilterType(hb::TBloomFilterType::ROWPREFIX_FIXED_LENGTH);
            column.__set_configuration(
                {{"RowPrefixBloomFilter.prefix_length", std::to_string(shape->prefix_bytes)}});
        } else {
            column.__set_bloomnFilterType(hb::TBloomFilterType::ROW);
        }
        hb::TTableDescriptor descriptor;
        descriptor.tableName = name_of(shape);
        descriptor.__set_columns({column});
        descriptor.__set_durability(hb::TDurability::FSYNC_WAL);
        std::vector<std::string> splits;
        for (uint32_t i = 1; i < shape->regions; i++) {
            uint32_t at = i * 65536 / shape->regions;
            splits.push_back(std::string{static_cast<char>(at >> 8), static_cast<char>(at & 0xFF)});
        }
        try {
            gateway->client->createTable(descriptor, splits);
        } catch (const hb::TIOError &) {
            /* Servers that start together all make what is missing; one of them is the first. */
            if (!gateway->client->tableExists(name_of(shape)))
                throw;
        }
    });
}
