import { after, test } from 'node:test';
import { closeBrowser, hallIsDrawn, signIn, visitor } from './browser.js';
import { lookAt } from './looks.js';
import { openShop } from './shop.js';
import { chooseInList, pay } from './steps.js';

after(closeBrowser);

test('pages for everyone are readable, in both themes and at both widths', async (t) => {
  const shop = await openShop(t, { demo: true });
  const { data } = await shop.call('GET', '/api/events', undefined, null);
  const notice = await shop.call('POST', '/api/news', { title: 'Doors open an hour earlier', body: 'The foyer is open from five.', pinned: true, language: 'en' });
  for (const locale of ['en-US', 'ko-KR']) {
    const page = await visitor(t, shop, { locale });
    const prefix = locale.slice(0, 2);
    const paths = { events: '/events', news: '/news', notice: `/news/${notice.notice.id}`, 'sign-in': '/sign-in', register: '/register', reset: '/reset', nothing: '/nothing-here', 'events-none': '/events?search=xyzzy' };
    for (const { status, id } of data) paths[`event-${status}-${id.slice(-4)}`] = `/events/${id}`;
    for (const [name, path] of Object.entries(paths)) {
      await page.goto(path);
      await lookAt(page, `${prefix}-${name}`);
    }
    await page.goto('/sign-in');
    await page.locator('#email').fill('nobody@example.com');
    await page.locator('#password').fill('some words that are wrong');
    await page.locator('form.card button').click();
    await page.locator('.notice-wrong').waitFor();
    await lookAt(page, `${prefix}-sign-in-refused`);
  }
});

test('pages of a purchase are readable, in both themes and at both widths', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event();
  const standing = await shop.event({ title: 'Meadow Wind Festival', tickets: [{ name: 'Standing', price: 77_000, capacity: 100 }, { name: 'Lawn', price: 55_000, capacity: 1 }] });
  const page = await visitor(t, shop);
  await page.goto(`/events/${event.id}/seats`);
  await hallIsDrawn(page);
  await lookAt(page, 'en-seats-anonymous');
  await signIn(page, shop, await shop.buyer());
  await page.goto('/reservations');
  await lookAt(page, 'en-reservations-none');
  await page.goto('/profile');
  await lookAt(page, 'en-profile');
  await page.goto(`/events/${standing.id}/seats`);
  await lookAt(page, 'en-quantities');
  await page.goto(`/events/${event.id}/seats`);
  await hallIsDrawn(page);
  await chooseInList(page, 'VIP', 'A', '2');
  await lookAt(page, 'en-seats-basket');
  await page.goto(`/events/${event.id}/seats?section=R`);
  await hallIsDrawn(page);
  await lookAt(page, 'en-seats-rows');
  await page.getByRole('link', { name: 'To the payment' }).click();
  await lookAt(page, 'en-checkout');
  await page.goto(`/events/${event.id}/seats`);
  await pay(page);
  await lookAt(page, 'en-result');
  await page.goto('/reservations');
  await lookAt(page, 'en-reservations');
  await page.getByRole('link', { name: event.title }).click();
  await page.getByText('Give the tickets back').click();
  await lookAt(page, 'en-reservation');
});

test('pages of a waiting room are readable, in both themes and at both widths', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event({ room: { mode: 'on', maxActive: 1, fairness: 'draw' } });
  const holder = await shop.buyer();
  await shop.call('POST', '/api/queue', { eventId: event.id }, holder.token);
  for (const locale of ['en-US', 'ko-KR']) {
    const page = await visitor(t, shop, { locale });
    const prefix = locale.slice(0, 2);
    await signIn(page, shop, await shop.buyer());
    await page.goto(`/events/${event.id}/line`);
    await lookAt(page, `${prefix}-line-before`);
    await page.locator('form[action$="/line"] button').click();
    await page.locator('[data-part="position"]').waitFor();
    await lookAt(page, `${prefix}-line`);
    await page.locator('form[action$="/leave"] button').click();
    await page.locator('[data-part="position"]').waitFor({ state: 'detached' });
    await lookAt(page, `${prefix}-line-left`);
  }
});
