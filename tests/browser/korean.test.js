import { after, test } from 'node:test';
import { arrives, closeBrowser, hallIsDrawn, signIn, visitor } from './browser.js';
import { lookAt } from './looks.js';
import { openShop } from './shop.js';
import { tapSeat } from './steps.js';

after(closeBrowser);

const HALL = {
  venue: '달맞이 소극장', name: '큰 무대', currency: 'KRW',
  sections: [{ name: 'R석', price: 121_000, rows: [{ label: '가', seats: 8, gapsAfter: ['4'] }, { label: '나', seats: 8, gapsAfter: ['4'] }] }],
};

test('한국어로 좌석을 고르고, 결제하고, 예매를 확인한다', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event({ layout: HALL, title: '물결과 등대의 밤', artist: '종이배들', venue: '달맞이 소극장' });
  const page = await visitor(t, shop, { locale: 'ko-KR' });
  await signIn(page, shop, await shop.buyer('서바다'));
  await page.goto('/events');
  await page.getByRole('link', { name: event.title }).click();
  await page.locator('.way-in a.button').click();
  await hallIsDrawn(page);
  await tapSeat(page, 'R석 가-3');
  await page.locator('#basket li').filter({ hasText: 'R석 가-3' }).waitFor();
  await page.locator('.hall-said').getByText('R석 가-3').waitFor();
  await lookAt(page, 'ko-seats');
  await page.locator('#basket a.button').click();
  await arrives(page, /\/checkout$/);
  await lookAt(page, 'ko-checkout');
  await page.locator('form[action$="/checkout"] button').click();
  await arrives(page, /\/result$/);
  await page.getByText(/^TKT-|TKT-/).first().waitFor();
  await lookAt(page, 'ko-result');
  await page.goto('/reservations');
  await page.getByRole('link', { name: event.title }).click();
  await lookAt(page, 'ko-reservation');
});

test('the language is chosen on the page, and stays', async (t) => {
  const shop = await openShop(t);
  const event = await shop.event();
  const page = await visitor(t, shop);
  await page.goto(`/events/${event.id}`);
  await page.getByRole('button', { name: '한국어' }).click();
  await page.waitForFunction(() => document.documentElement.lang === 'ko');
  await page.goto('/events');
  await page.waitForFunction(() => document.documentElement.lang === 'ko');
  await page.getByRole('button', { name: 'English' }).click();
  await page.waitForFunction(() => document.documentElement.lang === 'en');
});
