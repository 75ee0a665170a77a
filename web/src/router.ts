/// Which page is shown: `/` is Home, all others are below `/app/`, since the web door has APIs at `/devices` and
/// elsewhere.

import { signal } from '@preact/signals';

export interface Place {
  page: string;
  item: string;
}

function read(): Place {
  const parts = location.pathname.split('/').filter(Boolean);
  if (parts[0] !== 'app') return { page: 'home', item: '' };
  const decode = (part: string | undefined): string => {
    try {
      return decodeURIComponent(part ?? '');
    } catch {
      return '';
    }
  };
  return { page: decode(parts[1]) || 'home', item: decode(parts[2]) };
}

export const place = signal<Place>(read());

export function hrefOf(page: string, item = ''): string {
  if (page === 'home') return '/';
  return `/app/${encodeURIComponent(page)}${item ? `/${encodeURIComponent(item)}` : ''}`;
}

export function go(page: string, item = '', replace = false): void {
  const href = hrefOf(page, item);
  if (replace) history.replaceState(null, '', href);
  else if (href !== location.pathname) history.pushState(null, '', href);
  const before = place.value;
  place.value = read();
  if (before.page !== place.value.page || before.item !== place.value.item) scrollTo(0, 0);
}

addEventListener('popstate', () => {
  place.value = read();
});

/// Links within the dashboard change the page without loading it.
document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
  if (link.pathname !== '/' && !link.pathname.startsWith('/app')) return;
  event.preventDefault();
  history.pushState(null, '', link.pathname);
  place.value = read();
  scrollTo(0, 0);
});
