// Signals by which the screens follow many things of a kind, each by itself.
import { type Signal, signal } from '@preact/signals';

/** A signal for each of many things: whoever shows one of them is not drawn again for the others. */
export class Ticks {
  private readonly all = new Map<string, Signal<number>>();

  /** Whoever draws itself and calls this is drawn again when the thing changes. */
  follow(id: string): void {
    let tick = this.all.get(id);
    if (!tick) {
      tick = signal(0);
      this.all.set(id, tick);
    }
    void tick.value;
  }

  bump(id: string): void {
    const tick = this.all.get(id);
    if (tick) tick.value++;
  }

  bumpAll(): void {
    for (const tick of this.all.values()) tick.value++;
  }
}
