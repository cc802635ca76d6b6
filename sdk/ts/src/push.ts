// Push subscriptions: what a browser gave, handed to the server. No DOM: whoever has one subscribes, and calls these.
import { ParleyError } from './errors.ts';
import type { Rest } from './rest.ts';

/** As `PushSubscription.toJSON()` gives it. */
export interface PushSubscriptionInit {
  endpoint?: string;
  expirationTime?: number | null;
  keys?: Record<string, string>;
}

export class Push {
  private readonly rest: Rest;

  constructor(rest: Rest) {
    this.rest = rest;
  }

  /** The key to subscribe with (`applicationServerKey`); undefined when the server sends no pushes to browsers. */
  async key(): Promise<string | undefined> {
    try {
      return ((await this.rest.call('GET', '/v1/push/key')) as { key: string }).key;
    } catch (e) {
      if (e instanceof ParleyError && e.code === 'not_found') return undefined;
      throw e;
    }
  }

  /** Has pushes of this device go there, in place of where they went before. May be called at every start: the same one
   * again changes nothing. showText false: pushes say only that there is a new message. Gives its id. */
  async subscribe(subscription: PushSubscriptionInit, showText = true): Promise<string> {
    const { endpoint, keys } = subscription;
    const body = { kind: 'webpush', subscription: { endpoint, keys }, show_text: showText };
    return ((await this.rest.call('POST', '/v1/push', body)) as { push_id: string }).push_id;
  }

  /** No more pushes there. One that the server has forgotten already is no error. */
  async unsubscribe(id: string): Promise<void> {
    try {
      await this.rest.call('DELETE', `/v1/push/${encodeURIComponent(id)}`);
    } catch (e) {
      if (!(e instanceof ParleyError && e.code === 'not_found')) throw e;
    }
  }

  /** Asks for a push to it, to see whether it arrives. */
  async test(id: string): Promise<void> {
    await this.rest.call('POST', '/v1/op', { op: 'push.test', id: 1, push_id: id });
  }
}
