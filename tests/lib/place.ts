// Where the tests run: on servers of their own, or on a service that runs already, perhaps behind a balancer.

/** The address of that service; undefined: each file starts a server. */
export const SHARED = process.env.PARLEY_URL;

/** One server of it, past the balancer: for what a balancer would answer itself. */
export const DIRECT = process.env.PARLEY_DIRECT ?? SHARED;

/** For the `skip` option of describe: on a service that runs already this is left out, since it needs `what`. */
export function unshared(what: string): string | false {
  return SHARED ? `needs ${what}` : false;
}
