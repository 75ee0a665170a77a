import './style/tokens.css';
import './style/base.css';
import './style/layout.css';
import './style/buttons.css';
import './style/forms.css';
import './style/feedback.css';
import './style/lists.css';
import './style/overlay.css';
import './style/shell.css';
import './style/home.css';
import './style/device.css';
import './style/chat.css';
import './style/activity.css';
import './style/signin.css';

import { render } from 'preact';

import { Shell } from './pages/shell';
import { SignInPage, tokenInLink } from './pages/signin';
import { go, place } from './router';
import { claims, endedBecause, resume } from './state/session';
import { startLanguage, t } from './text';
import './ui/theme';

/// A login link has its token behind the `#`, which no server sees. It leaves the address at once.
function takeLink(): string | null {
  const token = tokenInLink(location.hash);
  if (location.hash) history.replaceState(null, '', location.pathname);
  if (place.value.page === 'login') go('home', '', true);
  return token || null;
}

function App({ link }: { link: string | null }) {
  if (claims.value) return <Shell />;
  return <SignInPage link={link} because={endedBecause.value === 'elsewhere' ? t('ended.elsewhere.text') : null} />;
}

async function start(): Promise<void> {
  const link = takeLink();
  await startLanguage();
  if (!link) resume();
  const root = document.getElementById('app');
  root?.replaceChildren(); // what is shown until here
  if (root) render(<App link={link} />, root);
}

void start();
