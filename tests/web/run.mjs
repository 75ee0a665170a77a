// Runs a test that needs Chromium; exit code 77 says that it is not installed (scripts/setup --dev installs it).

import { existsSync } from 'node:fs';

if (!existsSync('/usr/bin/chromium')) {
  console.log('skipped: there is no /usr/bin/chromium (scripts/setup --dev installs it)');
  process.exit(77);
}
await import(`./${process.argv[2]}`);
