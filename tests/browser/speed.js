// Measures the pages; see `speed` beside it.

import { cpus, loadavg } from 'node:os';
import { chromium } from 'playwright-core';
import { chromiumOptions, hallIsDrawn } from './browser.js';
import { openShop } from './shop.js';

const ROUNDS = Number(process.env.ROUNDS) || 5;
/** Seats that change in a second of the burst, in this many requests. */
const CHANGES = 1_000;
const REQUESTS = 10;
const BURST_SECONDS = 5;

/** Bytes a second and milliseconds. Two networks are called Fast 3G: WebPageTest's, and what DevTools makes of it. */
const NETWORKS = {
  'Fast 3G (WebPageTest: 1.6 Mbit/s, 150 ms)': { latency: 150, downloadThroughput: 200_000, uploadThroughput: 96_000 },
  'Fast 3G (DevTools: 1.44 Mbit/s, 562 ms a request)': { latency: 562.5, downloadThroughput: 180_000, uploadThroughput: 84_375 },
};

const ends = [];
const shop = await openShop({ after: (end) => ends.push(end) }, { demo: true });
const browser = await chromium.launch(chromiumOptions);
const figures = {};
try {
  const { small, large } = await events();
  for (const [name, network] of Object.entries(NETWORKS)) await firstPage(name, network, `/events/${small.id}`);
  await hall(large);
  for (const zoom of [0, 4, 6]) await burst(large, zoom);
  for (const path of ['/events', `/events/${small.id}`]) await lighthouse(path);
} finally {
  await browser.close();
  for (const end of ends.reverse()) await end();
}
console.log(JSON.stringify(figures));

async function events() {
  const { layouts } = await shop.call('GET', '/api/seats/layouts', undefined, null);
  const dome = layouts.find(({ seatCount }) => seatCount === 20_000);
  const large = await shop.event({ layoutId: dome.id, title: 'Burst' });
  const { data } = await shop.call('GET', '/api/events?status=on_sale&search=hall', undefined, null);
  return { small: data[0], large };
}

function report(name, values, unit) {
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  const round = (value) => Number(value.toFixed(unit === 'ms' ? 0 : 1));
  figures[name] = round(median);
  const range = `${round(sorted[0])} to ${round(sorted.at(-1))}`;
  console.log(`${name.padEnd(72)} ${String(round(median)).padStart(7)} ${unit}  (${range}, ${values.length} rounds)`);
}

/** A visitor who has never been here opens an event. */
async function firstPage(name, network, path) {
  const [painted, interactive, live] = [[], [], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    const context = await browser.newContext({ baseURL: shop.base, locale: 'en-US' });
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.enable');
    await devtools.send('Network.emulateNetworkConditions', { offline: false, ...network });
    await page.goto(path, { waitUntil: 'load' });
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length
      && !document.querySelector('tiketi-stock:not(:defined), tiketi-countdown:not(:defined), tiketi-connection:not(:defined)'));
    const times = await page.evaluate(() => ({
      painted: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      // Module scripts run before this event: from now on forms and links are there, and scripts have begun.
      parsed: performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd,
      live: performance.now(),
    }));
    painted.push(times.painted);
    interactive.push(Math.max(times.painted, times.parsed));
    live.push(times.live);
    await context.close();
  }
  report(`event page painted, ${name}`, painted, 'ms');
  report(`event page interactive, ${name}`, interactive, 'ms');
  report(`event page live, ${name}`, live, 'ms');
}

async function openHall(event, options = {}) {
  const context = await browser.newContext({ baseURL: shop.base, locale: 'en-US', viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  await page.goto(`/events/${event.id}/seats`);
  await hallIsDrawn(page);
  return page;
}

/** Runs something while the browser traces itself, and returns the trace's events. */
async function traced(page, categories, act) {
  await browser.startTracing(page, { categories });
  await act();
  return JSON.parse((await browser.stopTracing()).toString()).traceEvents;
}

/** From the layout's last byte to the frame in which the hall is seen, by the marks in the browser's trace. */
async function hall(event) {
  for (const [name, options] of [['1280 px', {}], ['360 px, 3 pixels a point', { viewport: { width: 360, height: 740 }, deviceScaleFactor: 3 }]]) {
    const times = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const context = await browser.newContext({ baseURL: shop.base, viewport: { width: 1280, height: 800 }, ...options });
      const page = await context.newPage();
      const trace = await traced(page, ['blink.user_timing'], async () => {
        await page.goto(`/events/${event.id}/seats`);
        await hallIsDrawn(page);
      });
      const at = (mark) => trace.find((entry) => entry.name === mark).ts / 1_000;
      times.push(at('tiketi-hall-drawn') - at('tiketi-hall-data'));
      await context.close();
    }
    report(`hall of 20,000 seats drawn after its data, ${name}`, times, 'ms');
  }
}

/** Seats that are seen change, a thousand a second; the trace counts the frames that were drawn. */
async function burst(event, zoom) {
  const page = await openHall(event);
  for (let step = 0; step < zoom; step += 1) {
    await page.locator('.hall-tools button').first().click();
    await page.waitForTimeout(300);
  }
  const { seen, scale } = await page.evaluate(seenSeats);
  await page.evaluate(countChanges);
  const [rates, worst] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    const trace = await traced(page, ['devtools.timeline.frame', 'disabled-by-default-devtools.timeline.frame', 'blink.user_timing'], async () => {
      await page.evaluate(() => performance.mark('burst-begins'));
      await change(event, seen.slice(0, CHANGES));
      await page.evaluate(() => performance.mark('burst-ends'));
    });
    const at = (mark) => trace.find((entry) => entry.name === mark).ts;
    const [begin, end] = [at('burst-begins'), at('burst-ends')];
    const frames = trace.filter(({ name, ts }) => name === 'DrawFrame' && ts > begin && ts < end).map(({ ts }) => ts).sort((a, b) => a - b);
    rates.push(frames.length / ((end - begin) / 1e6));
    worst.push(Math.max(...frames.slice(1).map((ts, index) => (ts - frames[index]) / 1_000)));
  }
  const changes = await page.evaluate(() => window.changesSeen);
  const where = `${Math.round(scale)} px a seat, ${Math.min(seen.length, CHANGES)} of ${seen.length} seats seen`;
  report(`frames a second in a burst, ${where}`, rates, 'fps');
  report(`longest time between two of its frames, ${where}`, worst, 'ms');
  report(`changes a second that it drew, ${where}`, [changes / (ROUNDS * BURST_SECONDS)], '1/s');
  await page.context().close();
}

