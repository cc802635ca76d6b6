/* From the words of the command line to a command that runs. */
#include "cli/cli.h"
#include "base/log.h"
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What is read of the command line before the command runs. */
struct parse {
    struct par_cli cli;
    const char *name; /* of the command, for messages */
    const char **args;
    const char **options; /* section.key=value */
    char **made;          /* options made here, to be freed */
    size_t n_made;
    bool help;
};

static int complain(const char *name, const char *fmt, va_list ap)
{
    char text[800];

    vsnprintf(text, sizeof text, fmt, ap);
    fprintf(stderr, "parley%s%s: %s\n", name ? " " : "", name ? name : "", text);
    return PAR_CLI_USAGE;
}

int par_cli_usage(const struct par_cli *cli, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int code = complain(cli->command ? cli->command->name : NULL, fmt, ap);
    va_end(ap);
    return code;
}

int par_cli_fail(const struct par_cli *cli, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)complain(cli->command->name, fmt, ap);
    va_end(ap);
    return PAR_CLI_FAILED;
}

/* How many of the words spell the name; 0 when they do not. */
static int match(const char *name, int argc, const char *const *argv)
{
    int words = 0;

    while (*name) {
        size_t n = strcspn(name, " ");
        if (words == argc || strlen(argv[words]) != n || memcmp(argv[words], name, n) != 0)
            return 0;
        words++;
        name += n + (name[n] == ' ');
    }
    return words;
}

const struct par_cli_command *par_cli_find(int argc, const char *const *argv, int *words_r)
{
    const struct par_cli_command *found = NULL;

    *words_r = 0;
    for (size_t i = 0; par_cli_commands[i]; i++) {
        int words = match(par_cli_commands[i]->name, argc, argv);
        if (words > *words_r) {
            *words_r = words;
            found = par_cli_commands[i];
        }
    }
    return found;
}

const char *par_cli_value(const struct par_cli *cli, const char *name)
{
    const struct par_cli_option *o = cli->command->options;

    for (int i = 0; o && o[i].name; i++)
        if (strcmp(o[i].name, name) == 0)
            return cli->_values[i];
    PAR_ASSERT(!"an option that the command's table has");
    return NULL;
}

bool par_cli_int(const struct par_cli *cli, const char *name, int64_t def, int64_t min, int64_t max,
                 int64_t *value_r)
{
    const char *text = par_cli_value(cli, name);
    char *end;

    *value_r = def;
    if (!text)
        return true;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (end == text || *end || errno || v < min || v > max) {
        par_cli_usage(cli, "--%s: \"%.80s\" is not a whole number from %" PRId64 " to %" PRId64,
                      name, text, min, max);
        return false;
    }
    *value_r = v;
    return true;
}

/* Adds key=value to the options of the configuration. */
static int add_made(struct parse *p, const char *key, const char *value)
{
    char *text;

    if (asprintf(&text, "%s=%s", key, value) < 0)
        return par_cli_usage(&p->cli, "no memory");
    p->made[p->n_made++] = text;
    p->options[p->cli.source.n_options++] = text;
    return PAR_CLI_OK;
}

/* One --name option, whose value (if it takes one) is value. */
static int take_known(struct parse *p, int index, const char *value)
{
    const struct par_cli_option *o = &p->cli.command->options[index];

    if (o->key)
        return add_made(p, o->key, value);
    if (p->cli._values[index])
        return par_cli_usage(&p->cli, "--%s is given twice", o->name);
    p->cli._values[index] = o->arg ? value : "";
    return PAR_CLI_OK;
}

/* The row of the command's option called name[0..n); -1 when there is none. */
static int find_option(const struct par_cli_command *command, const char *name, size_t n)
{
    for (int i = 0; command->options && command->options[i].name; i++)
        if (strlen(command->options[i].name) == n && memcmp(command->options[i].name, name, n) == 0)
            return i;
    return -1;
}

/* One long option; *used_r: how many words it took. */
static int take_long(struct parse *p, const char *word, const char *next, int *used_r)
{
    const char *name = word + 2;
    const char *eq = strchr(name, '=');
    size_t n = eq ? (size_t)(eq - name) : strlen(name);
    int index = find_option(p->cli.command, name, n);
    bool config = n == 6 && memcmp(name, "config", 6) == 0;
    bool data = n == 4 && memcmp(name, "data", 4) == 0;
    bool takes = index >= 0 ? p->cli.command->options[index].arg != NULL : config || data;
    const char *value = eq ? eq + 1 : takes ? next : NULL;

    *used_r = takes && !eq ? 2 : 1;
    if (index < 0 && n == 4 && memcmp(name, "help", 4) == 0) {
        p->help = true;
        return PAR_CLI_OK;
    }
    if (index < 0 && !config && !data)
        return par_cli_usage(&p->cli, "there is no option %.80s (see `parley help %s`)", word,
                             p->cli.command->name);
    if (takes && !value)
        return par_cli_usage(&p->cli, "--%.*s needs a value", (int)n, name);
    if (!takes && eq)
        return par_cli_usage(&p->cli, "--%.*s takes no value", (int)n, name);
    if (index >= 0)
        return take_known(p, index, value);
    if (data)
        return add_made(p, "server.data", value);
    if (p->cli.source.file)
        return par_cli_usage(&p->cli, "--config is given twice");
    p->cli.source.file = value;
    return PAR_CLI_OK;
}

