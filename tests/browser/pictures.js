// Takes the pictures of the README: `node tests/browser/pictures.js`, after tests/check/browser has installed and built
// what it needs. It writes docs/pictures.

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { closeBrowser, hallIsDrawn, signIn, until, visitor } from './browser.js';
import { openShop } from './shop.js';
import { seatIsShown, tapSeat } from './steps.js';

const FOLDER = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));

const ends = [];
const test = { after: (end) => ends.push(end) };
const shop = await openShop(test, { demo: true });
try {
  await mkdir(FOLDER, { recursive: true });
  const { data } = await shop.call('GET', '/api/events?status=on_sale&search=hall', undefined, null);
  await sell(data[0].id);
  await events();
  await hall(data[0].id);
  await dashboard();
} finally {
  for (const end of ends.reverse()) await end();
  await closeBrowser();
}

async function picture(page, name) {
  const devtools = await page.context().newCDPSession(page);
  const { data } = await devtools.send('Page.captureScreenshot', { format: 'webp', quality: 82 });
  await writeFile(`${FOLDER}${name}.webp`, Buffer.from(data, 'base64'));
}

/** Sells and holds seats as an evening of sale does: more of them close to the stage. */
async function sell(event) {
  const seats = [...(await shop.seats(event)).values()];
  let state = 7;
  // The same picture each time.
  const chance = () => { state = (state * 16_807) % 2_147_483_647; return state / 2_147_483_647; };
  const starts = Array.from({ length: 60 }, () => Math.floor(chance() ** 1.6 * (seats.length - 8)));
  for (const [index, start] of [...new Set(starts)].entries()) {
    const buyer = await shop.buyer();
    const seatIds = seats.slice(start, start + 2 + Math.floor(chance() * 5)).map(({ id }) => id);
    // Neighbours may have been faster.
    const held = await shop.call('POST', '/api/seats/reserve', { eventId: event, seatIds }, buyer.token).catch(() => undefined);
    if (!held || index % 4 === 0) continue;
    await shop.call('POST', '/api/payments/process', { reservationId: held.reservation.id, paymentMethod: 'kakao_pay' }, buyer.token);
  }
}

async function events() {
  const page = await visitor(test, shop, { viewport: { width: 1120, height: 700 } });
  await page.goto('/events');
  await picture(page, 'events');
}

async function hall(event) {
  const page = await visitor(test, shop, { viewport: { width: 1120, height: 860 }, reducedMotion: 'reduce' });
  await signIn(page, shop, await shop.buyer());
  await page.goto(`/events/${event}/seats`);
  await hallIsDrawn(page);
  const free = [...(await shop.seats(event)).values()].filter((seat) => seat.status === 'available' && seat.section === 'R' && seat.rowNumber === '4');
  for (const { seatLabel } of free.slice(12, 14)) {
    await tapSeat(page, seatLabel);
    await seatIsShown(page, seatLabel, 'mine');
  }
  await page.locator('#basket li').nth(1).waitFor();
  await page.evaluate(() => scrollTo(0, 0));
  await picture(page, 'hall');
}

async function dashboard() {
  const page = await visitor(test, shop, { viewport: { width: 1120, height: 860 }, colorScheme: 'dark' });
  await signIn(page, shop, shop.adminAccount);
  await page.goto('/staff');
  await until(page, () => document.querySelector('svg'));
  await picture(page, 'dashboard');
}
