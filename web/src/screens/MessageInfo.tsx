// Who has read a message, who has received it, who is still waiting; live.
import type { Member } from '@parley/sdk';
import { useEffect } from 'preact/hooks';
import { Avatar, Header, Spinner } from '../components/basics.tsx';
import { Tick } from '../components/Tick.tsx';
import { exactTime } from '../lib/format.ts';
import { back } from '../lib/route.ts';
import { nameOf, theClient, useConversation } from '../state/app.ts';
import { t } from '../strings.ts';

export function MessageInfo({ conv: id, seq }: { conv: string; seq: number }) {
  const c = theClient();
  const conv = useConversation(id);
  useEffect(() => {
    c.members(id, true).catch(() => {});
    c.reach(id, seq).catch(() => {});
  }, [id, seq]);
  const raw = conv.at(seq);
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
              <span dir="auto">{m.display_name || m.name}</span>
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
              {e.from === c.me.id ? t.you : nameOf(e.from)} · {exactTime(e.ts)}
            </p>
          </div>
        ) : null}
        {conv.members ? null : <Spinner />}
        {list(t.infoRead, read, 'read')}
        {list(t.infoDelivered, delivered, 'delivered')}
        {list(t.infoWaiting, waiting, 'sent')}
      </div>
    </div>
  );
}
