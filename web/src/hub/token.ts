/// What a token says of itself. Nothing here is trusted: the broker decides; this is for showing and for the user name
/// that MQTT wants.

import { isObject, text } from './wire';

export type PrincipalType = 'device' | 'user' | 'admin' | 'grant' | string;

export interface Claims {
  sub: string;
  type: PrincipalType;
  userId: string;
  expiresAt: number; // milliseconds since 1970, by the hub's clock
  issuedAt: number;
  scope: string[] | null; // null: everything that the principal may do
}

const idPattern = /^[A-Za-z0-9_-]{1,64}$/;

const first_link_prefix = 'operator-'; // of the `sub` of a link that creates the first admin

function fromBase64Url(part: string): string {
  const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}

/// Null for what is no token of a hub.
export function claimsOf(token: string): Claims | null {
  const parts = token.trim().split('.');
  if (parts.length !== 3 || token.length > 8192) return null;
  try {
    const claims: unknown = JSON.parse(fromBase64Url(parts[1] ?? ''));
    if (!isObject(claims)) return null;
    const sub = text(claims.sub);
    if (!idPattern.test(sub) || typeof claims.exp !== 'number') return null;
    return {
      sub,
      type: text(claims.type, 'device'),
      userId: text(claims.user_id, sub),
      expiresAt: claims.exp * 1000,
      issuedAt: typeof claims.iat === 'number' ? claims.iat * 1000 : 0,
      scope: typeof claims.scope === 'string' ? claims.scope.split(' ').filter(Boolean) : null,
    };
  } catch {
    return null;
  }
}

export function isFirstLink(token: string): boolean {
  const claims = claimsOf(token);
  return claims?.type === 'grant' && claims.sub.startsWith(first_link_prefix);
}
