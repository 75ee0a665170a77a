/// The frame around every page: navigation, what is wrong with the connection, and the page that the address names.

import { useEffect } from 'preact/hooks';
import { lazy } from '../ui/lazy';

import { hrefOf, place } from '../router';
import { clockAhead, hubOnline } from '../state/hub';
import { claims, connectionState, endedBecause, isAdmin, signOut } from '../state/session';
import { formatSpan, t } from '../text';
import type { Key } from '../text/en';
import { LanguageChoice, ThemeChoice } from '../ui/choices';
import { Icon, Logo, type IconName } from '../ui/icons';
import { Button, Empty, Toasts } from '../ui/parts';
import { HomePage } from './home';
import { SignInAgain } from './signin';

const DevicePage = lazy(() => import('./device').then((module) => module.DevicePage));

interface Entry {
  page: string;
  label: Key;
  icon: IconName;
  admin?: boolean;
}

const entries: Entry[] = [
  { page: 'home', label: 'nav.home', icon: 'home' },
];

const clock_tolerance_ms = 120_000;

function Page() {
  const { page, item } = place.value;
  switch (page) {
    case 'home':
      return <HomePage />;
    case 'device':
      return <DevicePage key={item} id={item} />;
    default:
      return (
        <Empty icon="search" title={t('notfound.title')}>
          <p>{t('notfound.text')}</p>
          <a class="button primary" href="/">
            {t('nav.home')}
          </a>
        </Empty>
      );
  }
}

function Banner() {
  const state = connectionState.value;
  if (state === 'waiting' || state === 'connecting') {
    return (
      <p class="banner warn" role="status">
        <span class="spinner" />
        {t(hubOnline.value === null ? 'connection.first' : 'connection.lost')}
      </p>
    );
  }
  if (hubOnline.value === false) {
    return (
      <p class="banner bad" role="status">
        <Icon name="warning" />
        {t('connection.bridge')}
      </p>
    );
  }
  if (Math.abs(clockAhead.value) > clock_tolerance_ms) {
    return (
      <p class="banner warn" role="status">
        <Icon name="warning" />
        {t(clockAhead.value > 0 ? 'clock.ahead' : 'clock.behind', { time: formatSpan(Math.abs(clockAhead.value) / 1000) })}
      </p>
    );
  }
  return null;
}

function isHere(page: string): boolean {
  return place.value.page === page || (page === 'home' && place.value.page === 'device');
}

export function Shell() {
  const shown = entries.filter((entry) => !entry.admin || isAdmin.value);
  const { page, item } = place.value;
  useEffect(() => {
    const title = shown.find((entry) => isHere(entry.page));
    document.title = `${title ? t(title.label) : 'Strawberry'} · Strawberry Hub`;
  }, [page, item]);
  const who = claims.value;
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={() => document.getElementById('main')?.focus()}>
        {t('skip')}
      </a>
      <aside class="side">
        <a class="brand" href="/" aria-label="Strawberry Hub">
          <Logo />
          <span>Strawberry Hub</span>
        </a>
        <nav aria-label={t('nav')}>
          <ul class="plain">
            {shown.map((entry) => (
              <li key={entry.page}>
                <a href={hrefOf(entry.page)} aria-current={isHere(entry.page) ? 'page' : undefined}>
                  <Icon name={entry.icon} />
                  <span>{t(entry.label)}</span>
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="side-foot">
          <p class="who">
            <span class="avatar" aria-hidden="true">
              {(who?.sub ?? '?').slice(0, 1).toUpperCase()}
            </span>
            <span class="clip">
              <strong class="name">{who?.sub}</strong>
              <span class="muted small">{t(isAdmin.value ? 'role.admin' : 'role.user')}</span>
            </span>
            <Button kind="quiet" icon="leave" bare onClick={signOut}>
              {t('signout')}
            </Button>
          </p>
          <div class="preferences">
            <LanguageChoice />
            <ThemeChoice />
          </div>
        </div>
      </aside>
      <div class="content">
        <Banner />
        <main id="main" tabIndex={-1}>
          <Page />
        </main>
      </div>
      <Toasts />
      {endedBecause.value && <SignInAgain because={endedBecause.value} />}
    </div>
  );
}
