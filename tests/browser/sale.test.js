import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { arrives, closeBrowser, hallIsDrawn, signIn, visitor } from './browser.js';
import { openShop } from './shop.js';
import { fromListToSeats, pay, seatIsShown, tapSeat } from './steps.js';

after(closeBrowser);

test('two buyers see each other’s seats, and each gets the own ones', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event();
  const [anna, boris] = [await visitor(t, shop), await visitor(t, shop)];
  for (const page of [anna, boris]) {
    await signIn(page, shop, await shop.buyer());
    await fromListToSeats(page, event.title);
    await hallIsDrawn(page);
  }

  await tapSeat(anna, 'VIP A-2');
  await seatIsShown(anna, 'VIP A-2', 'mine');
  await seatIsShown(boris, 'VIP A-2', 'held');
  await anna.getByText(/^VIP A-2 is yours for \d:\d\d\.$/).waitFor();

  // What is taken cannot be chosen, and it is said.
  await tapSeat(boris, 'VIP A-2');
  await boris.getByText('VIP A-2 was just taken. Choose another one.').waitFor();
  await tapSeat(boris, 'R D-8');
  await seatIsShown(boris, 'R D-8', 'mine');
  await seatIsShown(anna, 'R D-8', 'held');

  // A seat that is given back is free for everyone.
  await tapSeat(boris, 'R D-8');
  await seatIsShown(boris, 'R D-8', 'available');
  await seatIsShown(anna, 'R D-8', 'available');
  await tapSeat(boris, 'VIP B-1');
  await seatIsShown(boris, 'VIP B-1', 'mine');

  for (const page of [anna, boris]) await pay(page);
  const seats = await shop.seats(event.id);
  assert.deepEqual(['VIP A-2', 'VIP B-1', 'R D-8'].map((label) => seats.get(label).status), ['reserved', 'reserved', 'available']);
});

test('a seat that is taken between look and tap is refused, and shown', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event();
  const page = await visitor(t, shop);
  await signIn(page, shop, await shop.buyer());
  await page.goto(`/events/${event.id}/seats`);
  await hallIsDrawn(page);
  // This page hears of nothing: its answers have to tell it.
  await page.evaluate(() => { document.querySelector('tiketi-hall').parts.model.apply = () => []; });
  const other = await shop.buyer();
  const seat = (await shop.seats(event.id)).get('R C-4');
  await shop.call('POST', '/api/seats/reserve', { eventId: event.id, seatIds: [seat.id] }, other.token);
  await tapSeat(page, 'R C-4');
  await page.getByText('R C-4 was just taken. Choose another one.').waitFor();
  assert.equal(await page.locator('#basket li').count(), 0);
});

test('a visitor without JavaScript registers and buys', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event();
  const page = await visitor(t, shop, { javaScriptEnabled: false });
  await fromListToSeats(page, event.title);
  const list = page.locator('#seat-list');
  await list.getByRole('link', { name: /^R / }).click();
  await list.getByRole('link', { name: /^Row C/ }).click();
  await list.getByRole('button', { name: 'Hold R C-5,' }).click();

  // Choosing asks who it is, and comes back.
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByLabel('Name').fill('Seo Bada');
  await page.getByLabel('E-mail address').fill('bada@example.com');
  await page.getByLabel('Password').fill('wooden stairs by the quay');
  await page.getByRole('button', { name: 'Create the account' }).click();
  await arrives(page, (url) => url.pathname.endsWith('/seats'));
  await list.getByRole('button', { name: 'Hold R C-5,' }).click();
  await pay(page);
  assert.equal((await shop.seats(event.id)).get('R C-5').status, 'reserved');

  await page.getByRole('link', { name: 'My reservations' }).click();
  await page.getByRole('link', { name: event.title }).click();
  await page.getByText('Confirmed', { exact: true }).waitFor();
});

test('tickets without seats are bought without JavaScript', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event({ tickets: [{ name: 'Standing', price: 77_000, capacity: 10 }] });
  const page = await visitor(t, shop, { javaScriptEnabled: false });
  await signIn(page, shop, await shop.buyer());
  await page.goto(`/events/${event.id}`);
  await page.getByRole('link', { name: 'Choose tickets' }).click();
  await page.getByLabel(/^Standing/).selectOption('3');
  await page.getByRole('button', { name: 'Hold these tickets' }).click();
  await page.locator('#basket').getByText('Standing × 3').waitFor();
  await pay(page);
  assert.equal((await shop.call('GET', `/api/events/${event.id}`)).event.ticketTypes[0].available, 7);
});

test('a purchase survives a reload at each step', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event();
  const page = await visitor(t, shop);
  await signIn(page, shop, await shop.buyer());
  await page.goto(`/events/${event.id}/seats`);
  await hallIsDrawn(page);
  await tapSeat(page, 'VIP A-4');
  await seatIsShown(page, 'VIP A-4', 'mine');
  await page.reload();
  await hallIsDrawn(page);
  await seatIsShown(page, 'VIP A-4', 'mine');
  await page.locator('#basket li').filter({ hasText: 'VIP A-4' }).waitFor();

  await page.getByRole('link', { name: 'To the payment' }).click();
  await arrives(page, /\/checkout$/);
  await page.reload();
  await page.getByRole('button', { name: /^Pay / }).click();
  await page.getByRole('heading', { name: 'The tickets are yours' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'The tickets are yours' }).waitFor();
  await page.goBack();
  // The step that is done leads to its result, not to a second payment.
  await page.reload();
  await page.getByRole('heading', { name: 'The tickets are yours' }).waitFor();
});

test('everything is bought by the keyboard alone, through the list', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event();
  const page = await visitor(t, shop);
  await signIn(page, shop, await shop.buyer());
  await page.goto(`/events/${event.id}/seats`);
  await hallIsDrawn(page);
  const press = async (name) => {
    // Tab goes on until the wanted control has the focus, as a person's finger does.
    for (let steps = 0; steps < 80; steps += 1) {
      const focused = await page.evaluate(() => document.activeElement.matches('a, button') ? document.activeElement.innerText : '');
      if (name.test(focused)) break;
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
  };
  await press(/^VIP/);
  await page.getByRole('heading', { name: 'Choose a row in section VIP' }).waitFor();
  assert.ok(await page.evaluate(() => document.activeElement.closest('#seat-list')), 'the focus stays in the list');
  await press(/^Row B/);
  await page.getByRole('heading', { name: 'Choose a seat in row B' }).waitFor();
  await press(/VIP B-3/);
  await page.locator('#basket li').filter({ hasText: 'VIP B-3' }).waitFor();
  assert.ok(await page.evaluate(() => document.activeElement.closest('#seat-list')), 'the focus stays in the list');
  await press(/^To the payment/);
  await arrives(page, /\/checkout$/);
  await press(/^Pay /);
  await page.getByRole('heading', { name: 'The tickets are yours' }).waitFor();
});

test('a party gets seats side by side', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event();
  const page = await visitor(t, shop);
  await signIn(page, shop, await shop.buyer());
  await page.goto(`/events/${event.id}/seats`);
  await hallIsDrawn(page);
  await page.getByLabel('Side by side').selectOption('3');
  await page.getByRole('button', { name: 'Show' }).click();
  const list = page.locator('#seat-list');
  await list.getByRole('link', { name: /^R / }).click();
  await list.getByRole('link', { name: /^Row D/ }).click();
  await list.getByRole('button', { name: /4–6|5–7|6–8|1–3/ }).first().click();
  await page.waitForFunction(() => document.querySelectorAll('#basket .basket-lines li').length === 3);
});
