import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, hallIsDrawn, signIn, until, visitor } from './browser.js';
import { openShop } from './shop.js';
import { pointOfSeat, seatIsShown } from './steps.js';

after(closeBrowser);

const scale = (page) => page.evaluate(() => document.querySelector('tiketi-hall').parts.view.camera.scale);
const button = (page, name) => page.getByRole('button', { name, exact: true });

async function openHall(t, shop, event, options) {
  const page = await visitor(t, shop, { reducedMotion: 'reduce', ...options });
  await signIn(page, shop, await shop.buyer());
  await page.goto(`/events/${event.id}/seats`);
  await hallIsDrawn(page);
  return page;
}

async function largeHall(shop) {
  const { layouts } = await shop.call('GET', '/api/seats/layouts', undefined, null);
  return shop.event({ layoutId: layouts.find(({ seatCount }) => seatCount === 20_000).id });
}

/** Returns a point of the view, in its shares. */
async function pointAt(page, x, y) {
  const box = await page.locator('.hall-view').boundingBox();
  return [box.x + box.width * x, box.y + box.height * y];
}

test('a hall of 20,000 seats begins as sections, and becomes seats when it comes closer', async (t) => {
  const shop = await openShop(t, { demo: true });
  const page = await openHall(t, shop, await largeHall(shop));
  assert.ok((await scale(page)) < 7, 'all of it is seen');

  // From afar a tap brings the section closer, and opens the list at it.
  await page.mouse.click(...(await pointAt(page, 0.5, 0.5)));
  await until(page, () => document.querySelector('tiketi-hall').parts.view.camera.scale >= 24);
  await page.getByRole('heading', { name: /^Choose a row in section S$/ }).waitFor();

  await button(page, 'Whole hall').click();
  await until(page, () => document.querySelector('tiketi-hall').parts.view.camera.isWhole);
  for (let times = 0; times < 4; times += 1) await button(page, 'Closer').click();
  const between = await scale(page);
  assert.ok(between > 7 && between < 24, `seats are drawn ${between} px wide`);

  // A seat that is too small for a finger opens the list at its row, and holds nothing.
  await page.mouse.click(...(await pointAt(page, 0.47, 0.5)));
  await page.getByRole('heading', { name: /^Choose a seat in row \d+$/ }).waitFor();
  await page.getByText(/^Too small to tap: the list shows row \d+ of section \w+\.$/).waitFor();
  assert.ok(await page.evaluate(() => document.activeElement.closest('#seat-list')), 'the list has the focus');
  assert.equal(await page.locator('#basket li').count(), 0);
});

test('wheel, keys and dragging move the hall', async (t) => {
  const shop = await openShop(t);
  const page = await openHall(t, shop, await shop.event());
  const before = await scale(page);
  await page.mouse.move(...(await pointAt(page, 0.5, 0.5)));
  await page.mouse.wheel(0, -400);
  await until(page, (old) => document.querySelector('tiketi-hall').parts.view.camera.scale > old, before);

  const x = () => page.evaluate(() => document.querySelector('tiketi-hall').parts.view.camera.x);
  await button(page, 'Closer').focus();
  for (const key of ['+', '+', '+']) await page.keyboard.press(key);
  const left = await x();
  await page.keyboard.press('ArrowRight');
  assert.ok((await x()) > left, 'an arrow moves the view');

  const [fromX, fromY] = await pointAt(page, 0.5, 0.5);
  const atStart = await x();
  await page.mouse.move(fromX, fromY);
  await page.mouse.down();
  await page.mouse.move(fromX + 60, fromY, { steps: 5 });
  await page.mouse.up();
  assert.ok((await x()) < atStart, 'the hall follows the pointer');
  assert.equal(await page.locator('#basket li').count(), 0, 'dragging chooses nothing');

  await button(page, 'Closer').focus();
  await page.keyboard.press('0');
  await until(page, () => document.querySelector('tiketi-hall').parts.view.camera.isWhole);
});

test('two fingers zoom, and one chooses a seat', async (t) => {
  const shop = await openShop(t);
  const options = { hasTouch: true, isMobile: true, viewport: { width: 360, height: 740 }, deviceScaleFactor: 3 };
  const page = await openHall(t, shop, await shop.event(), options);
  await page.locator('.hall-view').scrollIntoViewIfNeeded();
  const before = await scale(page);
  const devtools = await page.context().newCDPSession(page);
  const touch = async (type, ...points) => devtools.send('Input.dispatchTouchEvent', {
    type, touchPoints: await Promise.all(points.map(async ([x, y], id) => {
      const [left, top] = await pointAt(page, x, y);
      return { x: left, y: top, id };
    })),
  });
  await touch('touchStart', [0.45, 0.4], [0.55, 0.4]);
  for (const spread of [0.1, 0.15, 0.2, 0.25, 0.3]) await touch('touchMove', [0.5 - spread, 0.4], [0.5 + spread, 0.4]);
  await touch('touchEnd');
  await until(page, (old) => document.querySelector('tiketi-hall').parts.view.camera.scale > old * 1.5, before);

  const { x, y } = await pointOfSeat(page, 'VIP A-3');
  await page.touchscreen.tap(x, y);
  await seatIsShown(page, 'VIP A-3', 'mine');
});

test('every kind of seat has a shape of its own in the legend, and colours follow the theme', async (t) => {
  const shop = await openShop(t);
  const page = await openHall(t, shop, await shop.event());
  const shapes = await page.evaluate(() => [...document.querySelectorAll('.hall-kind canvas')].map((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    // Which pixels are drawn at all, whatever their colour.
    return Array.from({ length: data.length / 4 }, (_, at) => (data[at * 4 + 3] > 127 ? '#' : '.')).join('');
  }));
  assert.equal(shapes.length, 6);
  assert.equal(new Set(shapes).size, 6, 'shapes differ without colours');
  const pixel = () => page.evaluate(() => {
    const canvas = document.querySelector('.hall-kind canvas');
    return canvas.getContext('2d').getImageData(22, 22, 1, 1).data.join();
  });
  const light = await pixel();
  await page.emulateMedia({ colorScheme: 'dark' });
  await until(page, (old) => document.querySelector('.hall-kind canvas').getContext('2d').getImageData(22, 22, 1, 1).data.join() !== old, light);
});

test('without motion a change is drawn at once, and with it seats grow into their shape', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event();
  for (const [reducedMotion, moves] of [['reduce', false], ['no-preference', true]]) {
    const page = await openHall(t, shop, event, { reducedMotion });
    // The frames from a change until none is asked for: one if it is drawn at once.
    const framesOfChange = () => page.evaluate(() => new Promise((resolve) => {
      const { model, view } = document.querySelector('tiketi-hall').parts;
      const ask = window.requestAnimationFrame.bind(window);
      let [asked, drawn] = [0, 0];
      window.requestAnimationFrame = (draw) => {
        asked += 1;
        return ask((time) => {
          drawn += 1;
          draw(time);
          if (drawn < asked) return;
          window.requestAnimationFrame = ask;
          resolve(drawn);
        });
      };
      model.states[0] = 1 - model.states[0];
      view.painter.touch([0]);
    }));
    let frames = await framesOfChange();
    // A frame that comes later than the motion lasts shows none of it.
    for (let tries = 1; moves && frames === 1 && tries < 20; tries += 1) frames = await framesOfChange();
    assert.equal(frames > 1, moves, `${reducedMotion}: ${frames} frames`);
  }
});