function seenSeats() {
  const { model, view } = document.querySelector('tiketi-hall').parts;
  const [from, to] = [view.camera.placeAt(0, 0), view.camera.placeAt(view.view.clientWidth, view.view.clientHeight)];
  const isSeen = (_, seat) => model.x[seat] >= from.x && model.x[seat] + 1 <= to.x && model.y[seat] >= from.y && model.y[seat] + 1 <= to.y;
  return { seen: model.seats.filter(isSeen).map(({ id }) => id), scale: view.camera.scale };
}

function countChanges() {
  const { painter } = document.querySelector('tiketi-hall').parts.view;
  const touch = painter.touch.bind(painter);
  window.changesSeen = 0;
  painter.touch = (seats) => {
    window.changesSeen += seats.length;
    touch(seats);
  };
  // Chromium draws a frame only if something changed: a dot that moves asks for every frame that it can draw.
  const dot = document.body.appendChild(document.createElement('i'));
  Object.assign(dot.style, { position: 'fixed', left: 0, top: 0, width: '2px', height: '2px', background: 'red' });
  const ask = (time) => {
    dot.style.translate = `${time % 50}px`;
    requestAnimationFrame(ask);
  };
  requestAnimationFrame(ask);
}

/** Blocks these seats and frees them again, in turns. */
async function change(event, seats) {
  const part = Math.min(seats.length, CHANGES / REQUESTS);
  const sent = [];
  const begin = performance.now();
  for (let request = 0; request < BURST_SECONDS * REQUESTS; request += 1) {
    const from = (request * part) % (seats.length - (seats.length % part));
    const isBlocked = Math.floor((request * part) / (seats.length - (seats.length % part))) % 2 === 1;
    const body = { seatIds: seats.slice(from, from + part), ...(!isBlocked && { reason: 'burst' }) };
    sent.push(shop.call('POST', `/api/admin/events/${event.id}/seats/${isBlocked ? 'unblock' : 'block'}`, body));
    const pause = begin + ((request + 1) * 1_000) / REQUESTS - performance.now();
    await new Promise((resolve) => { setTimeout(resolve, Math.max(0, pause)); });
  }
  await Promise.all(sent);
  // All free again before the next round.
  await shop.call('POST', `/api/admin/events/${event.id}/seats/unblock`, { seatIds: seats }).catch(() => {});
}

/** Lighthouse's own simulation of a slow phone. */
async function lighthouse(path) {
  const { default: run } = await import('./lighthouse/node_modules/lighthouse/core/index.js');
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const own = await chromium.launch({ ...chromiumOptions, args: [...chromiumOptions.args, `--remote-debugging-port=${port}`] });
  try {
    const { lhr } = await run(shop.base + path, { port, logLevel: 'error', output: 'json' });
    for (const [name, { score }] of Object.entries(lhr.categories)) report(`Lighthouse ${name}, ${path.replace(/[0-9a-f-]{36}/, '{id}')}`, [score * 100], 'of 100');
    report(`Lighthouse interactive, ${path.replace(/[0-9a-f-]{36}/, '{id}')}`, [lhr.audits.interactive.numericValue], 'ms');
    const failed = Object.values(lhr.audits).filter(({ score, scoreDisplayMode }) => score !== null && score < 0.9 && scoreDisplayMode !== 'informative');
    for (const { id, title, displayValue } of failed) console.log(`    ${id}: ${title} ${displayValue ?? ''}`);
  } finally {
    await own.close();
  }
}

console.log(`${cpus().length} cores, load ${loadavg()[0].toFixed(1)}, ${process.env.SERVER}`);
