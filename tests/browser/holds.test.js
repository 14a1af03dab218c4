import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, hallIsDrawn, signIn, until, visitor } from './browser.js';
import { openShop } from './shop.js';
import { pay, seatIsShown, tapSeat } from './steps.js';

after(closeBrowser);

async function atSeats(t, shop, event) {
  const page = await visitor(t, shop);
  await signIn(page, shop, await shop.buyer());
  await page.goto(`/events/${event.id}/seats`);
  await hallIsDrawn(page);
  return page;
}

test('a hold that ends leaves the basket, and its seat is free for everyone', async (t) => {
  const shop = await openShop(t, { flags: ['--hold-ttl', '8s', '--hold-cap', '20s'] });
  const event = await shop.event();
  const [holder, other] = [await atSeats(t, shop, event), await atSeats(t, shop, event)];
  await tapSeat(holder, 'R C-2');
  await seatIsShown(other, 'R C-2', 'held');
  await until(holder, () => /^0:0\d$/.test(document.querySelector('#basket tiketi-countdown')?.textContent ?? ''));
  await holder.getByText('Nothing is chosen yet.').waitFor();
  await seatIsShown(holder, 'R C-2', 'available');
  await seatIsShown(other, 'R C-2', 'available');
});

test('a hold is extended by the button in the basket', async (t) => {
  const shop = await openShop(t, { flags: ['--hold-ttl', '60s', '--hold-cap', '10m'] });
  const event = await shop.event();
  const page = await atSeats(t, shop, event);
  await tapSeat(page, 'R C-2');
  await seatIsShown(page, 'R C-2', 'mine');
  const end = () => page.locator('#basket tiketi-countdown').getAttribute('until');
  const before = await end();
  await page.getByRole('button', { name: 'More time' }).click();
  await until(page, (old) => document.querySelector('#basket tiketi-countdown').getAttribute('until') > old, before);
});

test('a connection that is lost is said, and what happened meanwhile is shown when it is back', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event();
  const page = await visitor(t, shop, { expects: ['ERR_INTERNET_DISCONNECTED'] });
  await signIn(page, shop, await shop.buyer());
  await page.goto(`/events/${event.id}/seats`);
  await hallIsDrawn(page);
  await page.context().setOffline(true);
  await page.getByText(/^You are offline\./).waitFor();
  const seat = (await shop.seats(event.id)).get('VIP B-2');
  await shop.call('POST', '/api/seats/reserve', { eventId: event.id, seatIds: [seat.id] }, (await shop.buyer()).token);
  await page.context().setOffline(false);
  await seatIsShown(page, 'VIP B-2', 'held');
  await page.getByText('The live connection is back.').waitFor();
});

test('a server that is killed midway loses nothing of a purchase', async (t) => {
  const shop = await openShop(t, { isKept: true });
  const event = await shop.event();
  const page = await visitor(t, shop, { expects: ['WebSocket connection', 'ERR_CONNECTION_REFUSED', 'ERR_EMPTY_RESPONSE', 'ERR_CONNECTION_RESET'] });
  await signIn(page, shop, await shop.buyer());
  await page.goto(`/events/${event.id}/seats`);
  await hallIsDrawn(page);
  await tapSeat(page, 'VIP A-6');
  await seatIsShown(page, 'VIP A-6', 'mine');
  await page.locator('#basket li').filter({ hasText: 'VIP A-6' }).waitFor();

  await shop.restart('SIGKILL');
  // The page finds the server again by itself, and hears of others.
  const seat = (await shop.seats(event.id)).get('R D-1');
  await shop.call('POST', '/api/seats/reserve', { eventId: event.id, seatIds: [seat.id] }, (await shop.buyer()).token);
  await seatIsShown(page, 'R D-1', 'held');
  await tapSeat(page, 'VIP A-5');
  await seatIsShown(page, 'VIP A-5', 'mine');
  await pay(page);
  const seats = await shop.seats(event.id);
  assert.deepEqual(['VIP A-5', 'VIP A-6'].map((label) => seats.get(label).status), ['reserved', 'reserved']);
});

test('the page of an event opens by itself when the sale does', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event({ opensIn: 6_000 });
  const page = await visitor(t, shop);
  await page.goto(`/events/${event.id}`);
  await page.getByText('The sale opens in').waitFor();
  await page.getByRole('link', { name: 'Choose seats' }).waitFor();
});
