// The JSON of a frame: what closes with 4400, what is bad_request, what is ignored (section 2).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client } from '../lib/client.js';
import { checkError, type Json } from '../lib/http.js';
import { cmid, type User, World, world } from '../lib/world.js';

/** A value nested so that the frame around it has this depth. */
function nested(depth: number): string {
  return '['.repeat(depth - 1) + ']'.repeat(depth - 1);
}

describe('JSON in frames', () => {
  const w = world(new World({}));
  let next = 1000;

  async function pair(): Promise<[Client, User, User]> {
    const [a, b] = await w.users(2);
    return [await a.connect(), a, b];
  }
  /** One frame, `@` in it replaced by a fresh id, and its answer. */
  function ask(c: Client, text: string): Promise<Json> {
    const id = next++;
    return c.rawRequest(id, text.replace('@', String(id)));
  }
  async function refused(c: Client, text: string, name: RegExp): Promise<void> {
    const answer = await ask(c, text);
    assert.ok(answer.error, `${text} was answered ${JSON.stringify(answer)}`);
    checkError(answer.error, 'bad_request', name);
  }

  test('what is not one JSON object closes with 4400', async () => {
    const user = await w.user();
    const bad = [
      '',
      ' ',
      'ping',
      'null',
      'true',
      '5',
      '"ping"',
      '[]',
      '[{"op":"ping","id":1}]',
      '{"op":"ping","id":1}{"op":"ping","id":2}',
      '{"op":"ping","id":1} x',
      '{"op":"ping","id":1}]',
      '{"op":"ping","id":1',
      '{"op":"ping","id":1,}',
      '{"op":"ping",,"id":1}',
      '{,"op":"ping","id":1}',
      '{"op":"ping" "id":1}',
      '{"op" "ping","id":1}',
      '{"op":"ping","id":}',
      '{op:"ping","id":1}',
      "{'op':'ping','id':1}",
      '{"op":"ping","id":1}//',
      '/**/{"op":"ping","id":1}',
      '{"op":"ping","id":01}',
      '{"op":"ping","id":+1}',
      '{"op":"ping","id":.5}',
      '{"op":"ping","id":1.}',
      '{"op":"ping","id":1e}',
      '{"op":"ping","id":-}',
      '{"op":"ping","id":0x1}',
      '{"op":"ping","id":NaN}',
      '{"op":"ping","id":Infinity}',
      '{"op":"ping","id":1,"x":tru}',
      '{"op":"ping","id":1,"x":True}',
      '{"op":"ping","id":1,"x":nul}',
      '{"op":"ping","id":1,"x":"\t"}',
      '{"op":"ping","id":1,"x":"\n"}',
      '{"op":"ping","id":1,"x":"\u0000"}',
      '{"op":"ping","id":1,"x":"\\x41"}',
      '{"op":"ping","id":1,"x":"\\u12g4"}',
      '{"op":"ping","id":1,"x":"\\u12"}',
      '{"op":"ping","id":1,"x":"\\"}',
      '{"op":"ping","id":1,"x":"}',
      '{"op":"ping","id":1,"x":[1,]}',
      '{"op":"ping","id":1,"x":[1}',
      '{"op":"ping","id":1,"x":{]}',
      '{"op":"ping","id":1,"x":1 2}',
      '\ufeff{"op":"ping","id":1}',
      '\u00a0{"op":"ping","id":1}',
      '{"op":"ping","id":1}\u0000',
      '\u000b{"op":"ping","id":1}',
    ];
    for (const text of bad) {
      const c = await user.connect();
      c.ws.text(text);
      const failed = (err: Error): never => assert.fail(`${JSON.stringify(text)}: ${err.message}`);
      await c.expectClose(4400).catch(failed);
    }
  });

  test('white space between tokens is fine', async () => {
    const [c] = await pair();
    const answer = await ask(c, ' \r\n\t{ "op" :\t"ping" ,\n"id" : @ , "x" : [ ] , "y" : { } } \n');
    assert.ok(answer.ok);
  });

  test('a member twice closes with 4400, at any depth, compared unescaped', async () => {
    const user = await w.user();
    for (const text of [
      '{"op":"ping","op":"ping","id":1}',
      '{"op":"ping","id":1,"id":1}',
      '{"op":"ping","id":1,"x":1,"x":2}',
      '{"op":"ping","id":1,"\\u006fp":"ping"}',
      '{"op":"ping","id":1,"x":1,"\\u0078":1}',
      '{"op":"ping","id":1,"a/b":1,"a\\/b":1}',
      '{"op":"ping","id":1,"\\ud83d\\ude00":1,"😀":1}',
      '{"op":"ping","id":1,"x":{"y":1,"y":1}}',
      '{"op":"ping","id":1,"x":[[{"y":{"z":1,"\\u007a":1}}]]}',
      '{"op":"ping","id":1,"":1,"":1}',
      '{"op":"sync","id":1,"have":{"d.1.2":1,"d.1.2":1}}',
      '{"op":"ping","id":1,"x":null,"x":null}',
    ]) {
      const c = await user.connect();
      c.ws.text(text);
      await c.expectClose(4400).catch((err) => assert.fail(`${text}: ${err.message}`));
    }
    const c = await user.connect();
    const fine = await ask(
      c,
      '{"op":"ping","id":@,"x":{"op":1,"id":2},"y":{"x":1},"Op":1,"X":[{"a":1},{"a":1}]}',
    );
    assert.ok(fine.ok, 'the same name in different objects');
  });

  test('many members are compared too', async () => {
    const user = await w.user();
    const names = Array.from({ length: 3000 }, (_, i) => `"m${i}":${i}`).join(',');
    const c = await user.connect();
    assert.ok((await ask(c, `{"op":"ping","id":@,${names}}`)).ok);
    c.ws.text(`{"op":"ping","id":1,${names},"m1":1}`);
    await c.expectClose(4400);
  });

  test('depth 16 is taken, 17 closes with 4400', async () => {
    const user = await w.user();
    const c = await user.connect();
    assert.ok((await ask(c, `{"op":"ping","id":@,"x":${nested(16)}}`)).ok);
    assert.ok((await ask(c, `{"op":"ping","id":@,"x":${'{"a":'.repeat(15)}1${'}'.repeat(15)}}`)).ok);
    c.ws.text(`{"op":"ping","id":1,"x":${nested(17)}}`);
    await c.expectClose(4400);
    const d = await user.connect();
    d.ws.text(`{"op":"ping","id":1,"x":${'{"a":'.repeat(16)}1${'}'.repeat(16)}}`);
    await d.expectClose(4400);
    const e = await user.connect();
    e.ws.text(`{"op":"ping","id":1,"x":${'['.repeat(60_000)}`);
    await e.expectClose(4400);
  });

  test('what closes with 4400 goes before bad_request', async () => {
    const user = await w.user();
    for (const text of [
      `{"op":5,"id":1,"x":${nested(17)}}`,
      '{"id":1.5,"op":"ping","x":1,"x":1}',
      '{"op":"nonsense","id":1,"x":}',
      '{"op":"send","id":1,"text":"\\ud800","to":"1","to":"1"}',
      '{"\\ud800":1,"op":"ping","id":1} x',
    ]) {
      const c = await user.connect();
      c.ws.text(text);
      await c.expectClose(4400).catch((err) => assert.fail(`${text}: ${err.message}`));
    }
  });

  test('id: any integer below 2^53 in size', async () => {
    const [c] = await pair();
    for (const id of ['0', '-1', '9007199254740991', '-9007199254740991', '4294967296']) {
      const answer = await c.rawRequest(Number(id), `{"op":"ping","id":${id}}`);
      assert.ok(answer.ok, id);
    }
    for (const id of [
      '9007199254740992',
      '-9007199254740992',
      '99999999999999999999',
      '1.5',
      '1.0',
      '1e2',
      '1E2',
      '-0.0',
      '1e400',
      '"1"',
      'true',
      '[]',
      '{}',
      'null',
    ]) {
      c.ws.text(`{"op":"ping","id":${id}}`);
      const answer = await c.answerNull();
      checkError(answer.error, 'bad_request', /id/);
    }
    c.ws.text('{"op":"ping"}');
    checkError((await c.answerNull()).error, 'bad_request', /id/);
    await c.ok('ping');
  });

  test('a request without a usable id does nothing', async () => {
    const [c, a, b] = await pair();
    c.ws.text(JSON.stringify({ op: 'send', id: '7', to: b.id, cmid: cmid(), text: 'x' }));
    await c.answerNull();
    assert.equal((await c.ok('history', { conv: a.direct(b) })).last_seq, 0);
  });

  test('op: missing or of a wrong type is bad_request, unknown is unknown_op', async () => {
    const [c] = await pair();
    await refused(c, '{"id":@}', /op/);
    await refused(c, '{"id":@,"op":5}', /op/);
    await refused(c, '{"id":@,"op":null}', /op/);
    await refused(c, '{"id":@,"op":["ping"]}', /op/);
    await refused(c, '{"id":@,"op":"\\ud800"}', /op/);
    for (const op of ['', 'Ping', 'ping ', 'pin', 'pingg', 'entry', 'x'.repeat(5000), 'ünk', '__proto__']) {
      const answer = await ask(c, `{"op":${JSON.stringify(op)},"id":@}`);
      checkError(answer.error, 'unknown_op');
    }
    c.ws.text('{"op":"nonsense"}');
    const answer = await c.answerNull();
    checkError(answer.error, ['bad_request', 'unknown_op']);
    await c.ok('ping');
  });

  test('escaped names and values are the same as plain ones', async () => {
    const [c] = await pair();
    assert.ok((await ask(c, '{"\\u006fp":"p\\u0069ng","\\u0069d":@}')).ok);
  });

  test('wrong types, fractions, exponents and huge numbers are bad_request by name', async () => {
    const [c, a, b] = await pair();
    const conv = a.direct(b);
    await c.ok('send', { to: b.id, cmid: cmid(), text: 'one' });
    const send = (members: string): string => `{"op":"send","id":@,"cmid":"${cmid()}",${members}}`;
    for (const value of ['5', 'true', '{}', '[]', 'null', '["x"]']) {
      await refused(c, send(`"to":"${b.id}","text":${value}`), /text/);
    }
    await refused(c, send(`"to":${b.id},"text":"x"`), /to/);
    await refused(c, send('"conv":5,"text":"x"'), /conv/);
    await refused(c, `{"op":"send","id":@,"to":"${b.id}","text":"x","cmid":7}`, /cmid/);
    await refused(c, `{"op":"send","id":@,"to":"${b.id}","text":"x"}`, /cmid/);
    await refused(c, send(`"to":"${b.id}"`), /text/);
    for (const value of ['"1"', '1.0', '1e0', '1.5', '-1', '0', '99999999999999999999', 'true', '[1]']) {
      await refused(c, send(`"to":"${b.id}","text":"x","reply_to":${value}`), /reply_to/);
    }
    for (const value of ['"1"', '1.5', '1e3', '18446744073709551616', '{}']) {
      await refused(c, send(`"to":"${b.id}","text":"x","client_ts":${value}`), /client_ts/);
    }
    for (const value of ['"50"', '50.0', '5e1', '0', '-1', '201', '18446744073709551616', 'false']) {
      await refused(c, `{"op":"history","id":@,"conv":"${conv}","limit":${value}}`, /limit/);
    }
    for (const member of ['before_seq', 'after_seq', 'before_ts', 'around_seq']) {
      for (const value of ['-1', '1.5', '1e2', '99999999999999999999', '"x"', '[]']) {
        const text = `{"op":"history","id":@,"conv":"${conv}","${member}":${value}}`;
        await refused(c, text, new RegExp(member));
      }
    }
    const react = (on: string): string =>
      `{"op":"react","id":@,"conv":"${conv}","seq":1,"emoji":"x","cmid":"${cmid()}","on":${on}}`;
    for (const value of ['"yes"', '1', 'null', '[]']) await refused(c, react(value), /on/);
    for (const value of ['5', '"x"', '{}', '[5]', '["1",5]', 'null']) {
      await refused(c, `{"op":"presence","id":@,"users":${value}}`, /users/);
      await refused(c, `{"op":"group.create","id":@,"name":"g","cmid":"c","members":${value}}`, /members/);
    }
    for (const value of ['5', '[]', '"x"', `{"${conv}":"1"}`, `{"${conv}":1.5}`, `{"${conv}":-1}`]) {
      await refused(c, `{"op":"ack","id":@,"delivered":${value}}`, /delivered|conv|seq|d\./);
      await refused(c, `{"op":"sync","id":@,"have":${value}}`, /have|conv|seq|d\./);
    }
    for (const value of ['0', '501', '"5"', '1.5']) {
      await refused(c, `{"op":"sync","id":@,"limit":${value}}`, /limit/);
    }
    for (const value of ['5', '{}', 'true']) {
      await refused(c, `{"op":"sync","id":@,"cursor":${value}}`, /cursor/);
      await refused(c, `{"op":"sync","id":@,"since":${value}}`, /since/);
    }
    assert.equal((await c.ok('history', { conv })).last_seq, 1, 'none of these did anything');
  });

  test('null in an optional member counts as absent', async () => {
    const [c, a, b] = await pair();
    const conv = a.direct(b);
    await c.ok('send', { to: b.id, conv: null, cmid: cmid(), text: 'x', reply_to: null, client_ts: null });
    await c.ok('send', { conv, to: null, cmid: cmid(), text: 'x' });
    await c.ok('history', {
      conv,
      before_seq: null,
      after_seq: 0,
      before_ts: null,
      around_seq: null,
      limit: null,
    });
    await c.ok('sync', { have: null, limit: null, cursor: null, since: null });
    await c.ok('ack', { delivered: { [conv]: 1 }, read: null });
    await c.ok('group.create', { name: 'g', members: [b.id], history: null, cmid: cmid() });
    await c.err('send', { to: null, conv: null, cmid: cmid(), text: 'x' }, 'bad_request');
  });

  test('unknown members are ignored, with whatever bad string or number in them', async () => {
    const [c] = await pair();
    for (const value of [
      '"\\ud800"',
      '"\\udc00\\ud800"',
      '"\\u0000"',
      '1e999',
      '-1e-999',
      '99999999999999999999999999999999999999',
      '1.5',
      '[1e400,"\\ud800",{"y":"\\u0000"}]',
      '{"deep":{"\\u0061":["\\udfff"]}}',
      'null',
    ]) {
      const answer = await ask(c, `{"x":${value},"op":"ping","id":@}`);
      assert.ok(answer.ok, value);
    }
  });

  test('a bad string as a name is bad_request', async () => {
    const [c] = await pair();
    for (const name of ['\\ud800', 'x\\udc00', '\\u0000', 'a\\u0000b']) {
      const first = await ask(c, `{"${name}":1,"op":"ping","id":@}`);
      checkError(first.error, 'bad_request');
      const last = await ask(c, `{"op":"ping","id":@,"${name}":1}`);
      checkError(last.error, 'bad_request');
    }
    await c.ok('ping');
  });

  test('a lone surrogate or U+0000 in a string is bad_request by name', async () => {
    const [c, a, b] = await pair();
    for (const bad of [
      '\\ud800',
      '\\udfff',
      'a\\ud83d',
      '\\ud83dx',
      '\\ude00\\ud83d',
      '\\u0000',
      'a\\u0000b',
    ]) {
      await refused(c, `{"op":"send","id":@,"to":"${b.id}","cmid":"${cmid()}","text":"${bad}"}`, /text/);
      await refused(c, `{"op":"send","id":@,"to":"${b.id}","cmid":"${bad}","text":"x"}`, /cmid/);
      await refused(c, `{"op":"group.create","id":@,"name":"${bad}","members":[],"cmid":"x"}`, /name/);
      await refused(c, `{"op":"history","id":@,"conv":"${bad}"}`, /conv/);
    }
    assert.equal((await c.ok('history', { conv: a.direct(b) })).last_seq, 0);
  });

  test('escaped pairs come back as UTF-8, and limits count the decoded text', async () => {
    const [c, a, b] = await pair();
    const conv = a.direct(b);
    const text = '\\ud83d\\ude00 \\u00e9\\n\\"\\\\\\/\\t\\b\\f\\r';
    const sent = await ask(c, `{"op":"send","id":@,"to":"${b.id}","cmid":"${cmid()}","text":"${text}"}`);
    assert.ok(sent.ok);
    const long = '\\u00e9'.repeat(8000);
    const second = await ask(c, `{"op":"send","id":@,"to":"${b.id}","cmid":"${cmid()}","text":"${long}"}`);
    assert.ok(second.ok, JSON.stringify(second));
    const page = await c.ok('history', { conv });
    assert.equal(page.entries[0].text, '😀 é\n"\\/\t\b\f\r');
    assert.equal(page.entries[1].text, 'é'.repeat(8000));
    const third = await ask(c, `{"op":"send","id":@,"to":"${b.id}","cmid":"${cmid()}","text":"${long}a"}`);
    checkError(third.error, 'too_large');
  });

  test('a user twice in a list counts once', async () => {
    const [c, , b] = await pair();
    const seen = await c.ok('presence', { users: [b.id, b.id] });
    assert.equal(seen.users.length, 1);
    const group = await c.ok('group.create', { name: 'g', members: [b.id, b.id], cmid: cmid() });
    const members = await c.ok('members', { conv: group.conv });
    assert.equal(members.members.length, 2);
  });
});
