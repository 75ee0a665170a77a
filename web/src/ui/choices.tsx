import { useId } from 'preact/hooks';

import { language, setLanguage, t, type Language } from '../text';
import { setTheme, theme, type Theme } from './theme';

export function LanguageChoice() {
  const id = useId();
  return (
    <div class="choice">
      <label for={id}>{t('language')}</label>
      <select id={id} value={language.value} onChange={(event) => setLanguage(event.currentTarget.value as Language)}>
        <option value="en">English</option>
        <option value="de">Deutsch</option>
      </select>
    </div>
  );
}

export function ThemeChoice() {
  const id = useId();
  return (
    <div class="choice">
      <label for={id}>{t('theme')}</label>
      <select id={id} value={theme.value} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
        <option value="system">{t('theme.system')}</option>
        <option value="light">{t('theme.light')}</option>
        <option value="dark">{t('theme.dark')}</option>
      </select>
    </div>
  );
}
