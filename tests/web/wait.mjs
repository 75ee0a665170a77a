// Waiting for what a test needs. The deadlines are for a hub or a page that hangs: a machine that is busy is given time.

export const wait_timeout_ms = 45_000;

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/// Until `look` says something that counts as true.
export async function until(look, what, timeout_ms = wait_timeout_ms) {
  const end = Date.now() + timeout_ms;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`not in ${timeout_ms} ms: ${typeof what === 'function' ? what() : what}`);
    await pause(50);
  }
}

/// What `work` gives, or an error that names it when it takes too long.
export async function within(work, what, timeout_ms = wait_timeout_ms) {
  let timer;
  const late = new Promise((_, fail) => (timer = setTimeout(() => fail(new Error(`not in ${timeout_ms} ms: ${what}`)), timeout_ms)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
