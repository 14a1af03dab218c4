// What a visitor does on the pages, in the words of the pages.

import { arrives, until } from './browser.js';

/** Goes from the list of events to choosing seats, as a visitor who clicks does. */
export async function fromListToSeats(page, title) {
  await page.goto('/events');
  await page.getByRole('link', { name: title }).click();
  await page.getByRole('link', { name: /choose seats/i }).click();
  await arrives(page, /\/events\/[^/]+\/seats/);
}

/** Chooses a seat in the list: section, row, seat. */
export async function chooseInList(page, section, row, seat) {
  const list = page.locator('#seat-list');
  await list.getByRole('link', { name: new RegExp(`^${section}\\b`) }).click();
  await list.getByRole('link', { name: `Row ${row}` }).click();
  await list.getByRole('button', { name: `Hold ${section} ${row}-${seat},` }).click();
  await page.locator('#basket li').filter({ hasText: `${section} ${row}-${seat}` }).waitFor();
}

/** Returns where a seat is drawn, after the hall has been zoomed so that it can be tapped. */
export async function pointOfSeat(page, label) {
  const point = () => page.evaluate((wanted) => {
    const { model, view } = document.querySelector('tiketi-hall, tiketi-hall-blocker').parts;
    const seat = model.seats.findIndex(({ seatLabel }) => seatLabel === wanted);
    const { left, top } = view.view.getBoundingClientRect();
    const { x, y } = view.camera.pointOf(model.x[seat] + 0.5, model.y[seat] + 0.5);
    return { x: left + x, y: top + y };
  }, label);
  await page.locator('.hall-view').scrollIntoViewIfNeeded();
  await page.evaluate((wanted) => {
    const { model, view } = document.querySelector('tiketi-hall, tiketi-hall-blocker').parts;
    const seat = model.seats.findIndex(({ seatLabel }) => seatLabel === wanted);
    if (view.camera.scale < 26) view.camera.flyTo(32, model.x[seat], model.y[seat]);
  }, label);
  let before = {};
  // The picture has come to rest when a seat stays where it is.
  for (;;) {
    const at = await point();
    if (at.x === before.x && at.y === before.y) return at;
    before = at;
    await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
  }
}

/** Taps a seat on the picture of the hall. */
export async function tapSeat(page, label) {
  const { x, y } = await pointOfSeat(page, label);
  await page.mouse.click(x, y);
}

/** Waits until the picture shows a seat as it should. */
export const seatIsShown = (page, label, kind) => until(page, ([wanted, shown]) => {
  const { model } = document.querySelector('tiketi-hall, tiketi-hall-blocker').parts ?? {};
  const kinds = ['available', 'accessible', 'held', 'taken', 'mine', 'blocked', 'chosen'];
  return model && kinds[model.kind(model.seats.findIndex(({ seatLabel }) => seatLabel === wanted))] === shown;
}, [label, kind]);

/** Goes from the basket to the result, and pays with the first method. */
export async function pay(page) {
  await page.getByRole('link', { name: 'To the payment' }).click();
  await arrives(page, /\/checkout$/);
  await page.getByRole('button', { name: /^Pay / }).click();
  await page.getByRole('heading', { name: 'The tickets are yours' }).waitFor();
}
