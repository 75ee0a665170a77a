/// A list, or a grid of cards, of any length of which only what is in sight is in the page. All rows have one height.

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

const beyond_rows = 8;
const step_rows = 4; // of a grid

interface Props<T> {
  items: readonly T[];
  rowHeight: number;
  keyOf: (item: T, at: number) => string;
  render: (item: T, at: number) => ComponentChildren;
  label: string;
  maxHeight?: string;
}

export function VirtualList<T>({ items, rowHeight, keyOf, render, label, maxHeight = '60vh' }: Props<T>) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const look = (): void => {
    const element = box.current;
    if (!element) return;
    const top = Math.floor(element.scrollTop / rowHeight) * rowHeight;
    setView((old) => (old.top === top && old.height === element.clientHeight ? old : { top, height: element.clientHeight }));
  };
  useLayoutEffect(() => {
    look();
    const watch = new ResizeObserver(look);
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, [items.length]);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - beyond_rows);
  const last = Math.min(items.length, Math.ceil((view.top + view.height) / rowHeight) + beyond_rows);
  return (
    <div class="virtual" ref={box} onScroll={look} style={{ maxHeight }} tabIndex={0} role="group" aria-label={label}>
      <ul class="plain" style={{ height: `${items.length * rowHeight}px` }}>
        {items.slice(first, last).map((item, at) => (
          <li
            key={keyOf(item, first + at)}
            aria-setsize={items.length}
            aria-posinset={first + at + 1}
            style={{ top: `${(first + at) * rowHeight}px`, height: `${rowHeight}px` }}
          >
            {render(item, first + at)}
          </li>
        ))}
      </ul>
    </div>
  );
}

interface GridProps<T> {
  items: readonly T[];
  /// Of a card: as wide at least, and exactly as high; between cards.
  minWidth: number;
  height: number;
  gap: number;
  keyOf: (item: T) => string;
  render: (item: T) => ComponentChildren;
}

/// Cards that scroll with the page.
export function VirtualGrid<T>({ items, minWidth, height, gap, keyOf, render }: GridProps<T>) {
  const box = useRef<HTMLUListElement>(null);
  const [view, setView] = useState({ columns: 1, first: 0, last: beyond_rows });
  const rowHeight = height + gap;
  useLayoutEffect(() => {
    let frame = 0;
    const look = (): void => {
      frame = 0;
      const element = box.current;
      if (!element) return;
      const { top, width } = element.getBoundingClientRect();
      const columns = Math.max(1, Math.floor((width + gap) / (minWidth + gap)));
      // In steps, so that most of a scroll changes nothing.
      const at = Math.floor(-top / rowHeight / step_rows) * step_rows;
      const first = Math.max(0, at - step_rows);
      const last = at + Math.ceil(innerHeight / rowHeight) + 2 * step_rows;
      setView((old) => (old.columns === columns && old.first === first && old.last === last ? old : { columns, first, last }));
    };
    const soon = (): void => {
      frame ||= requestAnimationFrame(look);
    };
    look();
    const watch = new ResizeObserver(soon);
    if (box.current) watch.observe(box.current);
    addEventListener('scroll', soon, { passive: true });
    addEventListener('resize', soon);
    return () => {
      cancelAnimationFrame(frame);
      watch.disconnect();
      removeEventListener('scroll', soon);
      removeEventListener('resize', soon);
    };
  }, []);
  const rows = Math.ceil(items.length / view.columns);
  const first = Math.min(view.first, Math.max(0, rows - 1));
  const last = Math.max(first, Math.min(view.last, rows));
  return (
    <ul
      ref={box}
      class="plain grid"
      style={{
        height: `${Math.max(0, rows * rowHeight - gap)}px`,
        paddingTop: `${first * rowHeight}px`,
        gridTemplateColumns: `repeat(${view.columns}, minmax(0, 1fr))`,
        gridAutoRows: `${height}px`,
        gap: `${gap}px`,
      }}
    >
      {items.slice(first * view.columns, last * view.columns).map((item, at) => (
        <li key={keyOf(item)} aria-setsize={items.length} aria-posinset={first * view.columns + at + 1}>
          {render(item)}
        </li>
      ))}
    </ul>
  );
}
