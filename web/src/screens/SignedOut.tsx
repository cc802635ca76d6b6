// A session that somebody else ended: what has happened, what was not sent, and the ways on.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import { confirm, tell } from '../components/overlay.tsx';
import { type Ended, ended, type Left, left, setEnded } from '../state/app.ts';
import { IdbStore } from '../state/idb-store.ts';
import { t } from '../strings.ts';
import { Logo, NewHeading, SignIn } from './SignIn.tsx';

/** More than these are only counted. */
const SHOWN = 5;

/** The person has read it and wants to sign in. */
const readOn = signal(false);

async function withStore<T>(user: string, run: (store: IdbStore) => Promise<T>): Promise<T> {
  const store = await IdbStore.open(user);
  try {
    return await run(store);
  } finally {
    store.close();
  }
}

/** From the store, with the names that it has. */
async function leftBy(user: string): Promise<Left[]> {
  const { outbox, conversations, people } = await withStore(user, (store) => store.load());
  const peerOf = (conv: string): string | undefined =>
    conv.startsWith('d.')
      ? conv
          .split('.')
          .slice(1)
          .find((id) => id !== user)
      : undefined;
  const nameOf = (conv: string): string =>
    people.find((p) => p.id === peerOf(conv))?.display_name ||
    conversations.find((c) => c.conv === conv)?.name ||
    '…';
  return outbox
    .filter((i) => i.op === 'send')
    .map((i) => ({ id: i.id, to: nameOf(i.conv), text: i.text ?? '' }));
}

async function drop(user: string): Promise<void> {
  if (!(await confirm(t.forgetConfirm, t.forgetHere))) return;
  await withStore(user, (store) => store.clear()).catch(() => {});
  setEnded(null);
}

function Unsent({ list, kept }: { list: Left[]; kept: boolean }) {
  const copy = (): void => {
    navigator.clipboard?.writeText(list.map((m) => `${m.to}: ${m.text}`).join('\n')).then(
      () => tell(t.copied),
      () => {},
    );
  };
  return (
    <section class="left" aria-labelledby="left-title">
      <h2 id="left-title">{kept ? t.leftUnsent(list.length) : t.leftRefused(list.length)}</h2>
      <ul>
        {list.slice(0, SHOWN).map((m) => (
          <li key={m.id}>
            <strong dir="auto">{m.to}</strong>
            <span dir="auto">{m.text}</span>
          </li>
        ))}
      </ul>
      {list.length > SHOWN ? <p class="hint">{t.others(list.length - SHOWN)}</p> : null}
      <button type="button" class="link" onClick={copy}>
        {t.copyThem}
      </button>
    </section>
  );
}

function SignedOut({ why, user }: Ended) {
  const list = left.value;
  const disabled = why === 'disabled';
  useEffect(() => {
    if (list) return;
    leftBy(user.id)
      .catch(() => [])
      .then((found) => {
        left.value ??= found;
      });
  }, [user.id, list]);
  return (
    <main class="sign-in">
      <div class="sign-in-card signed-out">
        <Logo />
        <NewHeading>{disabled ? t.disabledNotice : t.signedOutNotice}</NewHeading>
        <p class="hint">
          <bdi>@{user.name}</bdi> · {location.host}
        </p>
        <p>{disabled ? t.disabledText : t.signedOutText}</p>
        {list && list.length > 0 ? <Unsent list={list} kept={!disabled} /> : null}
        <button
          type="button"
          class="button button-wide"
          onClick={() => {
            readOn.value = true;
          }}
        >
          {disabled ? t.signInOther : t.signInAgain}
        </button>
        <button type="button" class="link" onClick={() => drop(user.id)}>
          <Icon name="trash" size={16} /> {t.forgetHere}
        </button>
      </div>
    </main>
  );
}

/** What whoever is not signed in sees. */
export function Outside({ register }: { register: boolean }) {
  const over = ended.value;
  useEffect(() => {
    readOn.value = false;
  }, [over]);
  return over && !register && !readOn.value ? <SignedOut {...over} /> : <SignIn register={register} />;
}
