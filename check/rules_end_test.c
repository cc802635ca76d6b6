/* Rules about presence and the end: for each, a history that breaks it, and a near miss. */
#include "check/test_world.h"

#include <stdlib.h>

static char line[2000];

static void see(bool online)
{
    ask(2, "'op':'presence','id':70,'users':['1']");
    snprintf(line, sizeof line, "'users':[{'id':'1','status':'%s','last_seen':1}]",
             online ? "online" : "offline");
    ok(2, 70, line);
}

static void presence(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        begin();
        sent(1, 1);
        add("'e':'truth','user':'1','online':true");
        add("'e':'heal'");
        at(1000);
        see(i != 0); /* 0: it is not told */
        add("'e':'truth','user':'1','online':false");
        if (i >= 2)
            at(1060); /* within the bound: told late, or not yet */
        else
            at(1300);
        see(i == 1 || i == 2); /* 1: told too late */
        if (i < 2)
            breaks(PAR_RULE_PRESENCE);
        else
            holds();
    }
    /* 0: a hello that nobody answered; 1: one of long ago. */
    for (int i = 0; i < 2; i++) {
        begin();
        sent(1, 1);
        add("'e':'truth','user':'1','online':true");
        add("'e':'heal'");
        add("'e':'truth','user':'1','online':false");
        at(1000);
        add("'e':'open','conn':9,'device':'a','via':'ws'");
        ask(9, "'op':'hello','id':1");
        at(i ? 1300 : 1050);
        add("'e':'close','conn':9");
        see(true);
        if (i)
            breaks(PAR_RULE_PRESENCE);
        else
            holds();
    }
    /* A watcher who was never told of the end. */
    for (int told = 0; told <= 1; told++) {
        begin();
        sent(1, 1);
        add("'e':'truth','user':'1','online':true");
        ask(2, "'op':'watch','id':70,'users':['1']");
        ok(2, 70, "'users':[{'id':'1','status':'online','last_seen':1}]");
        add("'e':'heal'");
        add("'e':'truth','user':'1','online':false");
        add("'e':'close','conn':1");
        add("'e':'close','conn':5");
        if (told)
            got(2, "'ev':'presence','user':'1','status':'offline','last_seen':1");
        add("'e':'push','user':'2','conv':'d.1.2','seq':1");
        at(1000);
        add("'e':'end'");
        if (told)
            holds();
        else
            breaks(PAR_RULE_PRESENCE);
    }
    /* What was watched before is not told of, though its answer comes last. */
    begin();
    sent(1, 1);
    add("'e':'truth','user':'1','online':true");
    ask(2, "'op':'watch','id':70,'users':['1']");
    ask(2, "'op':'watch','id':71,'users':[]");
    ok(2, 71, "'users':[]");
    ok(2, 70, "'users':[{'id':'1','status':'online','last_seen':1}]");
    add("'e':'heal'");
    add("'e':'truth','user':'1','online':false");
    add("'e':'close','conn':1");
    add("'e':'close','conn':5");
    add("'e':'push','user':'2','conv':'d.1.2','seq':1");
    at(1000);
    add("'e':'end'");
    holds();
}

static void hidden_presence(void **state)
{
    (void)state;
    /* Nothing in common. */
    begin();
    see(true);
    breaks(PAR_RULE_HIDDEN_PRESENCE);
    begin();
    see(false);
    holds();
    /* A block, and a setting. */
    for (int i = 0; i <= 1; i++) {
        begin();
        sent(1, 1);
        ask(1,
            i ? "'op':'block','id':1,'user':'2'" : "'op':'me.set','id':1,'show_last_seen':false");
        ok(1, 1, "");
        at(3000);
        see(true);
        breaks(PAR_RULE_HIDDEN_PRESENCE);
    }
    begin();
    ask(1, "'op':'contact.add','id':1,'user':'2'");
    ok(1, 1, "");
    see(true);
    holds();
    /* An entry that nobody saw. */
    begin();
    ask(1, "'op':'send','id':1,'to':'2','cmid':'a','text':'b'");
    see(true);
    holds();
    /* The end of the block was on its way when it was made. */
    begin();
    sent(1, 1);
    ask(5, "'op':'unblock','id':1,'user':'2'");
    ask(1, "'op':'block','id':1,'user':'2'");
    ok(1, 1, "");
    ok(5, 1, "");
    at(3000);
    see(true);
    holds();
    begin();
    got(2, "'ev':'presence','user':'1','status':'online','last_seen':1");
    breaks(PAR_RULE_HIDDEN_PRESENCE);
}

