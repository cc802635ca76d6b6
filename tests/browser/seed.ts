// Fills a server by its HTTP interface with people and what they wrote, for pictures and long histories.
import { randomUUID } from 'node:crypto';
import { directConv } from '../lib/world.js';
import { PASSWORD } from './page.js';

export interface Account {
  url: string;
  id: string;
  token: string;
}

type Answer = Record<string, unknown> & { seq: number; conv: string };

async function post(url: string, body: unknown, token?: string): Promise<Record<string, unknown>> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (token) headers.authorization = `Bearer ${token}`;
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const json = (await answer.json()) as Record<string, unknown>;
  if (json.error) throw new Error(JSON.stringify(json.error));
  return json;
}

export async function account(url: string, name: string, shown: string): Promise<Account> {
  const made = await post(`${url}/v1/register`, {
    name,
    display_name: shown,
    password: PASSWORD,
    device_name: 'Phone',
  });
  return { url, id: (made.user as { id: string }).id, token: made.token as string };
}

let next = 1;
export async function op(who: Account, name: string, body: Record<string, unknown>): Promise<Answer> {
  const frame = await post(`${who.url}/v1/op`, { op: name, id: next++, ...body }, who.token);
  return frame.ok as Answer;
}

export function say(
  who: Account,
  conv: string,
  text: string,
  more: Record<string, unknown> = {},
): Promise<Answer> {
  return op(who, 'send', { conv, text, cmid: randomUUID(), ...more });
}

export const between = (a: Account, b: Account): string => directConv(a.id, b.id);

export async function readAll(who: Account, conv: string): Promise<void> {
  await op(who, 'ack', { read: { [conv]: 1_000_000 } });
}
