/* Tests of the configuration: every kind of error names its place, and the table keeps its own
 * rules. */
#include "base/config.h"
#include "base/config_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char path[] = "/tmp/parley-config-XXXXXX";

static void write_file(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static enum par_err load(const char *text, const char *const *options, size_t n,
                         struct par_config *cfg, struct par_config_error *error)
{
    const struct par_config_source source = {text ? path : NULL, options, n};

    if (text)
        write_file(text);
    return par_config_load(&source, cfg, error);
}

static void test_defaults(void **state)
{
    (void)state;
    struct par_config cfg;

    par_config_defaults(&cfg);
    assert_string_equal(cfg.server.listen, "127.0.0.1:8080");
    assert_string_equal(cfg.server.registration, "open");
    assert_string_equal(cfg.server.admin_socket, "data/admin.sock");
    assert_string_equal(cfg.store.path, "data/store");
    assert_int_equal(cfg.server.drain_ms, 10000);
    assert_int_equal(cfg.limits.text_code_points, 8000);
    assert_true(cfg.store.sync);
    par_config_fini(&cfg);
}

static void test_file_and_options(void **state)
{
    (void)state;
    struct par_config cfg;
    struct par_config_error error;
    static const char *const options[] = {"limits.devices=3", "server.listen=0.0.0.0:0",
                                          "push.apns.topic=org.example", "limits.devices=4",
                                          "push.apns.key=/a=b"};
    const char *text =
        "# comment\n; comment\n[server]\ndata = /tmp/d ; why\nlisten = [::1]:99\n"
        "[limits]\n  devices = 2\ngroup_members=7\r\n[store]\nsync = off\ndriver : memory\n";

    assert_int_equal(load(text, options, 5, &cfg, &error), PAR_OK);
    assert_string_equal(cfg.server.data, "/tmp/d");
    assert_string_equal(cfg.server.listen, "0.0.0.0:0");
    assert_string_equal(cfg.server.registration, "invite");
    assert_string_equal(cfg.store.path, "/tmp/d/store");
    assert_string_equal(cfg.store.driver, "memory");
    assert_string_equal(cfg.push_apns.topic, "org.example");
    assert_string_equal(cfg.push_apns.key, "/a=b");
    assert_int_equal(cfg.limits.devices, 4);
    assert_int_equal(cfg.limits.group_members, 7);
    assert_false(cfg.store.sync);
    par_config_fini(&cfg);
}

/* Each error: the file or options, and what the one line must say. */
static void test_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *option;
        const char *says;
    } cases[] = {
        {"[server]\nlisten = 1\n", NULL, ":2: server.listen: \"1\" is not ADDRESS:PORT"},
        {"[server]\n\nthreads = many\n", NULL,
         ":3: server.threads: \"many\" is not a whole number from 0 to 64"},
        {"[server]\nthreads = 65\n", NULL, "from 0 to 64"},
        {"[server]\nthreads = 1x\n", NULL, "from 0 to 64"},
        {"[server]\nthreads =\n", NULL, "from 0 to 64"},
        {"[server]\nthread = 1\n", NULL,
         ":2: there is no key server.thread; did you mean server.threads?"},
        {"[sever]\nlisten = 127.0.0.1:1\n", NULL, "did you mean server.listen?"},
        {"[server]\nxyzzyxyzzy = 1\n", NULL, "`parley help config` lists them"},
        {"listen = 127.0.0.1:1\n", NULL, ":1: listen stands before the first [section]"},
        {"[server]\nthis is nothing\n", NULL, ":2: neither [section] nor key = value"},
        {"[server\nthreads = 1\n", NULL, ":1: neither [section] nor key = value"},
        {"[server]\nthreads = 1\nthreads = 2\n", NULL,
         ":3: server.threads is given twice, first on line 2"},
        {"[server]\nid = a b\n", NULL, ":2: server.id: \"a b\" may hold letters"},
        {"[server]\ntrusted_peers = 10.0.0.0/33\n", NULL, "is not a list of networks"},
        {"[server]\noldest_clients = web\n", NULL, "\"web\" is not a list of clients"},
        {"[server]\noldest_clients = web/\n", NULL, "is not a list of clients"},
        {"[server]\noldest_clients = web/1.\n", NULL, "is not a list of clients"},
        {"[server]\noldest_clients = web/1.2,\n", NULL, "is not a list of clients"},
        {"[server]\noldest_clients = web/1.2 tui/1\n", NULL, "is not a list of clients"},
        {"[store]\ndriver = sqlite\n", NULL,
         "\"sqlite\" is not one of rocksdb, hbase, memory, fail"},
        {"[store]\nsync = maybe\n", NULL, "\"maybe\" is neither true nor false"},
        {"[heartbeat]\ndead_ms = 20000\n", NULL, ":2: heartbeat.dead_ms"},
        {"[limits]\nframe_bytes = 2048\n", NULL, "default: limits.text_bytes"},
        {"[tls]\ncert = x\n", NULL, ":2: tls.cert: \"x\" cannot be used"},
        {NULL, "limits.devices", "-o limits.devices: write it as -o section.key=value"},
        {NULL, "devices=1", "-o: there is no key devices"},
        {NULL, "limits.device=1",
         "-o: there is no key limits.device; did you mean limits.devices?"},
        {NULL, "limits.devices=0",
         "-o: limits.devices: \"0\" is not a whole number from 1 to 1000"},
        {NULL, "server.listen=localhost:80", "is not ADDRESS:PORT"},
        {NULL, "server.listen=1.2.3.4:65536", "is not ADDRESS:PORT"},
        {NULL, "server.data=", "is not a folder"},
        {NULL, "server.id=a\nb", "holds a control character"},
        {NULL,
         "server.data=/"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "longer than the 107 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct par_config cfg;
        struct par_config_error error;

        assert_int_equal(
            load(cases[i].text, &cases[i].option, cases[i].option ? 1 : 0, &cfg, &error),
            PAR_E_BAD_REQUEST);
        if (!strstr(error.text, cases[i].says) || strchr(error.text, '\n'))
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, error.text, cases[i].says);
    }
}

