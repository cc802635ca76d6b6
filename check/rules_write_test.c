/* Rules about writing: for each, a small history that breaks it, and a near miss that does not. */
#include "check/test_world.h"

static void form(void **state)
{
    (void)state;
    begin();
    send_ask(1, 1);
    ok(1, 11, "'conv':'d.1.2','ts':100,'dup':false");
    breaks(PAR_RULE_FORM);
    begin();
    ask(1, "'op':'ping','id':1");
    got(1, "'re':1,'ok':{},'error':{'code':'internal','retry':true}");
    breaks(PAR_RULE_FORM);
    begin();
    sent(1, 1);
    got(2, "'ev':'entry','conv':'d.1.2','ts':100,'from':'1','kind':'text','text':'m1'");
    breaks(PAR_RULE_FORM);
    /* What is not known is passed over. */
    begin();
    send_ask(1, 1);
    ok(1, 11, "'conv':'d.1.2','seq':1,'ts':100,'dup':false,'more':{'x':[1]}");
    got(1, "'ev':'future','conv':7");
    holds();
}

static void one_answer(void **state)
{
    (void)state;
    begin();
    sent(1, 1);
    send_ok(1, 1);
    breaks(PAR_RULE_ONE_ANSWER);
    begin();
    got(1, "'re':7,'ok':{}");
    breaks(PAR_RULE_ONE_ANSWER);
    /* An id may be used again once it was answered. */
    begin();
    ask(1, "'op':'ping','id':1");
    ok(1, 1, "'server_time':1");
    ask(1, "'op':'ping','id':1");
    ok(1, 1, "'server_time':2");
    holds();
}

static void acked(void **state)
{
    (void)state;
    /* Another text stands at the seq that was acked. */
    begin();
    sent(1, 1);
    got(2, "'ev':'entry','conv':'d.1.2','seq':1,'ts':100,'from':'1','kind':'text','text':'x'");
    breaks(PAR_RULE_ACKED);
    /* Another ts. */
    begin();
    sent(1, 1);
    got(2, "'ev':'entry','conv':'d.1.2','seq':1,'ts':101,'from':'1','kind':'text','text':'m1'");
    breaks(PAR_RULE_ACKED);
    /* Two were given one number. */
    begin();
    sent(1, 1);
    send_ask(2, 2);
    ok(2, 12, "'conv':'d.1.2','seq':1,'ts':100,'dup':false");
    breaks(PAR_RULE_ACKED);
    /* Accepted without an entry, though there was somebody to add. */
    begin();
    group();
    ask(1, "'op':'group.add','id':2,'conv':'g.1','users':['4'],'cmid':'x'");
    ok(1, 2, "'conv':'g.1','seq':1,'ts':100,'dup':false");
    breaks(PAR_RULE_ACKED);
    /* Nobody to add: no entry. */
    begin();
    group();
    ask(1, "'op':'group.add','id':2,'conv':'g.1','users':['2'],'cmid':'x'");
    ok(1, 2, "'conv':'g.1','seq':1,'ts':100,'dup':false");
    holds();
    begin();
    sent(1, 1);
    event(2, 1, 1);
    holds();
}

static void same_answer(void **state)
{
    (void)state;
    const char *again = "'op':'send','id':20,'to':'2','cmid':'m1','text':'m1'";
    begin();
    sent(1, 1);
    ask(5, again);
    ok(5, 20, "'conv':'d.1.2','seq':2,'ts':200,'dup':true");
    breaks(PAR_RULE_SAME_ANSWER);
    begin();
    sent(1, 1);
    ask(5, again);
    ok(5, 20, "'conv':'d.1.2','seq':1,'ts':101,'dup':true");
    breaks(PAR_RULE_SAME_ANSWER);
    begin();
    sent(1, 1);
    ask(5, again);
    ok(5, 20, "'conv':'d.1.2','seq':1,'ts':100,'dup':false");
    breaks(PAR_RULE_SAME_ANSWER);
    begin();
    send_ask(1, 1);
    ok(1, 11, "'conv':'d.1.2','seq':1,'ts':100,'dup':true");
    breaks(PAR_RULE_SAME_ANSWER);
    /* Both tries in flight: either may be the first. */
    begin();
    send_ask(1, 1);
    ask(5, again);
    ok(1, 11, "'conv':'d.1.2','seq':1,'ts':100,'dup':true");
    ok(5, 20, "'conv':'d.1.2','seq':1,'ts':100,'dup':false");
    holds();
}