static void told(void **state)
{
    (void)state;
    for (int how = 0; how <= 6; how++) {
        begin();
        sent(1, 1);
        if (how == 1)
            event(2, 1, 1);
        if (how == 2)
            add("'e':'push','user':'2','conv':'d.1.2','seq':1");
        if (how == 3) {
            ask(2, "'op':'conv.set','id':1,'conv':'d.1.2','muted_until':99");
            ok(2, 1, "");
        }
        /* It may have been deleted, if that was not refused. */
        if (how >= 5)
            ask(1, "'op':'delete','id':60,'conv':'d.1.2','cmid':'gone','seq':1");
        if (how == 6)
            got(1, "'re':60,'error':{'code':'forbidden','message':'','retry':false}");
        add("'e':'heal'");
        if (how == 5)
            add("'e':'close','conn':1");
        add("'e':'end'");
        /* Read only by who asked after the end: nobody had told them. */
        if (how == 4) {
            ask(2, "'op':'history','id':1,'conv':'d.1.2'");
            snprintf(line, sizeof line, "'entries':[%s],'first_seq':1,'last_seq':1,'more':false",
                     entry(1, 1, false));
            ok(2, 1, line);
        }
        if (how == 0 || how == 4 || how == 6)
            breaks(PAR_RULE_TOLD);
        else
            holds();
    }
}

/* Lost unseen while in, taken out before that was noticed, and in again: who may not look back any
 * more cannot be told of it. */
static void told_of_a_former_stay(void **state)
{
    (void)state;
    for (int how = 0; how <= 2; how++) {
        const char *history = how == 1 ? "all" : "joined";
        begin_with(how == 2 ? "'healing_ms':60000,'presence_ms':100,'silence':false,'whole':false,"
                              "'push':true"
                            : "'healing_ms':60000,'presence_ms':100,'silence':true,'whole':false,"
                              "'push':true");
        snprintf(line, sizeof line,
                 "'op':'group.create','id':1,'name':'G','members':['2'],'cmid':'g','history':'%s'",
                 history);
        ask(1, line);
        ok(1, 1, "'conv':'g.1','seq':1,'ts':100,'dup':false");
        snprintf(line, sizeof line,
                 "'ev':'entry','conv':'g.1','seq':1,'ts':100,'from':'1','kind':'created',"
                 "'text':'G','users':['1','2'],'history':'%s'",
                 history);
        got(2, line);
        ask(1, "'op':'send','id':2,'conv':'g.1','cmid':'a','text':'lost'");
        ok(1, 2, "'conv':'g.1','seq':2,'ts':200,'dup':false");
        ask(1, "'op':'group.remove','id':3,'conv':'g.1','users':['2'],'cmid':'b'");
        ok(1, 3, "'conv':'g.1','seq':3,'ts':300,'dup':false");
        ask(1, "'op':'group.add','id':4,'conv':'g.1','users':['2'],'cmid':'c'");
        ok(1, 4, "'conv':'g.1','seq':4,'ts':400,'dup':false");
        got(5, "'ev':'entry','conv':'g.1','seq':2,'ts':200,'from':'1','kind':'text',"
               "'text':'lost','cmid':'a'");
        got(5, "'ev':'entry','conv':'g.1','seq':3,'ts':300,'from':'1','kind':'member_removed',"
               "'users':['2'],'cmid':'b'");
        got(5, "'ev':'entry','conv':'g.1','seq':4,'ts':400,'from':'1','kind':'member_added',"
               "'users':['2'],'cmid':'c'");
        add("'e':'heal'");
        add("'e':'end'");
        if (how == 0)
            holds();
        else
            breaks(PAR_RULE_TOLD);
    }
}

