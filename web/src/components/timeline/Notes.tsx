// What happened to a group, as lines between the messages; many of them are one line until they are asked for.
import type { Entry } from '@parley/sdk';
import { useState } from 'preact/hooks';
import { entryWords, foldedNotes } from '../../lib/entry-words.ts';
import { t } from '../../strings.ts';

/** As many lines as are shown as they are. */
const FEW = 3;

export function Notes({ entries }: { entries: Entry[] }) {
  const [whole, setWhole] = useState(false);
  const folded = foldedNotes(entries);
  const lines = whole ? entries.map(entryWords) : folded.slice(0, folded.length > FEW ? 1 : FEW);
  const more = folded.length - lines.length;
  return (
    <div class="note-rows" data-seq={entries.at(-1)?.seq}>
      {lines.map((words, i) => (
        <p class="note-row" key={`${i} ${words}`} dir="auto">
          {words}
        </p>
      ))}
      {!whole && (more > 0 || folded.length < entries.length) ? (
        <button type="button" class="link note-more" onClick={() => setWhole(true)}>
          {more > 0 ? t.moreChanges(more) : t.showMore}
        </button>
      ) : null}
    </div>
  );
}
