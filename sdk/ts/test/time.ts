// Time that only a test moves: timers fire in order and at once, so that a day passes in a moment and always alike.

interface Timer {
  at: number;
  order: number;
  run: () => void;
}

export class VirtualTime {
  /** Since the start, in ms; never goes back. */
  elapsed = 0;
  /** What a clock on the wall shows is ahead of `elapsed` by this: a test may move it either way. */
  wall = 1_700_000_000_000;
  private readonly timers = new Map<number, Timer>();
  private made = 0;

  readonly now = (): number => this.wall + this.elapsed;

  readonly setTimeout = (run: () => void, ms: number): number => {
    const order = ++this.made;
    this.timers.set(order, { at: this.elapsed + Math.max(0, ms), order, run });
    return order;
  };

  readonly clearTimeout = (timer: unknown): void => {
    this.timers.delete(timer as number);
  };

  /** Lets everything that waits for a promise go on. */
  settle(): Promise<void> {
    return new Promise((go) => setImmediate(go));
  }

  async pass(ms: number): Promise<void> {
    const end = this.elapsed + ms;
    await this.settle();
    for (let next = this.next(end); next; next = this.next(end)) {
      this.timers.delete(next.order);
      this.elapsed = Math.max(this.elapsed, next.at);
      next.run();
      await this.settle();
    }
    this.elapsed = end;
  }

  private next(end: number): Timer | undefined {
    // Of those that are due at the same time, the one that was set first: the order of the map.
    let first: Timer | undefined;
    for (const t of this.timers.values()) {
      if (t.at <= end && (!first || t.at < first.at)) first = t;
    }
    return first;
  }
}
