// The five states of an own message as a small mark; the words go with it for those who do not see it.
import type { MessageState } from '@parley/sdk';
import { t } from '../strings.ts';

const shapes: Record<MessageState, string> = {
  sending: 'M8 14.500a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13ZM8 4.500V8l2.200 1.600',
  sent: 'm3.500 8.500 3 3 6-7',
  delivered: 'm1 8.500 3 3 6-7M8.200 10.300l1.300 1.200 6-7',
  read: 'm1 8.500 3 3 6-7M8.200 10.300l1.300 1.200 6-7',
  failed: 'M8 14.500a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13ZM8 4.800v3.800M8 11.200v.01',
};

export function Tick({ state }: { state: MessageState }) {
  return (
    <span class={`tick tick-${state}`} role="img" aria-label={t.states[state]} data-state={state}>
      <svg
        viewBox="0 0 16 16"
        width="16"
        height="16"
        fill="none"
        stroke="currentColor"
        stroke-width={state === 'read' ? 2.25 : 1.5}
        stroke-linecap="round"
        stroke-linejoin="round"
        aria-hidden="true"
      >
        <path d={shapes[state]} />
      </svg>
    </span>
  );
}
