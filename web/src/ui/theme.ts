/// Light or dark: as the system has it, unless chosen here.

import { signal } from '@preact/signals';

import { keep, kept } from '../state/storage';

export type Theme = 'system' | 'light' | 'dark';
const theme_key = 'strawberry.theme';
const prefersDark = matchMedia('(prefers-color-scheme: dark)');

function stored(): Theme {
  const value = kept('local', theme_key);
  return value === 'light' || value === 'dark' ? value : 'system';
}

export const theme = signal<Theme>(stored());

function show(): void {
  const dark = theme.value === 'dark' || (theme.value === 'system' && prefersDark.matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}

export function setTheme(chosen: Theme): void {
  theme.value = chosen;
  keep('local', theme_key, chosen === 'system' ? null : chosen);
  show();
}

prefersDark.addEventListener('change', show);
show();
