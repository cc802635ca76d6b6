/* parley-check: says of each history whether the promises held (docs/verification.md). */
#include "check/check.h"

#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: parley-check FILE...   (- is standard input)\n"
    "       parley-check --rules   lists the rules\n"
    "\n"
    "Reads histories (JSON lines, docs/verification.md) and checks the promises.\n"
    "0: all held; a line of counts for each file. 1: some did not; each violation is\n"
    "told with the lines that prove it. 2: a file is no history, or cannot be read.\n";

enum { ALL_HELD = 0, VIOLATED = 1, NOT_CHECKED = 2 };

static bool read_all(FILE *f, struct par_buf *text)
{
    enum { CHUNK = 1 << 16 };
    size_t n = 1;
    while (n > 0) {
        uint8_t *room = par_buf_reserve(text, CHUNK);
        if (!room)
            return false;
        n = fread(room, 1, CHUNK, f);
        text->len += n;
    }
    return !ferror(f);
}

static int check_text(const char *name, struct par_str text)
{
    struct par_check *c = par_check_new();
    struct par_buf out = {0};
    int result = NOT_CHECKED;
    uint32_t line;
    size_t violations = 0;
    if (c && par_check_feed(c, text))
        violations = par_check_finish(c);
    const char *fault = c ? par_check_fault(c, &line) : "memory is refused";
    if (*fault) {
        fprintf(stderr, "parley-check: %s:%u: %s\n", name, c ? line : 0, fault);
    } else {
        par_check_report(c, &out);
        par_buf_printf(&out, "%s: ", name);
        par_check_counts(c, &out);
        fwrite(out.data, 1, out.len, stdout);
        result = violations ? VIOLATED : ALL_HELD;
    }
    par_buf_fini(&out);
    par_check_free(&c);
    return result;
}

static int check_file(const char *name)
{
    struct par_buf text = {0};
    bool standard = strcmp(name, "-") == 0;
    FILE *f = standard ? stdin : fopen(name, "r");
    bool read = f && read_all(f, &text);
    int result = NOT_CHECKED;
    if (read)
        result = check_text(name, par_buf_str(&text));
    else
        fprintf(stderr, "parley-check: %s cannot be read\n", name);
    if (f && !standard)
        fclose(f);
    par_buf_fini(&text);
    return result;
}

int main(int argc, char **argv)
{
    int result = ALL_HELD;
    if (argc == 2 && strcmp(argv[1], "--rules") == 0) {
        for (int i = 0; i < PAR_RULES; i++)
            printf("%-16s %s\n", par_rule_name((enum par_rule)i),
                   par_rule_sentence((enum par_rule)i));
        return ALL_HELD;
    }
    if (argc < 2 || (argv[1][0] == '-' && argv[1][1])) {
        bool help = argc >= 2 && strcmp(argv[1], "--help") == 0;
        fputs(usage, help ? stdout : stderr);
        return help ? ALL_HELD : NOT_CHECKED;
    }
    for (int i = 1; i < argc; i++) {
        int one = check_file(argv[i]);
        result = one > result ? one : result;
    }
    return result;
}