static void final_refusal(void **state)
{
    (void)state;
    begin();
    send_ask(1, 1);
    refused(1, 11, "forbidden", false);
    event(2, 1, 1);
    breaks(PAR_RULE_FINAL_REFUSAL);
    /* Refused, then asked again and accepted. */
    begin();
    send_ask(1, 1);
    refused(1, 11, "forbidden", false);
    ask(1, "'op':'send','id':20,'to':'2','cmid':'m1','text':'m1'");
    ok(1, 20, "'conv':'d.1.2','seq':1,'ts':100,'dup':false");
    event(2, 1, 1);
    holds();
    /* An earlier try is under way; and one that was answered before is not. */
    begin();
    ask(5, "'op':'send','id':20,'to':'2','cmid':'m1','text':'m1'");
    send_ask(1, 1);
    refused(1, 11, "forbidden", false);
    event(2, 1, 1);
    holds();
    begin();
    ask(5, "'op':'send','id':20,'to':'2','cmid':'m1','text':'m1'");
    send_ask(1, 1);
    refused(5, 20, "forbidden", false);
    refused(1, 11, "forbidden", false);
    event(2, 1, 1);
    breaks(PAR_RULE_FINAL_REFUSAL);
    /* A refusal that is not for good says nothing. */
    begin();
    send_ask(1, 1);
    refused(1, 11, "unavailable", true);
    event(2, 1, 1);
    event(1, 1, 1);
    holds();
}

static void cmid_once(void **state)
{
    (void)state;
    begin();
    sent(1, 1);
    ask(5, "'op':'send','id':20,'to':'2','cmid':'m1','text':'m1'");
    got(2, "'ev':'entry','conv':'d.1.2','seq':1,'ts':100,'from':'1','kind':'text','text':'m1'");
    got(5, "'ev':'entry','conv':'d.1.2','seq':2,'ts':200,'from':'1','kind':'text','text':'m1',"
           "'cmid':'m1'");
    breaks(PAR_RULE_CMID_ONCE);
    /* Another sender may use the same one. */
    begin();
    sent(1, 1);
    ask(2, "'op':'send','id':20,'to':'1','cmid':'m1','text':'b'");
    ok(2, 20, "'conv':'d.1.2','seq':2,'ts':200,'dup':false");
    holds();
}

static void conflict(void **state)
{
    (void)state;
    /* Another body, accepted as a duplicate. */
    begin();
    sent(1, 1);
    ask(1, "'op':'send','id':20,'to':'2','cmid':'m1','text':'other'");
    ok(1, 20, "'conv':'d.1.2','seq':1,'ts':100,'dup':true");
    breaks(PAR_RULE_CONFLICT);
    /* The same body, and a conflict. */
    begin();
    send_ask(1, 1);
    ask(5, "'op':'send','id':20,'to':'2','cmid':'m1','text':'m1'");
    refused(5, 20, "conflict", false);
    breaks(PAR_RULE_CONFLICT);
    begin();
    sent(1, 1);
    ask(1, "'op':'send','id':20,'to':'2','cmid':'m1','text':'other'");
    refused(1, 20, "conflict", false);
    holds();
    /* client_ts is no part of the body. */
    begin();
    sent(1, 1);
    ask(1, "'op':'send','id':20,'to':'2','cmid':'m1','text':'m1','client_ts':5");
    ok(1, 20, "'conv':'d.1.2','seq':1,'ts':100,'dup':true");
    holds();
}

