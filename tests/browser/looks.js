// Looks at a page as people with different eyes and devices do.

import axe from 'axe-core';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the pictures of pages are written. */
export const PICTURES = fileURLToPath(new URL('screenshots/', import.meta.url));

const WIDTHS = [360, 1280];
const THEMES = ['light', 'dark'];
/** Bytes of a page with its styles and scripts, before compression. */
const MOST_BYTES = 150 * 1024;

/** Looks at a page in both themes and both widths: writes pictures, and finds what is wrong with it. */
export async function lookAt(page, name) {
  mkdirSync(PICTURES, { recursive: true });
  const wrong = [];
  for (const theme of THEMES) {
    for (const width of WIDTHS) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: width === 360 ? 740 : 800 });
      await page.evaluate(unstick, true);
      await settled(page);
      const where = `${name}, ${theme}, ${width} px`;
      await page.screenshot({ path: `${PICTURES}${name}-${theme}-${width}.png`, fullPage: true });
      wrong.push(...(await page.evaluate(cutTexts)).map((text) => `${where}: ${text}`));
      if (width === WIDTHS[0]) wrong.push(...(await barriers(page)).map((text) => `${where}: ${text}`));
    }
  }
  await page.evaluate(unstick, false);
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'no-preference' });
  await page.setViewportSize({ width: 1280, height: 800 });
  wrong.push(...(await tooLarge(page)).map((text) => `${name}: ${text}`));
  assert.deepEqual(wrong, []);
}

/** Runs in the page: what sticks to the window would stand in the middle of the picture of a whole page. */
function unstick(is) {
  scrollTo(0, 0);
  for (const element of document.querySelectorAll('.top, .basket')) element.style.position = is ? 'static' : '';
}

/** Two frames: sizes and colours have been applied. */
const settled = (page) =>
  page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));

/** Returns what axe finds that is serious or critical. */
async function barriers(page) {
  // Evaluated by the browser's debugger, which the policy of content does not concern.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    // eslint-disable-next-line no-undef
    axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] }));
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) => nodes.map(({ target, any }) => `${id}: ${help}: ${target.join(' ')} ${any[0]?.message ?? ''}`));
}

/** Runs in the page: finds texts that are cut, and what makes the page scroll sideways. */
function cutTexts() {
  const found = [];
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) found.push(`the page is ${wide} px wider than the window`);
  const scrolls = (element) => element && element !== document.body
    && (/(auto|scroll)/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    if (element.closest('.visually-hidden, .skip, template, script, style, option')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const { left, right } = range.getBoundingClientRect();
    const text = node.data.trim().slice(0, 40);
    if ((right > innerWidth + 1 || left < -1) && !scrolls(element)) found.push(`"${text}" leaves the window`);
    const isClipped = /(hidden|clip)/.test(getComputedStyle(element).overflowX) && element.scrollWidth > element.clientWidth + 1;
    if (isClipped) found.push(`"${text}" is cut`);
  }
  return [...new Set(found)];
}

/** Returns whether the page with what it loaded from this shop is larger than a page may be. */
async function tooLarge(page) {
  const bytes = await page.evaluate(async () => {
    const parts = performance.getEntriesByType('resource').filter(({ name, initiatorType }) =>
      name.startsWith(`${location.origin}/assets/`) && initiatorType !== 'img');
    const [navigation] = performance.getEntriesByType('navigation');
    return parts.reduce((sum, part) => sum + part.decodedBodySize, navigation.decodedBodySize);
  });
  return bytes > MOST_BYTES ? [`it has ${bytes} bytes`] : [];
}
