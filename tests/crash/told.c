/* Reads what clients were told. */
#include "told.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORDS = 12 };

static uint64_t number(const char *word)
{
    return strtoull(word, NULL, 10);
}

static struct par_str hex(const char *word, bool *there_r)
{
    size_t n = strlen(word) / 2;
    *there_r = strcmp(word, "-") != 0;
    if (!*there_r)
        return (struct par_str){0};
    char *bytes = malloc(n + 1);
    if (bytes == NULL)
        err(2, "memory");
    for (size_t i = 0; i < n; i++) {
        char two[3] = {word[2 * i], word[2 * i + 1], 0};
        bytes[i] = (char)strtoul(two, NULL, 16);
    }
    return par_str_of(bytes, n);
}

static bool parse(char **w, size_t n, struct crash_told *t)
{
    *t = (struct crash_told){.at = number(w[0]), .what = n > 1 ? w[1][0] : '?'};
    bool has_conv = t->what == 'E' || t->what == 'X' || t->what == 'M';
    if (has_conv && (n < 3 || par_conv_parse(par_str(w[2]), &t->conv) != PAR_CONV_OK))
        return false;
    switch (t->what) {
    case 'I':
        t->word = n == 3 ? strdup(w[2]) : NULL;
        return n == 3;
    case 'U':
        t->user = number(w[2]);
        t->word = strdup(w[3]);
        return n == 4;
    case 'E':
        if (n != 9)
            return false;
        t->seq = number(w[3]);
        t->ts = (int64_t)number(w[4]);
        t->user = number(w[5]);
        t->word = strdup(w[6]);
        t->cmid = hex(w[7], &t->has_cmid);
        t->text = hex(w[8], &t->has_text);
        return true;
    case 'X':
        if (n != 6)
            return false;
        t->seq = number(w[3]);
        t->target = number(w[4]);
        t->word = strdup(w[5]);
        return true;
    case 'M':
        if (n != 6)
            return false;
        t->user = number(w[3]);
        t->delivered = number(w[4]);
        t->read = number(w[5]);
        return true;
    case 'C':
    case 'B':
        t->user = number(w[2]);
        t->other = number(w[3]);
        return n == 4;
    default:
        return false;
    }
}

struct crash_told *crash_told_load(const char *path, size_t *count_r)
{
    FILE *in = fopen(path, "re");
    struct crash_told *told = NULL;
    size_t count = 0, room = 0, line_room = 0;
    char *line = NULL;
    if (in == NULL)
        err(2, "%s", path);
    while (getline(&line, &line_room, in) > 0) {
        char *words[WORDS] = {0}, *rest = line;
        size_t n = 0;
        while (n < WORDS && (words[n] = strsep(&rest, " \n")) != NULL && *words[n] != '\0')
            n++;
        if (count == room) {
            room = room ? room * 2 : 256;
            told = realloc(told, room * sizeof *told);
            if (told == NULL)
                err(2, "memory");
        }
        if (n < 3 || !parse(words, n, &told[count++]))
            errx(2, "%s, line %zu is no fact", path, count);
    }
    free(line);
    fclose(in);
    *count_r = count;
    return told;
}