static void healed(void **state)
{
    (void)state;
    static const struct {
        unsigned first, last, from, to;
        bool right;
    } cases[] = {{1, 2, 1, 2, true}, {1, 1, 1, 1, false}, {2, 2, 2, 2, false}, {1, 2, 1, 1, false}};
    for (size_t i = 0; i < 4; i++) {
        begin();
        sent(1, 1);
        sent(1, 2);
        event(2, 1, 1);
        event(2, 2, 1);
        add("'e':'heal'");
        add("'e':'end'");
        size_t n = (size_t)snprintf(line, sizeof line,
                                    "'e':'hold','device':'b','conv':'d.1.2','first':%u,'last':%u,"
                                    "'entries':[",
                                    cases[i].first, cases[i].last);
        for (unsigned seq = cases[i].from; seq <= cases[i].to; seq++)
            n += (size_t)snprintf(line + n, sizeof line - n, "%s%s", seq > cases[i].from ? "," : "",
                                  entry(seq, 1, false));
        snprintf(line + n, sizeof line - n, "]");
        add(line);
        if (cases[i].right)
            holds();
        else
            breaks(PAR_RULE_HEALED);
    }
    /* One who was out when a text was deleted holds it as it was; one who is in must not. */
    for (int out = 0; out <= 1; out++) {
        begin();
        group();
        ask(1, "'op':'send','id':2,'conv':'g.1','cmid':'x','text':'x'");
        ok(1, 2, "'conv':'g.1','seq':2,'ts':200,'dup':false");
        got(2, "'ev':'entry','conv':'g.1','seq':2,'ts':200,'from':'1','kind':'text','text':'x'");
        ask(1, out ? "'op':'group.remove','id':3,'conv':'g.1','users':['2'],'cmid':'y'"
                   : "'op':'group.rename','id':3,'conv':'g.1','name':'H','cmid':'y'");
        ok(1, 3, "'conv':'g.1','seq':3,'ts':300,'dup':false");
        ask(1, "'op':'delete','id':4,'conv':'g.1','seq':2,'cmid':'z'");
        ok(1, 4, "'conv':'g.1','seq':4,'ts':400,'dup':false");
        ask(1, "'op':'ack','id':5,'read':{'g.1':4}");
        ok(1, 5, "");
        got(3, "'ev':'sync'");
        ask(3, "'op':'history','id':1,'conv':'g.1','after_seq':2");
        snprintf(line, sizeof line,
                 "'entries':[{'conv':'g.1','seq':3,'ts':300,'from':'1',%s},{'conv':'g.1','seq':4,"
                 "'ts':400,'from':'1','kind':'deleted','target':2}],'first_seq':1,'last_seq':4,"
                 "'more':false,'next_cursor':'300'",
                 out ? "'kind':'member_removed','users':['2']" : "'kind':'renamed','text':'H'");
        ok(3, 1, line);
        add("'e':'end'");
        snprintf(line, sizeof line,
                 "'e':'hold','device':'b','conv':'g.1','first':1,'last':%d,"
                 "'entries':[{'seq':1},{'seq':2,'kind':'text','text':'x'},{'seq':3}%s]",
                 out ? 3 : 4, out ? "" : ",{'seq':4}");
        add(line);
        if (out)
            holds();
        else
            breaks(PAR_RULE_DELETED_TEXT);
    }
    /* A device that says what it holds, and has nothing. */
    begin();
    sent(1, 1);
    event(2, 1, 1);
    add("'e':'end'");
    add("'e':'outbox','device':'b','cmids':[]");
    breaks(PAR_RULE_HEALED);
    /* What it holds is not what the log has. */
    begin();
    sent(1, 1);
    event(2, 1, 1);
    add("'e':'end'");
    add("'e':'hold','device':'b','conv':'d.1.2','first':1,'last':1,"
        "'entries':[{'seq':1,'text':'other'}]");
    breaks(PAR_RULE_SAME_ENTRY);
    /* The store lost one. */
    begin();
    sent(1, 1);
    sent(1, 2);
    event(2, 1, 1);
    event(2, 2, 1);
    add("'e':'end'");
    add("'e':'store','conv':'d.1.2','last':1,'entries':[{'seq':1}]");
    breaks(PAR_RULE_HEALED);
}

