// The edge between the list and the conversation, by which the list is made wider or narrower.
import { listWidths, prefs, setPrefs } from '../state/prefs.ts';
import { t } from '../strings.ts';

const STEP = 20;

function setWidth(width: number): void {
  setPrefs({ listWidth: Math.round(Math.max(listWidths.least, Math.min(listWidths.most, width))) });
}

export function Splitter() {
  const width = prefs.value.listWidth;
  const rtl = (): number => (document.documentElement.dir === 'rtl' ? -1 : 1);
  const drag = (e: PointerEvent): void => {
    const edge = e.currentTarget as HTMLElement;
    const from = e.clientX;
    edge.setPointerCapture(e.pointerId);
    const move = (m: PointerEvent): void => setWidth(width + (m.clientX - from) * rtl());
    edge.addEventListener('pointermove', move);
    edge.addEventListener('lostpointercapture', () => edge.removeEventListener('pointermove', move), {
      once: true,
    });
  };
  const keys = (e: KeyboardEvent): void => {
    const step = { ArrowLeft: -STEP, ArrowRight: STEP }[e.key];
    if (step) setWidth(width + step * rtl());
    else if (e.key === 'Home') setWidth(listWidths.least);
    else if (e.key === 'End') setWidth(listWidths.most);
    else return;
    e.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a line of text has no value, and this edge has one
    <div
      class="splitter"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={t.listWidth}
      aria-valuemin={listWidths.least}
      aria-valuemax={listWidths.most}
      aria-valuenow={width}
      onPointerDown={drag}
      onKeyDown={keys}
      onDblClick={() => setWidth(listWidths.usual)}
    />
  );
}
