/* Asks the running server to do a command. */
#include "cli/admin_call.h"

#include "base/json_write.h"
#include "loop/unix_call.h"

#include <jansson.h>

enum { ANSWER_MAX = 64 << 20 };

static void write_request(struct par_buf *request, const char *command, const char *const *args,
                          unsigned n_args, const char *input)
{
    struct par_json_out w = par_json_out(request);
    par_json_open(&w);
    par_json_key_z(&w, "command", command);
    par_json_key(&w, "args");
    par_json_open_array(&w);
    for (unsigned i = 0; i < n_args; i++)
        par_json_str(&w, par_str(args[i]));
    par_json_close_array(&w);
    if (input != NULL)
        par_json_key_z(&w, "input", input);
    par_json_close(&w);
    par_buf_add_u8(request, '\n');
}

static void print(FILE *to, const json_t *text)
{
    if (json_is_string(text))
        fwrite(json_string_value(text), 1, json_string_length(text), to);
}

static int print_answer(const struct par_cli *cli, const struct par_buf *answer)
{
    json_t *obj = json_loadb((const char *)answer->data, answer->len, 0, NULL);
    json_t *exit = json_object_get(obj, "exit");
    int code;
    if (json_is_integer(exit)) {
        print(stdout, json_object_get(obj, "out"));
        print(stderr, json_object_get(obj, "err"));
        code = (int)json_integer_value(exit);
    } else {
        code = par_cli_fail(cli, "the server's answer makes no sense: is it another version?");
    }
    json_decref(obj);
    return code;
}

bool par_cli_admin_call(const struct par_cli *cli, const char *command, const char *const *args,
                        unsigned n_args, const char *input, uint32_t timeout_ms, int *code_r)
{
    struct par_buf request = {0}, answer = {0};
    write_request(&request, command, args, n_args, input);
    enum par_err err = request.failed
                           ? PAR_E_UNAVAILABLE
                           : par_unix_call(cli->cfg.server.admin_socket, par_buf_str(&request),
                                           timeout_ms, ANSWER_MAX, &answer);
    if (err == PAR_OK)
        *code_r = print_answer(cli, &answer);
    else if (err != PAR_E_NOT_FOUND)
        *code_r =
            par_cli_fail(cli, "the server does not answer on %s", cli->cfg.server.admin_socket);
    par_buf_fini(&request);
    par_buf_fini(&answer);
    return err != PAR_E_NOT_FOUND;
}
