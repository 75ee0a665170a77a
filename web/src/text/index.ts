/// The dashboard's words, in English and German. `t` reads a signal: what shows a text follows a change of language.

import { signal } from '@preact/signals';

import { keep, kept } from '../state/storage';
import { en, type Key, type Texts } from './en';

export type Language = 'en' | 'de';
const language_key = 'strawberry.language';

export const language = signal<Language>('en');
const texts = signal<Texts>(en);

function preferred(): Language {
  const chosen = kept('local', language_key);
  if (chosen === 'en' || chosen === 'de') return chosen;
  return navigator.language.toLowerCase().startsWith('de') ? 'de' : 'en';
}

async function use(chosen: Language): Promise<void> {
  texts.value = chosen === 'de' ? (await import('./de')).de : en;
  language.value = chosen;
  document.documentElement.lang = chosen;
}

export async function startLanguage(): Promise<void> {
  await use(preferred()).catch(() => {});
}

export function setLanguage(chosen: Language): void {
  keep('local', language_key, chosen);
  void use(chosen);
}

export type Values = Record<string, string | number>;

export function t(key: Key, values?: Values): string {
  const text = texts.value[key];
  return values ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole)) : text;
}

/// `key` is a family with `.one` and `.other`.
export function tn(key: PluralKey, n: number, values?: Values): string {
  return t(`${key}.${n === 1 ? 'one' : 'other'}` as Key, { n: formatNumber(n), ...values });
}
type PluralKey = Key extends infer K ? (K extends `${infer Family}.one` ? Family : never) : never;

export function formatNumber(n: number): string {
  return new Intl.NumberFormat(language.value).format(n);
}

export function formatBytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  while (n >= 1024 && at < units.length - 1) {
    n /= 1024;
    at += 1;
  }
  return `${new Intl.NumberFormat(language.value, { maximumFractionDigits: n < 10 && at > 0 ? 1 : 0 }).format(n)} ${units[at]}`;
}

export function formatTime(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  return new Intl.DateTimeFormat(language.value, { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
}

export function formatClock(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  return new Intl.DateTimeFormat(language.value, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms);
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
  ['year', Infinity],
];

/// `ms` before now (negative: after).
export function formatAgo(ms: number): string {
  let amount = Math.round(ms / 1000);
  if (Math.abs(amount) < 10) return t('time.now');
  for (const [unit, size] of steps) {
    if (Math.abs(amount) < size) {
      return new Intl.RelativeTimeFormat(language.value, { numeric: 'auto' }).format(-amount, unit);
    }
    amount = Math.round(amount / size);
  }
  return '–';
}

const whole_days_from = 10; // hours no longer matter

export function formatSpan(seconds: number): string {
  const parts: string[] = [];
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (days) parts.push(`${days} d`);
  if ((days || hours) && days < whole_days_from) parts.push(`${hours} h`);
  if (!days) parts.push(`${minutes} min`);
  return parts.join(' ');
}

export function formatTook(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${new Intl.NumberFormat(language.value, { maximumFractionDigits: 1 }).format(ms / 1000)} s`;
}
