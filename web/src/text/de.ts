import type { Texts } from './en';

export const de: Texts = { ...(await import('./en')).en };
