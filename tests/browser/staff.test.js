import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, hallIsDrawn, signIn, until, visitor } from './browser.js';
import { lookAt } from './looks.js';
import { openShop } from './shop.js';
import { pay, pointOfSeat, seatIsShown, tapSeat } from './steps.js';

after(closeBrowser);

const PLAN = {
  venue: 'Pier Theatre', name: 'Small stage', currency: 'KRW',
  sections: [{ name: 'R', price: 90_000, rows: [{ label: 'A', seats: 6 }, { label: 'B', seats: 6 }] }],
};

async function staff(t, shop, options) {
  const page = await visitor(t, shop, options);
  await signIn(page, shop, shop.adminAccount);
  return page;
}

/** A moment as a form takes it: so many days from now. */
const local = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 16);

test('an organiser makes a layout and an event, and sees it sell', async (t) => {
  const shop = await openShop(t);
  const page = await staff(t, shop);
  await page.goto('/staff/layouts/new');
  // The picture follows the text.
  await page.getByLabel('Plan').or(page.locator('#text')).first().fill(JSON.stringify(PLAN));
  await page.locator('#layout-picture').getByText('Pier Theatre').first().waitFor();
  await page.locator('#layout-picture svg').waitFor();
  await page.locator('button[name="action"][value="save"]').click();
  await page.getByText('Created.').waitFor();

  await page.goto('/staff/events/new');
  await page.getByLabel('Title').fill('Songs of the Pier');
  await page.getByLabel('Venue').fill('Pier Theatre');
  await page.locator('#eventDate').fill(local(40));
  await page.locator('select[name="layoutId"], #layoutId').first().selectOption({ index: 1 });
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByText('Created.').waitFor();
  await page.getByRole('button', { name: /publish/i }).click();
  await page.getByText('Published.').waitFor();
  const event = new URL(page.url()).pathname.split('/')[3];

  await page.goto(`/staff/events/${event}/hall`);
  const sold = page.locator('#hall-counts tfoot td').nth(1);
  assert.equal(await sold.textContent(), '0');
  const buyer = await visitor(t, shop);
  await signIn(buyer, shop, await shop.buyer());
  await buyer.goto(`/events/${event}/seats`);
  await hallIsDrawn(buyer);
  await tapSeat(buyer, 'R A-3');
  await seatIsShown(buyer, 'R A-3', 'mine');
  await seatIsShown(page, 'R A-3', 'held');
  await pay(buyer);
  await seatIsShown(page, 'R A-3', 'taken');
  await sold.getByText('1', { exact: true }).waitFor();
});

test('an organiser blocks seats with a rectangle, and buyers see it at once', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event();
  const page = await staff(t, shop);
  await page.goto(`/staff/events/${event.id}/hall`);
  await page.locator('tiketi-hall-blocker[data-js-state="drawn"]').waitFor();
  const buyer = await visitor(t, shop);
  await buyer.goto(`/events/${event.id}/seats`);
  await hallIsDrawn(buyer);

  const [from, to] = [await pointOfSeat(page, 'R C-1'), await pointOfSeat(page, 'R D-3')];
  await page.mouse.move(from.x - 8, from.y - 8);
  await page.mouse.down();
  await page.mouse.move(to.x + 8, to.y + 8, { steps: 4 });
  await page.mouse.up();
  await seatIsShown(page, 'R D-2', 'chosen');
  assert.equal(await page.locator('#block-form input[name="seat"]').count(), 6);
  await page.locator('#reason').fill('camera');
  await page.locator('button[name="action"][value="block"]').click();
  await page.getByText('The seats are off sale.').waitFor();
  await seatIsShown(buyer, 'R D-2', 'blocked');
  const seats = await shop.seats(event.id);
  assert.deepEqual(['R C-1', 'R D-3', 'R D-4'].map((label) => seats.get(label).status), ['blocked', 'blocked', 'available']);
});

test('the organiser’s pages are readable, in both themes and at both widths', async (t) => {
  const shop = await openShop(t, { demo: true });
  const { data } = await shop.call('GET', '/api/events?status=on_sale&search=hall', undefined, null);
  const event = data[0].id;
  const buyer = await shop.buyer();
  const { seats } = await shop.call('GET', `/api/seats/${event}`, undefined, null);
  const { reservation } = await shop.call('POST', '/api/seats/reserve', { eventId: event, seatIds: [seats[3].id] }, buyer.token);
  const { payment } = await shop.call('POST', '/api/payments/process', { reservationId: reservation.id, paymentMethod: 'kakao_pay' }, buyer.token);
  const page = await staff(t, shop);
  const paths = {
    '': '', events: '/events', 'event-new': '/events/new', event: `/events/${event}`, 'event-edit': `/events/${event}/edit`, hall: `/events/${event}/hall`,
    room: `/events/${event}/waiting-room`, layouts: '/layouts', 'layout-new': '/layouts/new', rooms: '/rooms', 'notice-new': '/notices/new',
    reservations: '/reservations', reservation: `/reservations/${reservation.id}`, payments: '/payments', payment: `/payments/${payment.id}`,
    notices: '/notices', people: '/people', mail: '/mail', log: '/log',
  };
  const wrong = [];
  for (const [name, path] of Object.entries(paths)) {
    const answer = await page.goto(`/staff${path}`);
    assert.equal(answer.status(), 200, path);
    if (name === 'hall') await page.locator('tiketi-hall-blocker[data-js-state="drawn"]').waitFor();
    await until(page, () => document.querySelector('h1'));
    await lookAt(page, `staff-${name || 'dashboard'}`).catch((error) => wrong.push(error.message));
  }
  assert.deepEqual(wrong, []);
});
