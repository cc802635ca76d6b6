/* Tests of the command line: what is read, and the one line that each mistake gives. */
#include "cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char seen[400];

static int run_probe(struct par_cli *cli)
{
    int64_t n;

    if (!par_cli_int(cli, "count", 7, 1, 9, &n))
        return PAR_CLI_USAGE;
    snprintf(seen, sizeof seen, "args=%u first=%s json=%s count=%d listen=%s data=%s level=%s",
             cli->n_args, cli->n_args ? cli->args[0] : "",
             par_cli_value(cli, "json") ? "yes" : "no", (int)n, cli->cfg.server.listen,
             cli->cfg.server.data, cli->cfg.log.level);
    return PAR_CLI_OK;
}

static const struct par_cli_option probe_options[] = {
    {"json", NULL, "JSON.", NULL},
    {"count", "N", "How many.", NULL},
    {"listen", "ADDR:PORT", "Where.", "server.listen"},
    {0},
};
static const struct par_cli_command probe = {
    .name = "probe",
    .args = "[WORD]",
    .summary = "stands in for a command",
    .max_args = 2,
    .options = probe_options,
    .run = run_probe,
};
static const struct par_cli_command deep = {
    .name = "probe deep one",
    .args = "WORD",
    .summary = "stands in for a command of a group",
    .min_args = 1,
    .max_args = 1,
    .options = probe_options,
    .run = run_probe,
};
static const struct par_cli_command group = {
    .name = "group one",
    .args = "",
    .summary = "is in a group only",
    .run = run_probe,
    .options = probe_options,
};
/* The list of this program stands in for the real one. */
const struct par_cli_command *const par_cli_commands[] = {&probe, &deep, &group, NULL};

/* Runs the words (in one string, with blanks between), with standard error into err_r. */
static int run_words(const char *words, char *err_r, size_t size)
{
    char copy[400];
    const char *argv[32] = {"parley"};
    int argc = 1;
    int saved = dup(STDERR_FILENO);
    FILE *f = tmpfile();

    snprintf(copy, sizeof copy, "%s", words);
    for (char *w = strtok(copy, " "); w; w = strtok(NULL, " "))
        argv[argc++] = w;
    fflush(stderr);
    dup2(fileno(f), STDERR_FILENO);
    seen[0] = 0;
    int code = par_cli_main(argc, argv);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(f);
    size_t n = fread(err_r, 1, size - 1, f);
    err_r[n] = 0;
    fclose(f);
    return code;
}

static void test_reads(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        const char *sees;
    } cases[] = {
        {"probe", "args=0 first= json=no count=7 listen=127.0.0.1:8080 data=data level=info"},
        {"probe a --json --count 3 --data=/d -o log.level=warn",
         "args=1 first=a json=yes count=3 listen=127.0.0.1:8080 data=/d level=warn"},
        {"probe --listen 127.0.0.1:0 -olog.level=error -- --json",
         "args=1 first=--json json=no count=7 listen=127.0.0.1:0 data=data level=error"},
        {"probe -", "args=1 first=- json=no count=7 listen=127.0.0.1:8080 data=data level=info"},
        {"probe deep one w --count=9",
         "args=1 first=w json=no count=9 listen=127.0.0.1:8080 data=data level=info"},
        {"probe deep",
         "args=1 first=deep json=no count=7 listen=127.0.0.1:8080 data=data level=info"},
    };
    char err[800];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(run_words(cases[i].words, err, sizeof err), PAR_CLI_OK);
        assert_string_equal(seen, cases[i].sees);
        assert_string_equal(err, "");
    }
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        const char *says;
    } cases[] = {
        {"prob", "parley: there is no command \"prob\" (see `parley help`)\n"},
        {"group", "parley group: nothing is no command of it"},
        {"group two", "parley group: \"two\" is no command of it (see `parley help group`)\n"},
        {"probe --jsn", "parley probe: there is no option --jsn (see `parley help probe`)\n"},
        {"probe -x", "parley probe: there is no option -x (see `parley help probe`)\n"},
        {"probe --count", "parley probe: --count needs a value\n"},
        {"probe --json=1", "parley probe: --json takes no value\n"},
        {"probe --json --json", "parley probe: --json is given twice\n"},
        {"probe --count 10", "parley probe: --count: \"10\" is not a whole number from 1 to 9\n"},
        {"probe a b c", "parley probe: \"c\" is too much: parley probe [WORD]\n"},
        {"probe deep one",
         "parley probe deep one: something is missing: parley probe deep one WORD\n"},
        {"probe -o", "parley probe: -o needs section.key=value\n"},
        {"probe -o a.b=c", "parley probe: -o: there is no key a.b"},
        {"probe --listen x", "parley probe: -o: server.listen: \"x\" is not ADDRESS:PORT"},
        {"probe --config /nonexistent", "parley probe: --config /nonexistent: No such file"},
        {"probe --config a --config b", "parley probe: --config is given twice\n"},
    };
    char err[800];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(run_words(cases[i].words, err, sizeof err), PAR_CLI_USAGE);
        assert_string_equal(seen, "");
        if (strncmp(err, cases[i].says, strlen(cases[i].says)) != 0)
            fail_msg("\"%s\" says: %s", cases[i].words, err);
        assert_ptr_equal(strchr(err, '\n'), err + strlen(err) - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
