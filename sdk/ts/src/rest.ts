// The calls that go by plain HTTP: sign-in, profiles, people search, devices.
import type { Env } from './env.ts';
import { ParleyError } from './errors.ts';
import type { Device, ErrorBody, Profile, Session } from './types.ts';

export interface RegisterRequest {
  name: string;
  password: string;
  display_name?: string;
  device_name?: string;
  invite?: string;
}

export class Rest {
  private readonly env: Env;
  private readonly url: string;
  private readonly token: string | undefined;

  constructor(env: Env, url: string, token?: string) {
    this.env = env;
    this.url = url.replace(/\/$/, '');
    this.token = token;
  }

  /** One call. Rejects with the server's refusal, or with `unreachable` when no answer came. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const headers: Record<string, string> = {};
    if (this.token) headers['authorization'] = `Bearer ${this.token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const init = { method, headers };
    let status: number;
    let text: string;
    try {
      const answer = await this.env.fetch(
        this.url + path,
        body === undefined ? init : { ...init, body: JSON.stringify(body) },
      );
      status = answer.status;
      text = await answer.text();
    } catch {
      throw new ParleyError('unreachable', 'The server did not answer.', true);
    }
    let json: unknown;
    try {
      json = text ? JSON.parse(text) : {};
    } catch {
      throw new ParleyError('not_parley', 'This does not answer like a Parley server.', false);
    }
    if (status >= 200 && status < 300) return json;
    const error = (json as { error?: ErrorBody }).error;
    if (error?.code) throw ParleyError.from(error);
    throw new ParleyError('unavailable', `The server answered with status ${status}.`, status >= 500);
  }

  async register(request: RegisterRequest): Promise<Session> {
    return (await this.call('POST', '/v1/register', request)) as Session;
  }

  async login(request: { name: string; password: string; device_name?: string }): Promise<Session> {
    return (await this.call('POST', '/v1/login', request)) as Session;
  }

  async logout(): Promise<void> {
    await this.call('POST', '/v1/logout');
  }

  async me(): Promise<Profile> {
    const answer = (await this.call('GET', '/v1/me')) as Profile & { user?: Profile };
    return answer.user ?? answer;
  }

  /** People whose name begins with `query`. */
  async searchUsers(query: string): Promise<Profile[]> {
    const answer = (await this.call('GET', `/v1/users?q=${encodeURIComponent(query)}`)) as {
      users?: Profile[];
    };
    return answer.users ?? [];
  }

  async user(id: string): Promise<Profile> {
    const answer = (await this.call('GET', `/v1/users/${encodeURIComponent(id)}`)) as Profile & {
      user?: Profile;
    };
    return answer.user ?? answer;
  }

  async devices(): Promise<Device[]> {
    const answer = (await this.call('GET', '/v1/devices')) as { devices?: Device[] };
    return answer.devices ?? [];
  }

  async removeDevice(id: string): Promise<void> {
    await this.call('DELETE', `/v1/devices/${encodeURIComponent(id)}`);
  }
}
