import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { arrives, closeBrowser, signIn, visitor } from './browser.js';
import { TARGET, openShop, start, stop } from './shop.js';
import { chooseInList, pay } from './steps.js';

const STUB = process.env.TOSS_STUB ?? join(TARGET, 'debug/examples/toss_stub');

after(closeBrowser);

/** What the provider's script does, without its window: the buyer agrees at once, and comes back to the shop. */
const PROVIDER_SCRIPT = `window.TossPayments = () => ({
  async requestPayment(method, { amount, orderId, successUrl }) {
    const paymentKey = await window.agree({ orderId, amount });
    location.assign(successUrl + '?' + new URLSearchParams({ paymentKey, orderId, amount }));
  },
});`;

async function openShopWithProvider(t) {
  const stub = await start(STUB, ['--listen', '127.0.0.1:0']);
  const flags = ['--toss-secret-key', 'test_sk_stub', '--toss-client-key', 'test_ck_stub', '--toss-base-url', stub.address];
  const shop = await openShop(t, { flags });
  t.after(() => stop(stub.process));
  const ask = async (path, body) => {
    const response = await fetch(`${stub.address}/stub/${path}`, {
      method: body ? 'POST' : 'GET', headers: { 'Content-Type': 'application/json' }, body: body && JSON.stringify(body),
    });
    return response.status === 204 ? {} : response.json();
  };
  return { shop, ask };
}

async function payAtProvider(page) {
  await page.getByRole('button', { name: /^Pay / }).click();
  await page.getByRole('button', { name: 'Open the payment window' }).click();
  await arrives(page, /\/result$/);
}

test('a declined payment keeps the tickets, the next one is accepted, and a cancellation refunds it', async (t) => {
  const { shop, ask } = await openShopWithProvider(t);
  const event = await shop.event();
  const page = await visitor(t, shop);
  await page.exposeFunction('agree', async (order) => (await ask('authenticate', order)).paymentKey);
  await page.route('https://js.tosspayments.com/**', (route) => route.fulfill({ contentType: 'text/javascript', body: PROVIDER_SCRIPT }));
  await signIn(page, shop, await shop.buyer());
  await page.goto(`/events/${event.id}/seats`);
  await chooseInList(page, 'VIP', 'B', '4');
  await page.getByRole('link', { name: 'To the payment' }).click();

  await ask('faults', { call: 'confirm', reply: { code: 'REJECT_CARD_PAYMENT' } });
  await payAtProvider(page);
  await page.getByRole('heading', { name: 'The payment was declined' }).waitFor();
  assert.equal((await shop.seats(event.id)).get('VIP B-4').status, 'locked');

  await page.getByRole('link', { name: 'To the payment' }).click();
  await payAtProvider(page);
  await page.getByRole('heading', { name: 'The tickets are yours' }).waitFor();
  assert.equal((await shop.seats(event.id)).get('VIP B-4').status, 'reserved');

  await page.getByRole('link', { name: 'To the tickets' }).click();
  await page.getByText('Give the tickets back').click();
  await page.getByRole('button', { name: 'Give all tickets back' }).click();
  await page.getByText('Cancelled', { exact: true }).waitFor();
  assert.equal((await shop.seats(event.id)).get('VIP B-4').status, 'available');
  const ledger = await ask('ledger');
  assert.match(JSON.stringify(ledger), /"captures":1/);
  assert.match(JSON.stringify(ledger), /"refunded":165000/);
});

test('a payment window that cannot be opened leaves a way on', async (t) => {
  const { shop } = await openShopWithProvider(t);
  const event = await shop.event();
  const page = await visitor(t, shop, { expects: ['ERR_FAILED'] });
  await page.route('https://js.tosspayments.com/**', (route) => route.abort());
  await signIn(page, shop, await shop.buyer());
  await page.goto(`/events/${event.id}/seats`);
  await chooseInList(page, 'VIP', 'B', '4');
  await page.getByRole('link', { name: 'To the payment' }).click();
  await page.getByRole('button', { name: /^Pay / }).click();
  await page.getByRole('button', { name: 'Open the payment window' }).click();
  await page.getByRole('alert').getByText('The payment window did not open.').waitFor();
  await page.getByRole('link', { name: 'Choose another method' }).click();
  await page.getByRole('button', { name: /^Pay / }).waitFor();
});

test('tickets that are not paid are given back at once', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event();
  const page = await visitor(t, shop);
  await signIn(page, shop, await shop.buyer());
  await page.goto(`/events/${event.id}/seats`);
  await chooseInList(page, 'R', 'D', '2');
  await page.getByRole('button', { name: 'Give all back' }).click();
  await page.getByText('Nothing is chosen yet.').waitFor();
  assert.equal((await shop.seats(event.id)).get('R D-2').status, 'available');
});

test('a paid reservation is cancelled without JavaScript', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event();
  const page = await visitor(t, shop, { javaScriptEnabled: false });
  await signIn(page, shop, await shop.buyer());
  await page.goto(`/events/${event.id}/seats`);
  await chooseInList(page, 'R', 'D', '2');
  await pay(page);
  await page.getByRole('link', { name: 'To the tickets' }).click();
  await page.getByText('Give the tickets back').click();
  await page.getByRole('button', { name: 'Give all tickets back' }).click();
  await page.getByText('Cancelled', { exact: true }).waitFor();
  assert.equal((await shop.seats(event.id)).get('R D-2').status, 'available');
});
