// Hours in which nothing makes a noise, by this device's clock. The page and the service worker keep to them alike.

export interface Noise {
  sound: boolean;
  quiet: boolean;
  /** Times of day, as "22:00". Where the second is earlier, it is of the next day. */
  quietFrom: string;
  quietTo: string;
}

const minutes = (time: string): number => {
  const [h = 0, m = 0] = time.split(':').map(Number);
  return h * 60 + m;
};

/** May there be a sound now? From the first minute of the quiet hours to the one before the last, there may not. */
export function maySound(noise: Noise, now: Date): boolean {
  if (!noise.sound) return false;
  if (!noise.quiet) return true;
  const [from, to] = [minutes(noise.quietFrom), minutes(noise.quietTo)];
  const at = now.getHours() * 60 + now.getMinutes();
  return from <= to ? at < from || at >= to : at >= to && at < from;
}
