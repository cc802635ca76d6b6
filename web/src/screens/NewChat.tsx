// Find somebody by name; or choose several and make a group.
import { ParleyError, type Profile } from '@parley/sdk';
import { useState } from 'preact/hooks';
import { Avatar, Choices, Header, SearchBox, Spinner, TextField } from '../components/basics.tsx';
import { Icon } from '../components/Icon.tsx';
import { PersonRow, usePeopleSearch } from '../components/PersonRow.tsx';
import { back, go } from '../lib/route.ts';
import { peerId, sortedConversations, theClient, usePeople } from '../state/app.ts';
import { useWatch } from '../state/watch.ts';
import { t, wordsFor } from '../strings.ts';

/** People one already writes with, newest first: the likeliest choice before a name is typed. */
export function familiar(): Profile[] {
  const c = theClient();
  const out: Profile[] = [];
  for (const conv of sortedConversations()) {
    const peer = peerId(conv);
    const known = peer === undefined ? undefined : c.people.get(peer);
    if (known) out.push(known);
  }
  return out;
}

export function PeoplePicker(props: {
  chosen: Set<string>;
  exclude?: Set<string>;
  onToggle: (person: Profile) => void;
}) {
  usePeople();
  const [query, setQuery] = useState('');
  const { found, searching } = usePeopleSearch(query);
  const people = (query.trim() ? found : familiar()).filter((p) => !props.exclude?.has(p.id));
  useWatch(
    'picker',
    people.map((p) => p.id),
  );
  return (
    <>
      <SearchBox label={t.searchPeople} value={query} onInput={setQuery} autofocus />
      <div class="scroll">
        {people.length > 0 ? (
          <ul class="rows">
            {people.map((p) => (
              <li key={p.id}>
                <button
                  type="button"
                  class="row row-person"
                  aria-pressed={props.chosen.has(p.id)}
                  data-user={p.name}
                  onClick={() => {
                    props.onToggle(p);
                    setQuery('');
                  }}
                >
                  <Avatar id={p.id} name={p.display_name || p.name} />
                  <span class="row-top">
                    <span class="row-name">
                      <bdi>{p.display_name || p.name}</bdi>
                    </span>
                    <span class={`pick ${props.chosen.has(p.id) ? 'picked' : ''}`}>
                      {props.chosen.has(p.id) ? <Icon name="check" size={16} /> : null}
                    </span>
                  </span>
                  <span class="row-bottom">
                    <span class="row-preview">
                      <bdi>@{p.name}</bdi>
                    </span>
                  </span>
                </button>
              </li>
            ))}
          </ul>
        ) : searching ? (
          <Spinner />
        ) : (
          <p class="rows-none">{query.trim() ? t.noMatches(query.trim()) : t.typeToSearch}</p>
        )}
      </div>
    </>
  );
}

export function NewChat() {
  usePeople();
  const [query, setQuery] = useState('');
  const { found, searching } = usePeopleSearch(query);
  const people = query.trim() ? found : familiar();
  useWatch(
    'picker',
    people.map((p) => p.id),
  );
  const open = (p: Profile): void => go({ screen: 'conversation', conv: theClient().directWith(p.id) });
  return (
    <div class="pane">
      <Header level={2} title={t.newChat} onBack={() => back({ screen: 'list' })} />
      <SearchBox label={t.searchPeople} value={query} onInput={setQuery} autofocus />
      <div class="scroll">
        <button type="button" class="row row-action" onClick={() => go({ screen: 'newGroup' })}>
          <span class="avatar avatar-normal avatar-icon">
            <Icon name="group" />
          </span>
          <span class="row-name">{t.newGroup}</span>
        </button>
        {people.length > 0 ? (
          <ul class="rows">
            {people.map((p) => (
              <PersonRow key={p.id} person={p} onPick={() => open(p)} />
            ))}
          </ul>
        ) : searching ? (
          <Spinner />
        ) : (
          <p class="rows-none">{query.trim() ? t.noMatches(query.trim()) : t.typeToSearch}</p>
        )}
      </div>
    </div>
  );
}

export function NewGroup() {
  const [chosen, setChosen] = useState<Profile[]>([]);
  const [naming, setNaming] = useState(false);
  const [name, setName] = useState('');
  const [history, setHistory] = useState<'all' | 'joined'>('all');
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState('');
  const toggle = (p: Profile): void =>
    setChosen((old) => (old.some((o) => o.id === p.id) ? old.filter((o) => o.id !== p.id) : [...old, p]));
  const create = async (e: Event): Promise<void> => {
    e.preventDefault();
    if (busy || !name.trim()) return;
    setBusy(true);
    setWrong('');
    try {
      const made = await theClient().groups.create(
        name.trim(),
        chosen.map((p) => p.id),
        history,
      );
      const conv = theClient().conversation(made.conv);
      if (!conv.name) conv.name = name.trim();
      go({ screen: 'conversation', conv: made.conv }, true);
    } catch (reason) {
      setWrong(wordsFor(reason instanceof ParleyError ? reason.code : '', String(reason)));
      setBusy(false);
    }
  };
  const chips =
    chosen.length > 0 ? (
      <ul class="chips" aria-label={t.chosen(chosen.length)}>
        {chosen.map((p) => (
          <li key={p.id}>
            <button
              type="button"
              class="person-chip"
              aria-label={`${t.remove} ${p.display_name}`}
              onClick={() => toggle(p)}
            >
              <Avatar id={p.id} name={p.display_name || p.name} size="small" />
              <span>{p.display_name || p.name}</span>
              <Icon name="close" size={14} />
            </button>
          </li>
        ))}
      </ul>
    ) : null;
  if (naming) {
    return (
      <form class="pane" onSubmit={create}>
        <Header level={2} title={t.newGroup} onBack={() => setNaming(false)} />
        <div class="scroll padded">
          <div class="group-face">
            <Avatar id={name || 'g'} name={name || '?'} size="big" group />
          </div>
          <TextField
            label={t.groupName}
            value={name}
            onInput={setName}
            maxLength={64}
            autofocus
            error={wrong || undefined}
            autocapitalize="sentences"
            name="group-name"
          />
          <section class="card">
            <Choices
              legend={t.historyFor}
              name="history"
              options={Object.entries(t.historyChoices) as ['all' | 'joined', string][]}
              value={history}
              choose={setHistory}
            />
          </section>
          <h3 class="rows-title">{t.groupMembers}</h3>
          {chips}
        </div>
        <div class="pane-foot">
          <button type="submit" class="button button-wide" disabled={busy || !name.trim()}>
            {t.createGroup}
          </button>
        </div>
      </form>
    );
  }
  return (
    <div class="pane">
      <Header
        level={2}
        title={t.newGroup}
        subtitle={chosen.length > 0 ? t.chosen(chosen.length) : undefined}
        onBack={() => back({ screen: 'newChat' })}
      />
      {chips}
      <PeoplePicker chosen={new Set(chosen.map((p) => p.id))} onToggle={toggle} />
      <div class="pane-foot">
        <button
          type="button"
          class="button button-wide"
          disabled={chosen.length === 0}
          onClick={() => setNaming(true)}
        >
          {t.next}
        </button>
      </div>
    </div>
  );
}
