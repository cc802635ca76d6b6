// What is said about, and done with, something that waits in the outbox.
import type { OutboxView } from '@parley/sdk';
import { codePoints } from '../lib/format.ts';
import { theClient } from '../state/app.ts';
import { t, wordsFor } from '../strings.ts';
import { confirm } from './overlay.tsx';

/** Why it was refused, and what to do about it. */
export function failedWords(item: OutboxView): string {
  const over = codePoints(item.text ?? '') - theClient().limits.text_code_points;
  if (over > 0) return t.tooLong(over);
  return wordsFor(item.failed?.code ?? '', item.failed?.message);
}

export async function discard(item: OutboxView): Promise<void> {
  if (await confirm(t.discardConfirm, t.delete)) await theClient().withdraw(item.id);
}