static void test_file_missing_or_long(void **state)
{
    (void)state;
    struct par_config cfg;
    struct par_config_error error;
    struct par_config_source source = {"/nonexistent/parley.conf", NULL, 0};
    static char text[12000];

    assert_int_equal(par_config_load(&source, &cfg, &error), PAR_E_BAD_REQUEST);
    assert_string_equal(error.text, "--config /nonexistent/parley.conf: No such file or directory");
    source.file = "/tmp";
    assert_int_equal(par_config_load(&source, &cfg, &error), PAR_E_BAD_REQUEST);
    assert_string_equal(error.text, "--config /tmp: Is a directory");

    source.file = path;
    FILE *f = fopen(path, "w");
    fwrite("[server]\nthreads = 1\0 2\n", 1, 25, f);
    fclose(f);
    assert_int_equal(par_config_load(&source, &cfg, &error), PAR_E_BAD_REQUEST);
    assert_non_null(strstr(error.text, ":2: the line holds a byte 0"));

    strcpy(text, "[push.apns]\nkey = ");
    memset(text + strlen(text), 'x', 3900);
    assert_int_equal(load(text, NULL, 0, &cfg, &error), PAR_OK);
    assert_int_equal(strlen(cfg.push_apns.key), 3900);
    par_config_fini(&cfg);
    memset(text + strlen(text), 'x', 3900);
    assert_int_equal(load(text, NULL, 0, &cfg, &error), PAR_E_BAD_REQUEST);
    assert_non_null(strstr(error.text, ":2: the line is too long"));
}

static int changes;
static void on_change(void *arg, const char *key, const char *old_value, const char *new_value,
                      bool applied)
{
    changes++;
    if (strcmp(key, "limits.devices") == 0) {
        assert_string_equal(old_value, "10");
        assert_string_equal(new_value, "5");
        assert_true(applied);
    } else if (strcmp(key, "log.level") == 0) {
        assert_true(applied);
    } else {
        assert_string_equal(key, "server.workers");
        assert_false(applied);
    }
    (void)arg;
}