static void known_first(void **state)
{
    (void)state;
    begin();
    sent(1, 1);
    ask(1, "'op':'send','id':20,'to':'2','cmid':'m1','text':'m1'");
    refused(1, 20, "rate_limited", true);
    breaks(PAR_RULE_KNOWN_FIRST);
    begin();
    sent(1, 1);
    ask(1, "'op':'send','id':20,'to':'2','cmid':'m1','text':'m1'");
    refused(1, 20, "blocked", false);
    breaks(PAR_RULE_KNOWN_FIRST);
    begin();
    sent(1, 1);
    ask(1, "'op':'send','id':20,'to':'2','cmid':'m1','text':'m1'");
    refused(1, 20, "overloaded", true);
    ask(1, "'op':'send','id':21,'to':'2','cmid':'m1','text':'m1'");
    refused(1, 21, "unauthorized", false);
    holds();
}

static void invented(void **state)
{
    (void)state;
    begin();
    got(2, "'ev':'entry','conv':'d.1.2','seq':1,'ts':100,'from':'1','kind':'text','text':'m1'");
    breaks(PAR_RULE_INVENTED);
    /* Seen before it was asked for. */
    begin();
    event(2, 1, 1);
    send_ask(1, 1);
    breaks(PAR_RULE_INVENTED);
    /* Another sender than the one who asked. */
    begin();
    send_ask(1, 1);
    got(1, "'ev':'entry','conv':'d.1.2','seq':1,'ts':100,'from':'2','kind':'text','text':'m1'");
    breaks(PAR_RULE_INVENTED);
    /* Never answered, and seen by the other side only. */
    begin();
    send_ask(1, 1);
    event(2, 1, 1);
    holds();
}

static void rights(void **state)
{
    (void)state;
    /* The text of another is edited. */
    begin();
    sent(1, 1);
    ask(2, "'op':'edit','id':1,'conv':'d.1.2','seq':1,'cmid':'x','text':'y'");
    ok(2, 1, "'conv':'d.1.2','seq':2,'ts':200,'dup':false");
    breaks(PAR_RULE_RIGHTS);
    /* A member renames. */
    begin();
    group();
    ask(2, "'op':'group.rename','id':1,'conv':'g.1','cmid':'x','name':'H'");
    ok(2, 1, "'conv':'g.1','seq':2,'ts':200,'dup':false");
    breaks(PAR_RULE_RIGHTS);
    /* One who was never in writes. */
    begin();
    group();
    ask(4, "'op':'send','id':1,'conv':'g.1','cmid':'x','text':'y'");
    ok(4, 1, "'conv':'g.1','seq':2,'ts':200,'dup':false");
    breaks(PAR_RULE_RIGHTS);
    /* A deleted one is edited. */
    begin();
    sent(1, 1);
    ask(1, "'op':'delete','id':1,'conv':'d.1.2','seq':1,'cmid':'x'");
    ok(1, 1, "'conv':'d.1.2','seq':2,'ts':200,'dup':false");
    ask(1, "'op':'edit','id':2,'conv':'d.1.2','seq':1,'cmid':'y','text':'y'");
    ok(1, 2, "'conv':'d.1.2','seq':3,'ts':300,'dup':false");
    breaks(PAR_RULE_RIGHTS);
    /* The owner goes, and nobody owns the group. */
    begin();
    group();
    ask(1, "'op':'group.leave','id':2,'conv':'g.1','cmid':'x'");
    ok(1, 2, "'conv':'g.1','seq':2,'ts':200,'dup':false");
    breaks(PAR_RULE_RIGHTS);
    /* The owner hands over and goes; the new one renames; own texts are edited. */
    begin();
    group();
    ask(1, "'op':'group.leave','id':2,'conv':'g.1','cmid':'x'");
    got(2, "'ev':'entry','conv':'g.1','seq':2,'ts':200,'from':'1','kind':'role_changed',"
           "'users':['2'],'role':'owner'");
    got(2, "'ev':'entry','conv':'g.1','seq':3,'ts':300,'from':'1','kind':'member_left'");
    ok(1, 2, "'conv':'g.1','seq':3,'ts':300,'dup':false");
    ask(2, "'op':'group.rename','id':1,'conv':'g.1','cmid':'x','name':'H'");
    ok(2, 1, "'conv':'g.1','seq':4,'ts':400,'dup':false");
    sent(1, 1);
    ask(1, "'op':'edit','id':3,'conv':'d.1.2','seq':1,'cmid':'x','text':'y'");
    ok(1, 3, "'conv':'d.1.2','seq':2,'ts':200,'dup':false");
    holds();
    /* Of two who came with one entry, the one who stands first in it. */
    begin();
    group();
    ask(1, "'op':'group.leave','id':2,'conv':'g.1','cmid':'x'");
    got(2, "'ev':'entry','conv':'g.1','seq':2,'ts':200,'from':'1','kind':'role_changed',"
           "'users':['3'],'role':'owner'");
    got(2, "'ev':'entry','conv':'g.1','seq':3,'ts':300,'from':'1','kind':'member_left'");
    breaks(PAR_RULE_RIGHTS);
    /* To the longest-standing: an admin goes before a member. */
    begin();
    group();
    ask(1, "'op':'group.role','id':2,'conv':'g.1','cmid':'r','user':'3','role':'admin'");
    ok(1, 2, "'conv':'g.1','seq':2,'ts':200,'dup':false");
    got(2, "'ev':'entry','conv':'g.1','seq':2,'ts':200,'from':'1','kind':'role_changed',"
           "'users':['3'],'role':'admin'");
    ask(1, "'op':'group.leave','id':3,'conv':'g.1','cmid':'x'");
    got(2, "'ev':'entry','conv':'g.1','seq':3,'ts':300,'from':'1','kind':'role_changed',"
           "'users':['2'],'role':'owner'");
    got(2, "'ev':'entry','conv':'g.1','seq':4,'ts':400,'from':'1','kind':'member_left'");
    breaks(PAR_RULE_RIGHTS);
}

