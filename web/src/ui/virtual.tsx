/// A list of any length of which only what is in sight is in the page. All rows have one height.

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

const beyond_rows = 8;

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
