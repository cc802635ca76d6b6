// A person as a row, and finding people by name.
import type { Profile } from '@parley/sdk';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { isOnline, theClient } from '../state/app.ts';
import { Avatar } from './basics.tsx';

/** People whose name begins with the query, a moment after the last key. */
export function usePeopleSearch(query: string): { found: Profile[]; searching: boolean } {
  const [found, setFound] = useState<Profile[]>([]);
  const [answered, setAnswered] = useState('');
  const q = query.trim().toLowerCase();
  useEffect(() => {
    if (!q) {
      setFound([]);
      setAnswered('');
      return;
    }
    const c = theClient();
    let current = true;
    const timer = setTimeout(async () => {
      try {
        const users = await c.rest.searchUsers(q);
        if (!current) return;
        for (const u of users) c.people.learn(u);
        setFound(users.filter((u) => u.id !== c.me.id));
      } catch {
        if (current) setFound([]);
      }
      if (current) setAnswered(q);
    }, 150);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [q]);
  return { found, searching: q !== '' && answered !== q };
}

export function PersonRow(props: {
  person: Profile;
  onPick: () => void;
  /** Under the name, beside the account's. */
  under?: string;
  /** At the end of the row, a button of its own. */
  action?: ComponentChildren;
}) {
  const { person } = props;
  const name = person.display_name || person.name;
  return (
    <li class={props.action ? 'with-action' : ''}>
      <button type="button" class="row row-person" onClick={props.onPick} data-user={person.name}>
        <Avatar id={person.id} name={name} online={isOnline(person.id)} />
        <span class="row-top">
          <span class="row-name">
            <bdi>{name}</bdi>
          </span>
        </span>
        <span class="row-bottom">
          <span class="row-preview">
            <bdi>@{person.name}</bdi>
            {props.under ? ` · ${props.under}` : ''}
          </span>
        </span>
      </button>
      {props.action}
    </li>
  );
}
