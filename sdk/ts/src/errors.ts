// One error type for every refusal, with the server's word on whether a retry makes sense.
import type { ErrorBody } from './types.ts';

export class ParleyError extends Error {
  readonly code: string;
  readonly retry: boolean;
  readonly retryAfterMs: number;

  constructor(code: string, message: string, retry: boolean, retryAfterMs = 0) {
    super(message || code);
    this.name = 'ParleyError';
    this.code = code;
    this.retry = retry;
    this.retryAfterMs = retryAfterMs;
  }

  static from(body: ErrorBody): ParleyError {
    return new ParleyError(body.code, body.message, body.retry === true, body.retry_after_ms ?? 0);
  }
}

/** The request may or may not have taken effect: the connection went away before the answer. */
export function disconnected(): ParleyError {
  return new ParleyError('disconnected', 'The connection was lost before the answer came.', true);
}

/** The connection lives and yet no answer came: the request may have been lost behind the server. */
export function unanswered(): ParleyError {
  return new ParleyError('unanswered', 'The server did not answer.', true);
}
