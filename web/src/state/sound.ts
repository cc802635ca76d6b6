// A short sound for what comes while nobody looks at it. One tab makes it; what is read meanwhile, in whichever tab or
// device, makes none.
import type { Client, Entry } from '@parley/sdk';
import { maySound } from '../lib/quiet.ts';
import { prefs } from './prefs.ts';

/** Time in which a message that is in front counts as read, in this tab or through another. */
const READ_MS = 700;
/** Many messages at once are one sound. */
const PAUSE_MS = 2000;
const TONES = [660, 880];
const TONE_S = 0.09;

let context: AudioContext | undefined;
let last = 0;

/** Two soft notes. Silent where the browser allows no sound yet. */
export function play(): void {
  context ??= new AudioContext();
  const start = context.currentTime;
  TONES.forEach((frequency, i) => {
    if (!context) return;
    const tone = new OscillatorNode(context, { frequency });
    const volume = new GainNode(context, { gain: 0 });
    const from = start + i * TONE_S;
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(0.12, from + 0.01);
    volume.gain.exponentialRampToValueAtTime(0.001, from + TONE_S * 2);
    tone.connect(volume).connect(context.destination);
    tone.start(from);
    tone.stop(from + TONE_S * 2);
  });
}

/** Follows a client for as long as it lives. `leads`: whether it is this tab that makes the sound. */
export function soundFor(c: Client, leads: () => boolean): void {
  const heard = async (conv: string, entry: Entry): Promise<void> => {
    await new Promise((go) => setTimeout(go, READ_MS));
    const now = c.conversation(conv);
    if (now.read >= entry.seq || Date.now() - last < PAUSE_MS || !maySound(prefs.value, new Date())) return;
    last = Date.now();
    play();
  };
  c.on('entry', ({ entry, conversation, fresh }) => {
    const silent = conversation.archived || conversation.mutedUntil > Date.now();
    if (!fresh || silent || entry.kind !== 'text' || entry.from === c.me.id || !leads()) return;
    heard(conversation.id, entry).catch(() => {});
  });
}
