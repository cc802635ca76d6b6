// Waiting times between tries: 0.5 s growing to 30 s, each with up to half of it added or taken away.
const steps = [500, 1000, 2000, 4000, 8000, 15000, 30000];

export class Backoff {
  private step = 0;
  private readonly random: () => number;

  constructor(random: () => number) {
    this.random = random;
  }

  /** Milliseconds until the next try; each call goes one step further. */
  next(): number {
    const base = steps[Math.min(this.step, steps.length - 1)] ?? 30000;
    this.step++;
    return Math.round(base * (0.5 + this.random()));
  }

  get tries(): number {
    return this.step;
  }

  reset(): void {
    this.step = 0;
  }
}
