// One conversation: header, timeline, composer; and the rules by which things count as read.
import type { Conversation, Entry, OutboxView } from '@parley/sdk';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { Avatar, Header, IconButton } from '../components/basics.tsx';
import { Composer, type Context, keptContext } from '../components/Composer.tsx';
import { FindBar } from '../components/FindBar.tsx';
import { announce } from '../components/overlay.tsx';
import { Timeline } from '../components/timeline/Timeline.tsx';
import { lastSeenWords } from '../lib/format.ts';
import { useCommands } from '../lib/keys.ts';
import { back, go } from '../lib/route.ts';
import {
  client,
  isOnline,
  nameOf,
  peerId,
  presenceOf,
  theClient,
  titleOf,
  useConversation,
} from '../state/app.ts';
import { useWatch } from '../state/watch.ts';
import { t } from '../strings.ts';

export function typingWords(users: string[]): string {
  const [a = '', b = ''] = users;
  if (users.length === 1) return t.typingOne(nameOf(a));
  return users.length === 2 ? t.typingTwo(nameOf(a), nameOf(b)) : t.typingMany(users.length);
}

function subtitleOf(conv: Conversation): string {
  const c = theClient();
  const writing = c.people.typingIn(conv.id);
  const peer = peerId(conv);
  if (writing.length > 0) return peer === undefined ? `${typingWords(writing)}…` : t.typing;
  if (peer === undefined) return t.members(conv.memberCount);
  const presence = presenceOf(peer);
  if (!presence) return '';
  return presence.status === 'online' ? t.online : lastSeenWords(presence.last_seen);
}

export function ConversationScreen({ id, jumpTo }: { id: string; jumpTo: number | undefined }) {
  const c = theClient();
  const conv = useConversation(id);
  const [context, setContext] = useState<Context | null>(() => keptContext(id));
  const [sent, setSent] = useState(0);
  const [finding, setFinding] = useState(false);
  const peer = peerId(conv);
  const group = conv.kind === 'group';
  const shownMembers = group ? [...(conv.members?.keys() ?? [])].slice(0, 100) : [peer];
  useWatch('conversation', shownMembers);

  useEffect(() => {
    if (peer !== undefined) c.people.refresh(peer).catch(() => {});
    if (group && conv.member) c.members(id).catch(() => {});
    if (conv.markedUnread) c.set(id, { marked_unread: false });
    // Whether one has blocked the other is not told of by itself.
    if (!group) c.contacts.list().catch(() => {});
  }, [id]);

  useEffect(
    () =>
      c.on('entry', ({ entry, conversation, fresh }) => {
        if (conversation.id !== id || !fresh || entry.kind !== 'text' || entry.from === c.me.id) return;
        announce(`${nameOf(entry.from)}: ${entry.text ?? ''}`, titleOf(conversation));
      }),
    [id],
  );

  const editLast = useCallback(() => {
    // The last one has no number yet: better nothing than the one before it.
    if (
      theClient()
        .pending(id)
        .some((i) => i.op === 'send')
    )
      return;
    const last = conv.entries.findLast(
      (e) => e.kind === 'text' && e.from === client.value?.me.id && !conv.view(e).deleted_seq,
    );
    if (last) setContext({ kind: 'edit', entry: conv.view(last) });
  }, [conv]);

  const reply = useCallback((entry: Entry) => setContext({ kind: 'reply', entry }), []);
  const edit = useCallback((entry: Entry) => setContext({ kind: 'edit', entry }), []);
  const editPending = useCallback((item: OutboxView) => setContext({ kind: 'amend', item }), []);
  const details = (): void => go({ screen: 'conversation', conv: id, panel: 'details' });
  useCommands({
    details: () => {
      if (document.querySelector('.details')) go({ screen: 'conversation', conv: id });
      else details();
      return undefined;
    },
    findInChat: () => {
      // The second time it is the browser's own search that is wanted.
      if (finding) return false;
      setFinding(true);
      return undefined;
    },
  });
  const title = titleOf(conv);
  const online = isOnline(peer);
  const subtitle = subtitleOf(conv);
  const writing = c.people.typingIn(id).length > 0;

  return (
    <div class="pane conversation" data-conv={id}>
      <Header
        title={
          <button type="button" class="header-link" onClick={details}>
            {title}
          </button>
        }
        subtitle={
          subtitle ? (
            <span class={writing ? 'typing-words' : online ? 'online-words' : ''}>{subtitle}</span>
          ) : undefined
        }
        onBack={() => back({ screen: 'list' })}
        backOnPhoneOnly
        lead={<Avatar id={peer ?? id} name={title} size="small" online={online} group={group} />}
        actions={
          <>
            <IconButton
              icon="search"
              label={t.searchInChat}
              expanded={finding}
              onClick={() => setFinding((now) => !now)}
            />
            <IconButton icon="info" label={group ? t.groupDetails : t.contactDetails} onClick={details} />
          </>
        }
      />
      {finding ? (
        <FindBar
          conv={conv}
          onClose={() => {
            setFinding(false);
            document.getElementById('composer')?.focus();
          }}
        />
      ) : null}
      <Timeline
        key={id}
        id={id}
        sent={sent}
        jumpTo={jumpTo}
        reply={reply}
        edit={edit}
        editPending={editPending}
      />
      <Composer
        conv={conv}
        context={context}
        onContext={setContext}
        onSent={() => setSent((n) => n + 1)}
        onEditLast={editLast}
      />
    </div>
  );
}
