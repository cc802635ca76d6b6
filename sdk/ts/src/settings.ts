// Per-conversation settings and drafts on their way to the server: merged by conversation, sent until accepted.
import type { Env } from './env.ts';
import { ParleyError } from './errors.ts';
import type { ConvId } from './types.ts';

export interface ConvSettings {
  muted_until?: number;
  archived?: boolean;
  pinned?: boolean;
  marked_unread?: boolean;
  draft?: string;
}

export interface SettingsHooks {
  online(): boolean;
  request(op: string, body: Record<string, unknown>): Promise<Record<string, unknown>>;
  save(pending: Record<ConvId, ConvSettings>): void;
}

const DRAFT_MS = 800;

export class Settings {
  private readonly env: Env;
  private readonly hooks: SettingsHooks;
  private pending: Record<ConvId, ConvSettings> = {};
  private timer: unknown;
  private busy = false;

  constructor(env: Env, hooks: SettingsHooks) {
    this.env = env;
    this.hooks = hooks;
  }

  restore(pending: Record<ConvId, ConvSettings>): void {
    this.pending = pending;
  }

  /** Saves what waits once more, after the store dropped it. */
  keep(): void {
    this.hooks.save(this.pending);
  }

  has(conv: ConvId): boolean {
    return this.pending[conv] !== undefined;
  }

  set(conv: ConvId, change: ConvSettings): void {
    this.pending = { ...this.pending, [conv]: { ...this.pending[conv], ...change } };
    this.hooks.save(this.pending);
    const wait = Object.keys(change).every((k) => k === 'draft') ? DRAFT_MS : 0;
    this.env.clearTimeout(this.timer);
    this.timer = this.env.setTimeout(() => this.flush(), wait);
  }

  async flush(): Promise<void> {
    if (this.busy || !this.hooks.online()) return;
    this.busy = true;
    for (const [conv, change] of Object.entries(this.pending)) {
      try {
        await this.hooks.request('conv.set', { conv, ...change });
      } catch (error) {
        if (!(error instanceof ParleyError) || error.retry) {
          this.busy = false;
          if (this.hooks.online()) {
            this.env.clearTimeout(this.timer);
            this.timer = this.env.setTimeout(() => this.flush(), 3000);
          }
          return;
        }
        // Refused for good, as for a group one has left: nothing to keep.
      }
      if (this.pending[conv] === change) {
        const { [conv]: _, ...rest } = this.pending;
        this.pending = rest;
        this.hooks.save(rest);
      }
    }
    this.busy = false;
    // What was changed in the meantime found this one busy.
    if (Object.keys(this.pending).length > 0) this.flush();
  }
}
