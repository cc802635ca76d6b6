/* The writer of histories: every line is one JSON object with the members that the format names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/json_read.h"
#include "check/history.h"

static void writes_the_lines_of_the_format(void **state)
{
    (void)state;
    struct par_buf out = {0};
    struct par_history_head head = {.t = 1,
                                    .healing_ms = 60000,
                                    .presence_ms = 7000,
                                    .whole = true,
                                    .push = true,
                                    .name = "seed \"7\""};
    par_history_begin(&out, &head);
    par_history_user(&out, 1, 17, "sarah");
    par_history_user(&out, 1, 18446744073709551615u, NULL);
    par_history_device(&out, 1, "sarah-1", 17);
    par_history_open(&out, 5, 1, "sarah-1", PAR_VIA_WS);
    par_history_ask(&out, 5, 1, PAR_STR("{\"op\":\"ping\",\n\r\"id\":1}"));
    par_history_got(&out, 9, 1, PAR_STR("{\"re\":1,\"ok\":{\"server_time\":3}}"));
    par_history_close(&out, 10, 1);
    par_history_call(&out, 11, 2, "sarah-1", 0, PAR_VIA_REST,
                     PAR_STR("{\"op\":\"ping\",\"id\":1}"));
    par_history_call(&out, 11, 3, NULL, 17, PAR_VIA_KEY, PAR_STR("{\"op\":\"ping\",\"id\":1}"));
    par_history_push(&out, 12, 17, PAR_STR("d.17.18"), 4, "no route");
    par_history_truth(&out, 13, 17, false);
    par_history_heal(&out, 14);
    par_history_end(&out, 15);
    par_history_note(&out, 15, "killed server 2");
    par_history_outbox(&out, 16, "sarah-1", (struct par_str[]){PAR_STR("a\"b"), PAR_STR("c")}, 2);
    struct par_history_hold hold = par_history_hold(&out, 16, "sarah-1", PAR_STR("g.x"), 1, 2);
    par_history_hold_entry(&hold, PAR_STR("{\"seq\":1}"));
    par_history_hold_entry(&hold, PAR_STR("{\"seq\":2}"));
    par_history_hold_end(&hold);
    hold = par_history_store(&out, 17, PAR_STR("g.x"), 0);
    par_history_hold_end(&hold);

    static const char want[] =
        "{\"e\":\"begin\",\"t\":1,\"version\":1,\"name\":\"seed \\\"7\\\"\",\"healing_ms\":60000,"
        "\"presence_ms\":7000,\"silence\":false,\"whole\":true,\"push\":true}\n"
        "{\"e\":\"user\",\"t\":1,\"user\":\"17\",\"name\":\"sarah\"}\n"
        "{\"e\":\"user\",\"t\":1,\"user\":\"18446744073709551615\"}\n"
        "{\"e\":\"device\",\"t\":1,\"device\":\"sarah-1\",\"user\":\"17\"}\n"
        "{\"e\":\"open\",\"t\":5,\"conn\":1,\"device\":\"sarah-1\",\"via\":\"ws\"}\n"
        "{\"e\":\"ask\",\"t\":5,\"conn\":1,\"frame\":{\"op\":\"ping\",  \"id\":1}}\n"
        "{\"e\":\"got\",\"t\":9,\"conn\":1,\"frame\":{\"re\":1,\"ok\":{\"server_time\":3}}}\n"
        "{\"e\":\"close\",\"t\":10,\"conn\":1}\n"
        "{\"e\":\"ask\",\"t\":11,\"conn\":2,\"device\":\"sarah-1\",\"via\":\"rest\","
        "\"frame\":{\"op\":\"ping\",\"id\":1}}\n"
        "{\"e\":\"ask\",\"t\":11,\"conn\":3,\"user\":\"17\",\"via\":\"key\","
        "\"frame\":{\"op\":\"ping\",\"id\":1}}\n"
        "{\"e\":\"push\",\"t\":12,\"user\":\"17\",\"conv\":\"d.17.18\",\"seq\":4,"
        "\"reason\":\"no route\"}\n"
        "{\"e\":\"truth\",\"t\":13,\"user\":\"17\",\"online\":false}\n"
        "{\"e\":\"heal\",\"t\":14}\n"
        "{\"e\":\"end\",\"t\":15}\n"
        "{\"e\":\"note\",\"t\":15,\"text\":\"killed server 2\"}\n"
        "{\"e\":\"outbox\",\"t\":16,\"device\":\"sarah-1\",\"cmids\":[\"a\\\"b\",\"c\"]}\n"
        "{\"e\":\"hold\",\"t\":16,\"device\":\"sarah-1\",\"conv\":\"g.x\",\"first\":1,\"last\":2,"
        "\"entries\":[{\"seq\":1},{\"seq\":2}]}\n"
        "{\"e\":\"store\",\"t\":17,\"conv\":\"g.x\",\"last\":0,\"entries\":[]}\n";
    assert_false(out.failed);
    assert_int_equal(out.len, sizeof want - 1);
    assert_memory_equal(out.data, want, out.len);
    for (const char *p = want; *p;) {
        const char *line_end = strchr(p, '\n');
        struct par_arena arena = {0};
        struct par_json object;
        assert_int_equal(par_json_check(par_str_of(p, (size_t)(line_end - p)), 18, &arena, &object),
                         PAR_JSON_FINE);
        par_arena_fini(&arena);
        p = line_end + 1;
    }
    par_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_lines_of_the_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
