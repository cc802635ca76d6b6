// A typed list of listeners; a listener that throws never stops the others.

export class Emitter<Events> {
  private readonly lists = new Map<keyof Events, Set<(value: never) => void>>();

  /** Adds a listener and returns the function that removes it. */
  on<K extends keyof Events>(name: K, run: (value: Events[K]) => void): () => void {
    let set = this.lists.get(name);
    if (!set) {
      set = new Set();
      this.lists.set(name, set);
    }
    const list = set;
    const entry = run as (value: never) => void;
    list.add(entry);
    return () => {
      list.delete(entry);
    };
  }

  emit<K extends keyof Events>(name: K, value: Events[K]): void {
    for (const run of [...(this.lists.get(name) ?? [])]) {
      try {
        (run as (value: Events[K]) => void)(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
declare function queueMicrotask(run: () => void): void;
