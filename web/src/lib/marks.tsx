// What a search found, made visible: in a line of its own by nodes, in messages that are drawn already by highlights.
import { Query } from '@parley/sdk';
import type { ComponentChild } from 'preact';

const BEFORE = 24;
const LINE = 160;

/** One line of a message, around the first word found in it, with all words marked. */
export function markedLine(text: string, words: string): ComponentChild[] {
  const ranges = new Query(words).ranges(text);
  const first = ranges[0]?.[0] ?? 0;
  const blank = first > BEFORE ? text.indexOf(' ', first - BEFORE) : -1;
  const begin = first > BEFORE ? (blank >= 0 && blank < first ? blank + 1 : first - BEFORE) : 0;
  const end = begin + LINE;
  const out: ComponentChild[] = begin > 0 ? ['…'] : [];
  let at = begin;
  for (const [from, to] of ranges) {
    if (from >= end) break;
    out.push(text.slice(at, from), <mark>{text.slice(from, to)}</mark>);
    at = to;
  }
  out.push(text.slice(at, Math.max(at, end)), end < text.length ? '…' : '');
  return out;
}

/** Where a range of an element's text begins or ends, among its text nodes. */
function place(nodes: Text[], at: number, end: boolean): [Text, number] | undefined {
  let passed = 0;
  for (const node of nodes) {
    if (at < passed + node.data.length || (end && at === passed + node.data.length))
      return [node, at - passed];
    passed += node.data.length;
  }
  return undefined;
}

function rangesIn(el: Element, query: Query): Range[] {
  const walker = document.createTreeWalker(el, NodeFilter.SHOW_TEXT);
  const nodes: Text[] = [];
  while (walker.nextNode()) nodes.push(walker.currentNode as Text);
  const out: Range[] = [];
  for (const [from, to] of query.ranges(nodes.map((n) => n.data).join(''))) {
    const [begin, end] = [place(nodes, from, false), place(nodes, to, true)];
    if (!begin || !end) continue;
    const range = document.createRange();
    range.setStart(...begin);
    range.setEnd(...end);
    out.push(range);
  }
  return out;
}

/** Marks the words in everything that `selector` finds below `root`, until it is ended. The nodes stay as they are. */
export function markIn(root: Element, selector: string, words: string): () => void {
  const query = new Query(words);
  const able = typeof Highlight === 'function' && CSS.highlights;
  if (!able || query.empty) return () => {};
  const draw = (): void => {
    CSS.highlights.set(
      'found',
      new Highlight(...[...root.querySelectorAll(selector)].flatMap((el) => rangesIn(el, query))),
    );
  };
  const observer = new MutationObserver(draw);
  observer.observe(root, { childList: true, subtree: true, characterData: true });
  draw();
  return () => {
    observer.disconnect();
    CSS.highlights.delete('found');
  };
}