static void blocked(void **state)
{
    (void)state;
    begin();
    ask(2, "'op':'block','id':1,'user':'1'");
    ok(2, 1, "");
    sent(1, 1);
    breaks(PAR_RULE_BLOCKED);
    /* Asked before the answer; and after the end of the block was asked for. */
    begin();
    ask(2, "'op':'block','id':1,'user':'1'");
    send_ask(1, 1);
    ok(2, 1, "");
    send_ok(1, 1);
    ask(2, "'op':'unblock','id':2,'user':'1'");
    sent(1, 2);
    holds();
}

static void refused_wrongly(void **state)
{
    (void)state;
    begin();
    group();
    ask(2, "'op':'send','id':1,'conv':'g.1','cmid':'x','text':'y'");
    refused(2, 1, "not_member", false);
    breaks(PAR_RULE_REFUSED_WRONGLY);
    begin();
    send_ask(1, 1);
    refused(1, 11, "blocked", false);
    breaks(PAR_RULE_REFUSED_WRONGLY);
    /* A removal is on its way: it may have come first. */
    begin();
    group();
    ask(1, "'op':'group.remove','id':2,'conv':'g.1','users':['2'],'cmid':'x'");
    ask(2, "'op':'send','id':1,'conv':'g.1','cmid':'x','text':'y'");
    refused(2, 1, "not_member", false);
    ok(1, 2, "'conv':'g.1','seq':2,'ts':200,'dup':false");
    got(3, "'ev':'entry','conv':'g.1','seq':2,'ts':200,'from':'1','kind':'member_removed',"
           "'users':['2']");
    ask(2, "'op':'block','id':2,'user':'1'");
    send_ask(1, 1);
    refused(1, 11, "blocked", false);
    holds();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form),          cmocka_unit_test(one_answer),
        cmocka_unit_test(acked),         cmocka_unit_test(same_answer),
        cmocka_unit_test(final_refusal), cmocka_unit_test(cmid_once),
        cmocka_unit_test(conflict),      cmocka_unit_test(known_first),
        cmocka_unit_test(invented),      cmocka_unit_test(rights),
        cmocka_unit_test(blocked),       cmocka_unit_test(refused_wrongly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