static void test_reload(void **state)
{
    (void)state;
    struct par_config live;
    struct par_config fresh;
    struct par_config_error error;
    static const char *const options[] = {"limits.devices=5", "server.workers=9", "log.level=warn"};

    par_config_defaults(&live);
    assert_int_equal(load(NULL, options, 3, &fresh, &error), PAR_OK);
    par_config_apply(&live, &fresh, on_change, NULL);
    par_config_fini(&fresh);
    assert_int_equal(changes, 3);
    assert_int_equal(PAR_CONFIG_GET(live.limits.devices), 5);
    assert_string_equal(PAR_CONFIG_GET(live.log.level), "warn");
    assert_int_equal(live.server.workers, 2);

    assert_int_equal(par_config_set(&live, "log.level", "debug", &error), PAR_OK);
    assert_string_equal(live.log.level, "debug");
    assert_int_equal(par_config_set(&live, "log.level", "loud", &error), PAR_E_BAD_REQUEST);
    assert_int_equal(par_config_set(&live, "server.workers", "3", &error), PAR_E_FORBIDDEN);
    assert_int_equal(par_config_set(&live, "server.worker", "3", &error), PAR_E_NOT_FOUND);
    par_config_fini(&live);
}

/* The example parses as it is, and with every key switched on gives the defaults. */
static void test_example(void **state)
{
    (void)state;
    struct par_config cfg;
    struct par_config plain;
    struct par_config_error error;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    par_config_write_example(f);
    fclose(f);
    assert_int_equal(load(text, NULL, 0, &cfg, &error), PAR_OK);
    par_config_fini(&cfg);
    for (char *c = text; (c = strstr(c, "\n#")) != NULL; c++)
        if (c[2] != ' ')
            c[1] = ' ';
    if (load(text, NULL, 0, &cfg, &error) != PAR_OK)
        fail_msg("%s", error.text);
    free(text);
    par_config_defaults(&plain);
    for (int i = 0; i < PAR_CONFIG__KEYS; i++) {
        char a[32];
        char b[32];
        assert_string_equal(par_config__text(&cfg, i, a, sizeof a),
                            par_config__text(&plain, i, b, sizeof b));
    }
    par_config_fini(&cfg);
    par_config_fini(&plain);
}

/* Defaults lie in their ranges, words are words of their lists, docs are sentences. */
static void test_table(void **state)
{
    (void)state;
    for (int i = 0; i < PAR_CONFIG__KEYS; i++) {
        const struct par_config__key *k = &par_config__keys[i];
        size_t n = strlen(k->doc);

        assert_true(k->def >= k->min || k->type >= PAR_CONFIG__STR);
        assert_true(k->type != PAR_CONFIG__INT || k->def <= k->max);
        assert_true(k->type != PAR_CONFIG__STR || strlen(k->def_text) <= (size_t)k->max);
        assert_true(k->type != PAR_CONFIG__WORD || !k->def_text[0] ||
                    par_config__word(i, k->def_text));
        assert_true(n > 3 && k->doc[n - 1] == '.');
        assert_int_equal(par_config__find(k->section, strlen(k->section), k->key), i);
    }
}

static void test_addresses(void **state)
{
    (void)state;
    char host[64];
    uint16_t port;

    assert_true(par_config_split_address("[::1]:8080", host, sizeof host, &port));
    assert_string_equal(host, "::1");
    assert_int_equal(port, 8080);
    assert_true(par_config_is_loopback("127.3.2.1:0"));
    assert_true(par_config_is_loopback("[::1]:1"));
    assert_false(par_config_is_loopback("0.0.0.0:1"));
    assert_false(par_config_is_loopback("[::]:1"));
    assert_false(par_config_split_address("::1:80", host, sizeof host, &port));
    assert_false(par_config_split_address(":80", host, sizeof host, &port));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_file_and_options),
        cmocka_unit_test(test_errors),   cmocka_unit_test(test_file_missing_or_long),
        cmocka_unit_test(test_reload),   cmocka_unit_test(test_example),
        cmocka_unit_test(test_table),    cmocka_unit_test(test_addresses),
    };
    int fd = mkstemp(path);

    if (fd < 0)
        return 1;
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
