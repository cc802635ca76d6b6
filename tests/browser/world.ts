// A believable world for pictures and for looking at every screen: twenty conversations in four languages, seen by Ann.
import { randomUUID } from 'node:crypto';
import { type Account, account, between, op, readAll, say } from './seed.js';

export interface World {
  url: string;
  ann: Account;
  people: Map<string, Account>;
  /** Conversations by what they show. */
  direct: string;
  states: string;
  unread: string;
  group: string;
  left: string;
}

const names: [string, string][] = [
  ['bo', 'Bo Madsen'],
  ['cyrus', 'Cyrus Amini'],
  ['dana', 'Dana Okafor'],
  ['erik', 'Erik Sørensen'],
  ['fatima', 'فاطمة الزهراء'],
  ['greta', 'Greta Hofmann'],
  ['haruki', '田中 春樹'],
  ['ines', 'Inês Carvalho'],
  ['jonas', 'Jonas Weber'],
  ['kemi', 'Kemi Adeyemi'],
  ['liam', 'Liam O’Sullivan-Fitzgerald'],
  ['mina', 'Mina Park'],
];

/** One line for each: who speaks (a name, or `ann`), then the words. */
type Line = [string, string];

export async function buildWorld(url: string): Promise<World> {
  const people = new Map<string, Account>();
  const ann = await account(url, 'ann', 'Ann Larsen');
  people.set('ann', ann);
  for (const [name, shown] of names) people.set(name, await account(url, name, shown));
  const of = (name: string): Account => people.get(name) ?? ann;
  const talk = async (conv: string, lines: Line[]): Promise<number> => {
    let last = 0;
    for (const [who, text] of lines) last = (await say(of(who), conv, text)).seq;
    return last;
  };
  const group = async (name: string, members: string[], lines: Line[], by = ann): Promise<string> => {
    const { conv } = await op(by, 'group.create', {
      name,
      members: members.map((m) => of(m).id),
      cmid: randomUUID(),
    });
    await talk(conv, lines);
    return conv;
  };
  const react = (who: string, conv: string, seq: number, emoji: string) =>
    op(of(who), 'react', { conv, seq, emoji, on: true, cmid: randomUUID() });
  const allRead = async (conv: string, ...who: string[]) => {
    for (const name of ['ann', ...who]) await readAll(of(name), conv);
  };
  const withAnn = (name: string): string => between(ann, of(name));

  // Quiet ones first: the list is ordered by what was said last.
  await talk(withAnn('liam'), [
    [
      'liam',
      'Your parcel is with the neighbours on the second floor, the ones with the loud but very friendly dog.',
    ],
    ['ann', '😂'],
  ]);
  await allRead(withAnn('liam'), 'liam');
  await talk(withAnn('kemi'), [
    ['kemi', 'Happy birthday!! 🎉🎂🥳'],
    ['ann', 'Thank you, Kemi ❤️'],
  ]);
  await allRead(withAnn('kemi'));
  await talk(withAnn('ines'), [
    ['ann', 'Bom dia! Ainda tens o livro?'],
    ['ines', 'Tenho, levo-o na sexta.'],
  ]);
  await allRead(withAnn('ines'), 'ines');
  const buyers = await group(
    'Neighbours, house 12',
    ['liam', 'greta', 'mina'],
    [
      ['greta', 'The water is off on Tuesday from 9 to 11.'],
      ['liam', 'Thanks for telling us!'],
    ],
  );
  await op(ann, 'conv.set', { conv: buyers, muted_until: 4_102_444_800_000 });
  await allRead(buyers, 'liam', 'greta', 'mina');
  await group(
    'Book club',
    ['kemi', 'ines', 'dana'],
    [
      ['kemi', 'Next one: “The Left Hand of Darkness”, three weeks.'],
      ['ines', 'Perfect, I have wanted to read it for years.'],
    ],
  );
  await talk(withAnn('mina'), [['mina', '내일 점심 같이 먹을래요?']]);
  await group(
    'Laufgruppe',
    ['greta', 'jonas', 'erik'],
    [
      ['jonas', 'Morgen um sieben am Brunnen, sechs Kilometer, ganz gemütlich.'],
      ['greta', 'Bin dabei! Bei Regen auch?'],
      ['jonas', 'Bei Regen erst recht 😄'],
    ],
  );
  await talk(withAnn('haruki'), [
    ['haruki', '写真ありがとうございます！'],
    ['ann', 'どういたしまして 📷'],
  ]);
  await allRead(withAnn('haruki'), 'haruki');
  await talk(withAnn('fatima'), [
    ['fatima', 'مرحبا آن، كيف حالك؟'],
    ['ann', 'I am well! وأنت؟'],
    ['fatima', 'الحمد لله. هل نلتقي يوم السبت عند البحيرة؟'],
  ]);
  await talk(withAnn('jonas'), [
    [
      'jonas',
      'Hast du die Unterlagen für den Donaudampfschifffahrtsgesellschaftskapitänsverein schon abgeschickt?',
    ],
    ['ann', 'Gestern, mit Einschreiben.'],
  ]);
  await allRead(withAnn('jonas'), 'jonas');
  await group('Kitchen renovation', ['liam', 'bo'], [['bo', 'The tiles arrive on Monday.']]);
  const left = await group('Old flat', ['liam', 'kemi'], [['liam', 'Keys are handed over.']], of('kemi'));
  await op(of('kemi'), 'group.add', { conv: left, users: [ann.id], cmid: randomUUID() });
  await talk(left, [['kemi', 'And the deposit is back.']]);
  await readAll(ann, left);
  await op(ann, 'group.leave', { conv: left, cmid: randomUUID() });
  await group(
    'Design review',
    ['cyrus', 'mina', 'haruki', 'dana'],
    [
      ['mina', 'Second draft is up. The empty state is new.'],
      ['cyrus', 'Much calmer. I would still drop the shadow.'],
    ],
  );
  await talk(withAnn('erik'), [
    ['erik', 'The map is in my bike bag.'],
    ['ann', 'Thank you! I pick it up tonight.'],
  ]);
  await allRead(withAnn('erik'), 'erik');
  await op(ann, 'conv.set', { conv: withAnn('erik'), draft: 'Could you also bring the' });

  // A group that tells a story: reply, reactions, a link, members who come, a change of the name.
  const weekend = await group('Lake', ['bo', 'cyrus', 'dana'], [['cyrus', 'Who has a tent for three?']]);
  await op(ann, 'group.rename', { conv: weekend, name: 'Lake weekend', cmid: randomUUID() });
  await say(of('dana'), weekend, 'Me, and a spare sleeping bag.');
  const stove = await say(of('dana'), weekend, 'Also a stove, but no gas.');
  const gas = await say(of('cyrus'), weekend, 'I get the gas 🔥', { reply_to: stove.seq });
  await react('dana', weekend, gas.seq, '❤️');
  await react('bo', weekend, gas.seq, '❤️');
  await op(ann, 'group.add', { conv: weekend, users: [of('erik').id, of('greta').id], cmid: randomUUID() });
  await say(of('erik'), weekend, 'Thanks for adding me! I can drive, four seats.');
  const great = await say(ann, weekend, 'Great, then we are six, and one car and the train are enough.');
  await react('erik', weekend, great.seq, '👍');
  const wrong = await say(of('greta'), weekend, 'Sorry, wrong chat');
  await op(of('greta'), 'delete', { conv: weekend, seq: wrong.seq, cmid: randomUUID() });
  await op(of('greta'), 'group.leave', { conv: weekend, cmid: randomUUID() });
  const train = await say(
    ann,
    weekend,
    'The train home leaves on Sunday at 17:20, for those who want to stay longer: https://example.org/trains',
  );
  await op(ann, 'edit', {
    conv: weekend,
    seq: train.seq,
    text: 'The train home leaves on Sunday at 17:40, for those who want to stay longer: https://example.org/trains',
    cmid: randomUUID(),
  });
  await say(of('bo'), weekend, '🏕️🚆');
  await allRead(weekend, 'bo', 'cyrus', 'dana');
  await op(of('erik'), 'ack', { delivered: { [weekend]: 1_000_000 } });
  await op(ann, 'conv.set', { conv: weekend, pinned: true });

  // The states side by side: Gil reads, then only receives, then hears nothing, and blocks in the end.
  people.set('gil', await account(url, 'gil', 'Gil Moreau'));
  const states = withAnn('gil');
  await talk(states, [
    ['gil', 'Did the tickets come?'],
    ['ann', 'Yes, both of them, row 7.'],
  ]);
  await readAll(of('gil'), states);
  const second = await say(ann, states, 'The doors open at seven.');
  await op(of('gil'), 'ack', { delivered: { [states]: second.seq } });
  await say(ann, states, 'I wait at the big clock.');
  await readAll(ann, states);

  // Much to catch up with.
  const history: Line[] = [];
  for (let i = 1; i <= 30; i++)
    history.push([i % 4 ? 'dana' : 'ann', `Note ${i} from the workshop: station ${i} is ready.`]);
  const unread = withAnn('dana');
  await talk(unread, history);
  await readAll(ann, unread);
  await talk(unread, [
    ['dana', 'Now the long one:'],
    [
      'dana',
      Array.from(
        { length: 26 },
        (_, i) => `${i + 1}. A line of the list that nobody wants to read in full`,
      ).join('\n'),
    ],
    ...Array.from({ length: 14 }, (_, i): Line => ['dana', `Point ${i + 1}: agreed, with small changes.`]),
  ]);
  for (const text of ['Have you read the report?', 'Page 4 is the interesting one', 'No hurry though']) {
    await say(of('cyrus'), withAnn('cyrus'), text);
  }
  await talk(withAnn('greta'), [
    ['greta', 'Hast du am Wochenende Zeit? Wir könnten grillen, wenn das Wetter hält.'],
  ]);

  const direct = withAnn('bo');
  await talk(direct, [
    ['ann', 'Are we still on for Saturday? ☀️'],
    ['bo', 'Yes! I bring coffee ☕️'],
    ['bo', 'And the small boat, if Dana lends us the trailer.'],
    ['ann', '👍'],
    ['ann', 'Ask her in the group, she is online.'],
    ['bo', 'Did already. See https://example.org/wiki/Trailer_(vehicle) for what fits behind your car.'],
    ['ann', 'That is all I need to know, thank you!'],
  ]);
  await allRead(direct, 'bo');
  return { url, ann, people, direct, states, unread, group: weekend, left };
}
