/// An error as a person reads it: what happened, and what to do.

import { HubError, text } from '../hub/wire';
import { formatTook, t } from './index';
import type { Key } from './en';
import { en } from './en';

export function problemText(error: unknown): string {
  if (!(error instanceof HubError)) return t('error.internal');
  const key = `error.${error.code}`;
  const known = key in en ? t(key as Key) : error.message || error.code;
  const after = typeof error.details.retry_after_ms === 'number' ? error.details.retry_after_ms : 0;
  const parts = [known];
  // The hub's own words say which value and which limit; the sentence before them says what to do.
  if (error.message && wants_detail.has(error.code)) parts.push(`(${clip(error.message)})`);
  if (after > 0) parts.push(t('error.retry_after', { time: formatTook(after) }));
  const candidates = Array.isArray(error.details.candidates) ? error.details.candidates.map((one) => text(one)) : [];
  if (candidates.length) parts.push(clip(candidates.filter(Boolean).join(', ')));
  return parts.join(' ');
}

const wants_detail = new Set([
  'bad_request',
  'not_found',
  'quota_exceeded',
  'skill_error',
  'provider_error',
  'too_large',
  'ambiguous',
  'forbidden',
]);

function clip(message: string): string {
  return message.length > 400 ? `${message.slice(0, 400)}…` : message;
}
