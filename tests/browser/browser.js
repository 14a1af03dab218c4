// Visitors: each has a browser profile of its own, in the chromium that all tests share.

import { chromium } from 'playwright-core';

/** How long a test waits for anything: generous, because machines differ by a factor of ten. */
export const DEADLINE = Number(process.env.DEADLINE) || 60_000;

export const chromiumOptions = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--font-render-hinting=none', '--disable-dev-shm-usage'],
};

let browser;

/** Connects to the chromium of the run, or starts one for a file that is run by itself. */
function shared() {
  const endpoint = process.env.BROWSER_ENDPOINT;
  browser ??= endpoint ? chromium.connect(endpoint) : chromium.launch(chromiumOptions);
  return browser;
}

/** Lets the process of a test file end: a connection would keep it. */
export async function closeBrowser() {
  await (await browser)?.close();
}

/**
 * Opens a visitor's browser; it closes with the test.
 *
 * A script's error and a broken policy of content fail the test, unless `expects` names them.
 */
export async function visitor(t, shop, { expects = [], ...options } = {}) {
  const context = await (await shared()).newContext({
    baseURL: shop.base, locale: 'en-US', timezoneId: 'Asia/Seoul', viewport: { width: 1280, height: 800 }, ...options,
  });
  context.setDefaultTimeout(DEADLINE);
  const page = await context.newPage();
  const wrong = [];
  const note = (text) => { if (!expects.some((part) => text.includes(part))) wrong.push(text); };
  page.on('pageerror', (error) => note(`error of a script: ${error.message}`));
  page.on('console', (message) => {
    // A refusal is an answer with a status of 4xx, which the console also shows.
    if (message.type() === 'error' && !/Failed to load resource.*\b4\d\d\b/.test(message.text())) note(message.text());
  });
  // Pages close before their shop does, and would complain about it otherwise.
  shop.visitors?.push(context);
  t.after(async () => {
    await context.close();
    if (wrong.length) throw new Error(`the console has:\n${[...new Set(wrong)].join('\n')}`);
  });
  return page;
}

/** Signs a visitor in as a form does, without looking at the form. */
export async function signIn(page, shop, { email, password }) {
  const answer = await page.context().request.post(`${shop.base}/sign-in`, {
    form: { email, password, next: '/' }, headers: { Origin: shop.base }, maxRedirects: 0,
  });
  if (answer.status() !== 303) throw new Error(`${email} was not signed in: ${answer.status()}`);
}

/** Waits until a condition on the page holds. */
export const until = (page, condition, argument) =>
  page.waitForFunction(condition, argument, { timeout: DEADLINE, polling: 50 });

/**
 * Waits until the page is at an address.
 *
 * Where a script sends a form at once, its navigation replaces the one before, and the wait for that ends with an error.
 */
export async function arrives(page, address) {
  for (;;) {
    try {
      return await page.waitForURL(address);
    } catch (error) {
      if (!error.message.includes('net::ERR_ABORTED')) throw error;
    }
  }
}

/** Waits until the hall is drawn. */
export const hallIsDrawn = (page) => page.locator('tiketi-hall[data-js-state="drawn"]').waitFor();
