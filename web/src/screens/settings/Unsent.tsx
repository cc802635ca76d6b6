// Everything that waits in the outbox, of all chats: what was refused, and what only waits for a connection.
import type { OutboxView } from '@parley/sdk';
import { Empty } from '../../components/basics.tsx';
import { discard, failedWords } from '../../components/pending.ts';
import { Tick } from '../../components/Tick.tsx';
import { exactTime, isoTime, rowTime } from '../../lib/format.ts';
import { go } from '../../lib/route.ts';
import { kick, theClient, titleOf, useList } from '../../state/app.ts';
import { t } from '../../strings.ts';

function whatItIs(item: OutboxView): string {
  switch (item.op) {
    case 'edit':
      return t.unsentEdit(item.text ?? '');
    case 'delete':
      return t.unsentDelete;
    case 'react':
      return t.unsentReaction(item.emoji ?? '');
    default:
      return item.text ?? '';
  }
}

function Item({ item }: { item: OutboxView }) {
  const c = theClient();
  const conv = c.conversation(item.conv);
  return (
    <li data-cmid={item.id} class="unsent">
      <button type="button" class="link" onClick={() => go({ screen: 'conversation', conv: item.conv })}>
        <bdi>{titleOf(conv)}</bdi>
      </button>
      <time dateTime={isoTime(item.client_ts)} title={exactTime(item.client_ts)}>
        {rowTime(item.client_ts)}
      </time>
      <p dir="auto">{whatItIs(item)}</p>
      <p class={item.failed ? 'error-text' : 'hint'}>
        <Tick state={item.failed ? 'failed' : 'sending'} />{' '}
        {item.failed ? `${t.notSent}. ${failedWords(item)}` : t.states.sending}
      </p>
      <span class="unsent-actions">
        {item.failed ? (
          <button type="button" class="link" onClick={() => c.retry(item.id)}>
            {t.retry}
          </button>
        ) : null}
        <button type="button" class="link danger" onClick={() => discard(item)}>
          {t.delete}
        </button>
      </span>
    </li>
  );
}

export function UnsentPage() {
  useList();
  const c = theClient();
  const waiting = c.pending();
  if (waiting.length === 0) return <Empty icon="check" title={t.unsentNone} />;
  const retryAll = (): void => {
    for (const item of waiting) if (item.failed) c.retry(item.id);
    kick();
  };
  return (
    <>
      <section class="card">
        <h3>{t.unsentCount(waiting.length)}</h3>
        <p class="hint">{t.unsentHint}</p>
        <button type="button" class="button" onClick={retryAll}>
          {t.retryAll}
        </button>
      </section>
      <section class="card">
        <ul class="plain-list">
          {waiting.map((item) => (
            <Item key={item.id} item={item} />
          ))}
        </ul>
      </section>
    </>
  );
}
