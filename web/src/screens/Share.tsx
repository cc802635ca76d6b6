// Choosing chats for a text: one that another app hands over, or a message that is forwarded.
import type { Conversation } from '@parley/sdk';
import { useEffect, useState } from 'preact/hooks';
import { Avatar, Empty, Header, SearchBox, Spinner } from '../components/basics.tsx';
import { Icon } from '../components/Icon.tsx';
import { tell } from '../components/overlay.tsx';
import { useLoaded } from '../lib/asking.ts';
import { back, go } from '../lib/route.ts';
import { peerId, theClient, titleOf, useConversation, useList, usePeople } from '../state/app.ts';
import { t } from '../strings.ts';

function Target({ conv, chosen, toggle }: { conv: Conversation; chosen: boolean; toggle: () => void }) {
  const title = titleOf(conv);
  return (
    <li>
      <button
        type="button"
        class="row row-person"
        aria-pressed={chosen}
        data-target={conv.id}
        onClick={toggle}
      >
        <Avatar id={peerId(conv) ?? conv.id} name={title} group={conv.kind === 'group'} />
        <span class="row-name">
          <bdi>{title}</bdi>
        </span>
        <span class={`pick ${chosen ? 'picked' : ''}`}>
          {chosen ? <Icon name="check" size={16} /> : null}
        </span>
      </button>
    </li>
  );
}

function Targets({ title, text, done }: { title: string; text: string; done: () => void }) {
  const c = theClient();
  usePeople();
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState<string[]>([]);
  const q = query.trim().toLowerCase();
  const shown = useList().filter((conv) => conv.member && titleOf(conv).toLowerCase().includes(q));
  const toggle = (id: string): void =>
    setChosen((old) => (old.includes(id) ? old.filter((o) => o !== id) : [...old, id]));
  const send = async (): Promise<void> => {
    await Promise.all(chosen.map((id) => c.send(id, text)));
    const [only] = chosen;
    tell(t.sentTo(chosen.length));
    if (only !== undefined && chosen.length === 1) go({ screen: 'conversation', conv: only }, true);
    else done();
  };
  if (!text.trim()) {
    return (
      <div class="pane">
        <Header level={2} title={title} onBack={done} />
        <Empty icon="forward" title={t.nothingToSend} />
      </div>
    );
  }
  return (
    <div class="pane">
      <Header level={2} title={title} onBack={done} />
      <blockquote class="shared" dir="auto">
        {text}
      </blockquote>
      <SearchBox label={t.searchChats} value={query} onInput={setQuery} />
      <div class="scroll">
        {shown.length > 0 ? (
          <ul class="rows">
            {shown.map((conv) => (
              <Target
                key={conv.id}
                conv={conv}
                chosen={chosen.includes(conv.id)}
                toggle={() => toggle(conv.id)}
              />
            ))}
          </ul>
        ) : (
          <p class="rows-none">{q ? t.noChatMatches(query.trim()) : t.noChatsTitle}</p>
        )}
      </div>
      <div class="pane-foot">
        <button type="button" class="button button-wide" disabled={chosen.length === 0} onClick={send}>
          {chosen.length > 0 ? t.sendToSome(chosen.length) : t.send}
        </button>
      </div>
    </div>
  );
}

export function Share({ text }: { text: string }) {
  return <Targets title={t.sendTo} text={text} done={() => go({ screen: 'list' }, true)} />;
}

export function Forward({ conv: id, seq }: { conv: string; seq: number }) {
  const c = theClient();
  const conv = useConversation(id);
  const close = (): void => back({ screen: 'conversation', conv: id });
  const found = useLoaded(async () => {
    const held = conv.at(seq) ?? (await c.around(id, seq))?.entries.find((e) => e.seq === seq);
    if (!held) throw new Error('not here');
    return held;
  }, [id, seq]);
  const e = found.value ? conv.view(found.value) : undefined;
  useEffect(() => {
    if (e?.deleted_seq) close();
  }, [e?.deleted_seq]);
  if (!e && !found.failed) return <Spinner />;
  return <Targets title={t.forwardTo} text={e?.deleted_seq ? '' : (e?.text ?? '')} done={close} />;
}
