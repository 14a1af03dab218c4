import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { arrives, closeBrowser, hallIsDrawn, signIn, visitor } from './browser.js';
import { openShop } from './shop.js';
import { pay, seatIsShown, tapSeat } from './steps.js';

/** One buyer at a time. */
const ONE_BY_ONE = { mode: 'on', maxActive: 1, turnWindow: 120 };

after(closeBrowser);

async function member(t, shop, options) {
  const page = await visitor(t, shop, options);
  const buyer = await shop.buyer();
  await signIn(page, shop, buyer);
  return { page, buyer };
}

async function join(page, event) {
  await page.goto(`/events/${event.id}`);
  await page.getByRole('link', { name: 'To the waiting room' }).click();
  await page.getByRole('button', { name: 'Join the line' }).click();
}

test('the waiting room admits the right buyer, and no other', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event({ room: ONE_BY_ONE });
  const [first, second, third] = [await member(t, shop), await member(t, shop), await member(t, shop)];

  await join(first.page, event);
  await arrives(first.page, /\/seats/);
  await join(second.page, event);
  await second.page.locator('[data-part="position"]').getByText('1', { exact: true }).waitFor();
  await join(third.page, event);
  await third.page.locator('[data-part="position"]').getByText('2', { exact: true }).waitFor();

  // Who waits finds no way around the line.
  await third.page.goto(`/events/${event.id}/seats`);
  await arrives(third.page, /\/line$/);
  const seat = (await shop.seats(event.id)).get('VIP A-3');
  const refused = await third.page.context().request.post(`${shop.base}/api/seats/reserve`, {
    data: { eventId: event.id, seatIds: [seat.id] }, headers: { Origin: shop.base, 'Sec-Fetch-Site': 'same-origin' },
  });
  assert.deepEqual([refused.status(), (await refused.json()).code], [403, 'NOT_ADMITTED']);

  // A reload keeps the place.
  await second.page.reload();
  await second.page.locator('[data-part="position"]').getByText('1', { exact: true }).waitFor();

  // The first one buys, and the second one is called and enters without a click; the third one moves up.
  await hallIsDrawn(first.page);
  await tapSeat(first.page, 'VIP A-2');
  await seatIsShown(first.page, 'VIP A-2', 'mine');
  await pay(first.page);
  await arrives(second.page, /\/seats/);
  await third.page.locator('[data-part="position"]').getByText('1', { exact: true }).waitFor();
  assert.match(third.page.url(), /\/line$/);
  await hallIsDrawn(second.page);
  await tapSeat(second.page, 'VIP A-3');
  await seatIsShown(second.page, 'VIP A-3', 'mine');
});

test('a buyer without JavaScript waits, enters and buys', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event({ room: ONE_BY_ONE });
  const holder = await shop.buyer();
  await shop.call('POST', '/api/queue', { eventId: event.id }, holder.token);
  const { page } = await member(t, shop, { javaScriptEnabled: false });
  await join(page, event);
  await page.locator('.line-position').getByText('1', { exact: true }).waitFor();

  await shop.call('POST', `/api/queue/leave/${event.id}`, {}, holder.token);
  // The page loads itself again; nobody presses anything.
  const enter = page.getByRole('button', { name: 'Enter now' });
  await enter.or(page.getByText('You are in')).waitFor();
  if (await enter.isVisible()) await enter.click();
  else await page.getByRole('link', { name: 'Choose seats' }).click();
  await arrives(page, /\/seats/);
  const list = page.locator('#seat-list');
  await list.getByRole('link', { name: /^VIP / }).click();
  await list.getByRole('link', { name: /^Row A/ }).click();
  await list.getByRole('button', { name: 'Hold VIP A-5,' }).click();
  await page.locator('#basket li').filter({ hasText: 'VIP A-5' }).waitFor();
  await pay(page);
});

test('a buyer who leaves the line lets the next one in', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event({ room: ONE_BY_ONE });
  const holder = await shop.buyer();
  await shop.call('POST', '/api/queue', { eventId: event.id }, holder.token);
  const [leaver, next] = [await member(t, shop), await member(t, shop)];
  await join(leaver.page, event);
  await leaver.page.locator('[data-part="position"]').getByText('1', { exact: true }).waitFor();
  await join(next.page, event);
  await next.page.locator('[data-part="position"]').getByText('2', { exact: true }).waitFor();
  await leaver.page.getByRole('button', { name: 'Leave the line' }).click();
  await leaver.page.getByText('You have left the line.').waitFor();
  await next.page.locator('[data-part="position"]').getByText('1', { exact: true }).waitFor();
  await shop.call('POST', `/api/queue/leave/${event.id}`, {}, holder.token);
  await arrives(next.page, /\/seats/);
});