static void stuck(void **state)
{
    (void)state;
    begin();
    add("'e':'end'");
    add("'e':'outbox','device':'a','cmids':['m1']");
    breaks(PAR_RULE_STUCK);
    begin();
    ask(1, "'op':'ping','id':1");
    add("'e':'end'");
    breaks(PAR_RULE_STUCK);
    /* Refused for a fault, long after all have stopped. */
    for (int late = 0; late <= 1; late++) {
        begin();
        add("'e':'heal'");
        at(late ? 1100 : 900);
        send_ask(1, 1);
        refused(1, 11, "unavailable", true);
        if (late)
            breaks(PAR_RULE_STUCK);
        else
            holds();
    }
    /* The connection went. */
    begin();
    ask(1, "'op':'ping','id':1");
    add("'e':'close','conn':1");
    add("'e':'end'");
    add("'e':'outbox','device':'a','cmids':[]");
    holds();
}

static void malformed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{}\n",
        "[]\n",
        "{\"e\":\"note\",\"t\":1,\"text\":\"x\"}\n",
        "{\"e\":\"begin\",\"t\":1,\"version\":2}\n",
        "{\"e\":\"begin\",\"t\":1,\"version\":1,\"healing_ms\":1,\"presence_ms\":1}\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct par_check *c = par_check_new();
        uint32_t at_line;
        if (par_check_feed(c, par_str(bad[i])))
            par_check_finish(c);
        assert_string_not_equal(par_check_fault(c, &at_line), "");
        par_check_free(&c);
    }
    static const char *const lines[] = {
        "'e':'nothing'",
        "'e':'open','conn':1,'device':'a','via':'ws'",
        "'e':'open','conn':9,'device':'z','via':'ws'",
        "'e':'close','conn':9",
        "'e':'got','conn':9,'frame':{}",
        "'e':'ask','conn':1,'frame':[]",
        "'e':'ask','conn':1,'frame':{'op':'ping'}",
        "'e':'push','user':'9','conv':'d.1.2','seq':1",
        "'e':'device','device':'a','user':'2'",
        "'e':'hold','device':'a','conv':'d.1.2','first':1,'last':1,'entries':[{}]",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        begin();
        add(lines[i]);
        struct par_check *c = par_check_new();
        uint32_t at_line;
        assert_false(par_check_feed(c, history_text()));
        assert_string_not_equal(par_check_fault(c, &at_line), "");
        assert_int_equal(at_line, 16);
        par_check_free(&c);
    }
    begin();
    holds();
}

/* The example of the documentation is a history, and a right one. */
static void example(void **state)
{
    (void)state;
    char path[1000], row[2000];
    const char *root = getenv("PARLEY_SOURCE_ROOT");
    snprintf(path, sizeof path, "%s/docs/verification.md", root ? root : ".");
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    struct par_buf history = {0}, report = {0};
    while (fgets(row, sizeof row, f))
        if (row[0] == '{')
            par_buf_addz(&history, row);
    fclose(f);
    assert_true(history.len > 0);
    assert_false(any_broken(par_buf_str(&history), &report));
    par_buf_fini(&history);
    par_buf_fini(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presence),  cmocka_unit_test(hidden_presence),
        cmocka_unit_test(told),      cmocka_unit_test(told_of_a_former_stay),
        cmocka_unit_test(healed),    cmocka_unit_test(stuck),
        cmocka_unit_test(malformed), cmocka_unit_test(example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