static int parse_words(struct parse *p, int argc, const char *const *argv)
{
    bool only_args = false;

    for (int i = 0; i < argc;) {
        const char *word = argv[i];
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        int used = 1;
        int code = PAR_CLI_OK;

        if (only_args || word[0] != '-' || word[1] == 0) {
            p->args[p->cli.n_args++] = word;
        } else if (strcmp(word, "--") == 0) {
            only_args = true;
        } else if (word[1] == '-') {
            code = take_long(p, word, next, &used);
        } else if (word[1] == 'o') {
            const char *option = word[2] ? word + 2 : next;
            used = word[2] ? 1 : 2;
            if (!option)
                return par_cli_usage(&p->cli, "-o needs section.key=value");
            p->options[p->cli.source.n_options++] = option;
        } else if (strcmp(word, "-h") == 0) {
            p->help = true;
        } else {
            code = par_cli_usage(&p->cli, "there is no option %.80s (see `parley help %s`)", word,
                                 p->cli.command->name);
        }
        if (code != PAR_CLI_OK)
            return code;
        i += used;
    }
    return PAR_CLI_OK;
}

static int check_args(const struct parse *p)
{
    const struct par_cli_command *c = p->cli.command;

    if (p->cli.n_args < c->min_args)
        return par_cli_usage(&p->cli, "something is missing: parley %s %s", c->name, c->args);
    if (p->cli.n_args > c->max_args)
        return par_cli_usage(&p->cli, "\"%.80s\" is too much: parley %s%s%s", p->args[c->max_args],
                             c->name, c->args[0] ? " " : "", c->args);
    return PAR_CLI_OK;
}

static int configure_and_run(struct parse *p)
{
    struct par_config_error error;
    enum par_log_level level;

    if (p->cli.command->no_config)
        return p->cli.command->run(&p->cli);
    if (par_config_load(&p->cli.source, &p->cli.cfg, &error) != PAR_OK)
        return par_cli_usage(&p->cli, "%s", error.text);
    if (par_log_level_parse(p->cli.cfg.log.level, &level))
        par_log_set_level(level);
    par_log_set_json(strcmp(p->cli.cfg.log.format, "json") == 0);
    int code = p->cli.command->run(&p->cli);
    par_config_fini(&p->cli.cfg);
    return code;
}

static int run(struct parse *p, int argc, const char *const *argv)
{
    int code = parse_words(p, argc, argv);

    if (code != PAR_CLI_OK)
        return code;
    if (p->help) {
        par_cli_print_help(stdout, p->cli.command);
        return PAR_CLI_OK;
    }
    code = check_args(p);
    if (code != PAR_CLI_OK)
        return code;
    p->cli.args = p->args;
    p->cli.source.options = p->options;
    return configure_and_run(p);
}

/* No command by that name: the list of its group, or of all, and what was wrong. */
static int no_command(int argc, const char *const *argv)
{
    if (argc == 0) {
        fputs("parley: a messenger server. Say what it shall do:\n\n", stderr);
        (void)par_cli_print_list(stderr, NULL);
        return PAR_CLI_USAGE;
    }
    if (par_cli_print_list(NULL, argv[0]))
        fprintf(stderr, "parley %s: %s%.80s%s is no command of it (see `parley help %s`)\n",
                argv[0], argc > 1 ? "\"" : "nothing", argc > 1 ? argv[1] : "", argc > 1 ? "\"" : "",
                argv[0]);
    else
        fprintf(stderr, "parley: there is no command \"%.80s\" (see `parley help`)\n", argv[0]);
    return PAR_CLI_USAGE;
}

int par_cli_main(int argc, const char *const *argv)
{
    struct parse p = {0};
    int words;
    int code;

    argc -= argc > 0;
    argv++;
    /* The two that people try first on any program. */
    static const char *const aliases[][2] = {
        {"--help", "help"}, {"-h", "help"}, {"--version", "version"}};
    const char *first;
    for (size_t i = 0; argc > 0 && i < sizeof aliases / sizeof aliases[0]; i++) {
        if (strcmp(argv[0], aliases[i][0]) == 0) {
            first = aliases[i][1];
            argv = &first;
            argc = 1;
        }
    }

    p.cli.command = par_cli_find(argc, argv, &words);
    if (!p.cli.command)
        return no_command(argc, argv);
    size_t room = (size_t)argc + 1;
    p.args = calloc(room, sizeof *p.args);
    p.options = calloc(room, sizeof *p.options);
    p.made = calloc(room, sizeof *p.made);
    code = p.args && p.options && p.made ? run(&p, argc - words, argv + words)
                                         : par_cli_usage(&p.cli, "no memory");
    for (size_t i = 0; i < p.n_made; i++)
        free(p.made[i]);
    free(p.made);
    free(p.options);
    free(p.args);
    if (fflush(stdout) != 0 && code == PAR_CLI_OK) {
        fprintf(stderr, "parley: standard output: %s\n", strerror(errno));
        code = PAR_CLI_FAILED;
    }
    return code;
}
