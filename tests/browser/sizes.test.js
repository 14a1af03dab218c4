import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, test } from 'node:test';
import { closeBrowser, visitor } from './browser.js';
import { openShop } from './shop.js';

const SCRIPTS = new URL('../../tiketi-web/assets/js/', import.meta.url);
const MOST_BYTES = 60 * 1024;

after(closeBrowser);

test('all scripts together have less than 60 KiB before compression', async (t) => {
  const shop = await openShop(t);
  const page = await visitor(t, shop);
  await page.goto('/events');
  const main = await page.locator('script[type="module"]').getAttribute('src');
  const names = readdirSync(SCRIPTS, { recursive: true }).filter((name) => name.endsWith('.js'));
  let bytes = 0;
  for (const name of names) {
    const answer = await fetch(new URL(main.replace('main.js', name), shop.base));
    assert.equal(answer.status, 200, name);
    assert.match(answer.headers.get('cache-control'), /immutable/);
    bytes += (await answer.arrayBuffer()).byteLength;
  }
  t.diagnostic(`${names.length} scripts have ${bytes} bytes`);
  assert.ok(bytes < MOST_BYTES, `${bytes} bytes`);
});
