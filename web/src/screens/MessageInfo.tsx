// Who has read a message, who has received it, who is still waiting; live.
import type { Member } from '@parley/sdk';
import { Avatar, Failed, Header, Spinner } from '../components/basics.tsx';
import { Tick } from '../components/Tick.tsx';
import { useLoaded } from '../lib/asking.ts';
import { clockTime, exactTime, isoTime, rowDay } from '../lib/format.ts';
import { back } from '../lib/route.ts';
import { nameOf, theClient, useConversation } from '../state/app.ts';
import { t } from '../strings.ts';

/** When it was read or received; nothing where this device was not there to see it. */
function When(props: { conv: string; user: string; seq: number; state: 'read' | 'delivered' | 'sent' }) {
  if (props.state === 'sent') return null;
  const ts = theClient().markTimes.when(props.conv, props.user, props.state, props.seq);
  if (ts === undefined) return null;
  return (
    <time dateTime={isoTime(ts)} title={exactTime(ts)}>
      {`${rowDay(ts)} ${clockTime(ts)}`.trim()}
    </time>
  );
}

export function MessageInfo({ conv: id, seq }: { conv: string; seq: number }) {
  const c = theClient();
  const conv = useConversation(id);
  const { value, failed, again } = useLoaded(async () => {
    const [found] = await Promise.all([
      conv.at(seq) ?? c.around(id, seq).then((s) => s?.entries.find((x) => x.seq === seq)),
      c.members(id, true),
    ]);
    return found;
  }, [id, seq]);
  const raw = conv.at(seq) ?? value;
  const e = raw ? conv.view(raw) : undefined;
  const others = [...(conv.members?.values() ?? [])].filter((m) => m.user !== e?.from && m.joined_seq <= seq);
  const read = others.filter((m) => m.read >= seq);
  const delivered = others.filter((m) => m.read < seq && m.delivered >= seq);
  const waiting = others.filter((m) => m.delivered < seq);
  const list = (title: string, members: Member[], state: 'read' | 'delivered' | 'sent') =>
    members.length === 0 ? null : (
      <section class="card" data-list={state}>
        <h3>
          <Tick state={state} /> {title} <span class="count">{members.length}</span>
        </h3>
        <ul class="plain-list">
          {members.map((m) => (
            <li key={m.user}>
              <Avatar id={m.user} name={m.display_name || m.name} size="small" />
              <span class="member-name" dir="auto">
                {m.display_name || m.name}
              </span>
              <When conv={id} user={m.user} seq={seq} state={state} />
            </li>
          ))}
        </ul>
      </section>
    );
  return (
    <div class="pane">
      <Header level={2} title={t.info} onBack={() => back({ screen: 'conversation', conv: id })} />
      <div class="scroll padded">
        {e ? (
          <div class={`info-message ${e.from === c.me.id ? 'mine' : ''}`}>
            <p class="bubble" dir="auto">
              {e.deleted_seq ? t.deleted : e.text}
            </p>
            <p class="hint">
              {e.from === c.me.id ? t.you : nameOf(e.from)} ·{' '}
              <time dateTime={isoTime(e.ts)}>{exactTime(e.ts)}</time>
            </p>
          </div>
        ) : null}
        {conv.members ? null : failed ? <Failed again={again} /> : <Spinner />}
        {list(t.infoRead, read, 'read')}
        {list(t.infoDelivered, delivered, 'delivered')}
        {list(t.infoWaiting, waiting, 'sent')}
      </div>
    </div>
  );
}
