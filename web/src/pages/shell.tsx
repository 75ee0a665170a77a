/// The frame around every page: navigation, what is wrong with the connection, and the page that the address names.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { lazy } from '../ui/lazy';

import { hrefOf, place } from '../router';
import { clockAhead } from '../state/clock';
import { hubOnline } from '../state/hub';
import { account, claims, connectionState, endedBecause, isAdmin, isGuest, signOut } from '../state/session';
import { formatSpan, t } from '../text';
import type { Key } from '../text/en';
import { LanguageChoice, ThemeChoice } from '../ui/choices';
import { Icon, Logo, type IconName } from '../ui/icons';
import { Button, Empty, Toasts } from '../ui/parts';
import { HomePage } from './home';
import { SignInAgain } from './signin';

const DevicePage = lazy(() => import('./device').then((module) => module.DevicePage));
const ChatPage = lazy(() => import('./chat').then((module) => module.ChatPage));
const ActivityPage = lazy(() => import('./activity').then((module) => module.ActivityPage));
const PeoplePage = lazy(() => import('./people').then((module) => module.PeoplePage));
const TokensPage = lazy(() => import('./tokens').then((module) => module.TokensPage));
const LimitsPage = lazy(() => import('./limits').then((module) => module.LimitsPage));
const ModelsPage = lazy(() => import('./admin').then((module) => module.ModelsPage));
const AuditPage = lazy(() => import('./admin').then((module) => module.AuditPage));
const SettingsPage = lazy(() => import('./admin').then((module) => module.SettingsPage));
const BackupPage = lazy(() => import('./admin').then((module) => module.BackupPage));

interface Entry {
  page: string;
  label: Key;
  icon: IconName;
  shown: () => boolean;
}

const always = (): boolean => true;
const hasAccount = (): boolean => account.value !== null && claims.value?.type === 'user' && !isGuest.value;

const entries: Entry[] = [
  { page: 'home', label: 'nav.home', icon: 'home', shown: always },
  { page: 'chat', label: 'nav.chat', icon: 'chat', shown: () => claims.value?.type !== 'admin' },
  { page: 'activity', label: 'nav.activity', icon: 'activity', shown: always },
  { page: 'models', label: 'nav.models', icon: 'model', shown: always },
  { page: 'tokens', label: 'nav.tokens', icon: 'key', shown: hasAccount },
  { page: 'limits', label: 'nav.limits', icon: 'gauge', shown: () => account.value !== null && claims.value?.type === 'user' },
  { page: 'backup', label: 'nav.backup', icon: 'backup', shown: hasAccount },
  { page: 'people', label: 'nav.people', icon: 'people', shown: () => isAdmin.value },
  { page: 'audit', label: 'nav.audit', icon: 'audit', shown: () => isAdmin.value },
  { page: 'settings', label: 'nav.settings', icon: 'settings', shown: always },
];
const on_phone = 3; // entries in the bar at the bottom; the others are behind More

const clock_tolerance_ms = 120_000;
const long_ms = 8_000;

function Page() {
  const { page, item } = place.value;
  switch (page) {
    case 'home':
      return <HomePage />;
    case 'device':
      return <DevicePage key={item} id={item} />;
    case 'chat':
      return <ChatPage id={item} />;
    case 'activity':
      return <ActivityPage />;
    case 'people':
      return <PeoplePage />;
    case 'tokens':
      return <TokensPage />;
    case 'limits':
      return <LimitsPage />;
    case 'models':
      return <ModelsPage />;
    case 'audit':
      return <AuditPage />;
    case 'settings':
      return <SettingsPage />;
    case 'backup':
      return <BackupPage />;
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

/// True once something has been `wrong` for a while: short interruptions need no advice.
function useForLong(wrong: boolean): boolean {
  const long = useSignal(false);
  useEffect(() => {
    long.value = false;
    if (!wrong) return;
    const timer = setTimeout(() => (long.value = true), long_ms);
    return () => clearTimeout(timer);
  }, [wrong]);
  return wrong && long.value;
}

function Banner() {
  const state = connectionState.value;
  const isApart = state === 'waiting' || state === 'connecting';
  const isBridgeAway = !isApart && hubOnline.value === false;
  const isLong = useForLong(isApart || isBridgeAway);
  if (isApart) {
    return (
      <p class="banner warn" role="status">
        <span class="spinner" />
        <span>
          {t(hubOnline.value === null ? 'connection.first' : 'connection.lost')}
          {isLong && ` ${t('connection.long')}`}
        </span>
      </p>
    );
  }
  if (isBridgeAway) {
    return (
      <p class="banner bad" role="status">
        <Icon name="warning" />
        <span>
          {t('connection.bridge')}
          {isLong && ` ${t('connection.long')}`}
        </span>
      </p>
    );
  }
  const ahead = clockAhead();
  if (Math.abs(ahead) > clock_tolerance_ms) {
    return (
      <p class="banner warn" role="status">
        <Icon name="warning" />
        <span>{t(ahead > 0 ? 'clock.ahead' : 'clock.behind', { time: formatSpan(Math.abs(ahead) / 1000) })}</span>
      </p>
    );
  }
  return null;
}

function roleOf(type: string | undefined): Key {
  if (isAdmin.value) return 'role.admin';
  if (isGuest.value) return 'role.guest';
  if (type === 'device') return 'role.device';
  return account.value?.role === 'member' ? 'role.member' : 'role.user';
}

function isHere(page: string): boolean {
  return place.value.page === page || (page === 'home' && place.value.page === 'device');
}

export function Shell() {
  const shown = entries.filter((entry) => entry.shown());
  const { page, item } = place.value;
  const more = useSignal(false);
  useEffect(() => {
    more.value = false;
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
        <nav aria-label={t('nav')} class={more.value ? 'more' : ''}>
          <ul class="plain">
            {shown.map((entry, at) => (
              <li key={entry.page} class={at < on_phone ? '' : 'beyond'}>
                <a href={hrefOf(entry.page)} aria-current={isHere(entry.page) ? 'page' : undefined}>
                  <Icon name={entry.icon} />
                  <span>{t(entry.label)}</span>
                </a>
              </li>
            ))}
            <li class="only-phone-item">
              <button type="button" aria-expanded={more.value} onClick={() => (more.value = !more.value)}>
                <Icon name="more" />
                <span>{t('nav.more')}</span>
              </button>
            </li>
          </ul>
        </nav>
        <div class="side-foot">
          <p class="who">
            <span class="avatar" aria-hidden="true">
              {(who?.sub ?? '?').slice(0, 1).toUpperCase()}
            </span>
            <span class="clip">
              <strong class="name">{account.value?.name || who?.sub}</strong>
              <span class="muted small">{t(roleOf(who?.type))}</span>
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
