// Versions of clients, as in `web/1.2`.

function numbersOf(client: string): number[] {
  const [version = ''] = /[\d.]+/.exec(client.slice(client.indexOf('/') + 1)) ?? [];
  return version.split('.').map(Number);
}

/** Of a list: the one with the name of this client; empty: there is none. */
export function versionFor(client: string, list: string[]): string {
  const [name] = client.split('/');
  return list.find((one) => one.split('/')[0] === name) ?? '';
}

/** Is the first older than the second? Number by number; a missing one is 0. An empty second: no. */
export function isOlder(client: string, than: string): boolean {
  if (than === '') return false;
  const [a, b] = [numbersOf(client), numbersOf(than)];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
