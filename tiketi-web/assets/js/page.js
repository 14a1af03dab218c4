// Replaces parts of the page by what the server renders for the same address, and keeps focus and typed text.

import { send } from './api.js';

/**
 * Fetches a page; `undefined` if the server redirected to another page, which then opens.
 *
 * Throws if there is no answer, or one that is no page.
 */
export async function fetchPage(url, options = {}) {
  const response = await send(url, { ...options, headers: { Accept: 'text/html', ...options.headers } });
  if (!(response.headers.get('content-type') ?? '').startsWith('text/html')) throw new TypeError(`${url} is no page`);
  const at = new URL(response.url, location.href);
  if (response.redirected && at.pathname !== new URL(url, location.href).pathname && at.pathname !== location.pathname) {
    location.assign(at);
    return undefined;
  }
  return new DOMParser().parseFromString(await response.text(), 'text/html');
}

/** Replaces the elements with these ids by those of a fetched page. */
export function take(page, ids) {
  for (const id of ids) {
    const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
    if (old && fresh) morph(old, fresh);
  }
  document.dispatchEvent(new CustomEvent('tiketi-replaced', { detail: ids }));
}

/** Fetches the page again, and replaces the elements with these ids; returns whether it could. */
export async function refresh(...ids) {
  try {
    const page = await fetchPage(location.href);
    if (page) take(page, ids);
    return Boolean(page);
  } catch {
    // The connection's state is shown elsewhere; what stands on the page stays.
    return false;
  }
}

/**
 * Makes an element like another one, and keeps those of its parts that stay the same.
 *
 * An element with `data-keep` is not touched. One whose script writes its content (`ownsContent`) gets the attributes.
 */
export function morph(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (old.dataset.keep !== undefined) return;
  morphAttributes(old, fresh);
  if (!old.ownsContent) morphChildren(old, fresh);
}

/** Gives an element the attributes of another one. */
export function morphAttributes(old, fresh) {
  // A reader opens and closes these; the server does not know.
  const kept = (name) => (name === 'open' && old.localName === 'details') || name.startsWith('data-js-');
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !kept(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (kept(name) || old.getAttribute(name) === value) continue;
    old.setAttribute(name, value);
    if (name === 'value' && 'value' in old && old !== document.activeElement) old.value = value;
  }
}

function morphChildren(old, fresh) {
  let at = old.firstChild;
  const skipKept = () => { while (at?.dataset?.keep !== undefined) at = at.nextSibling; };
  for (const child of [...fresh.childNodes]) {
    skipKept();
    const match = find(at, child);
    if (!match) {
      old.insertBefore(child, at);
      continue;
    }
    at = removeUntil(at, match).nextSibling;
    morph(match, child);
  }
  removeUntil(at, null);
}

/** Returns the first of these siblings that may become like `fresh`. */
function find(from, fresh) {
  for (let node = from; node; node = node.nextSibling) {
    const isSame = node.nodeName === fresh.nodeName && (node.id ?? '') === (fresh.id ?? '');
    if (isSame && node.dataset?.keep === undefined) return node;
  }
  return undefined;
}

/** Removes the siblings before `end`, but none that is kept; returns `end`. */
function removeUntil(from, end) {
  for (let node = from; node && node !== end;) {
    const next = node.nextSibling;
    if (node.dataset?.keep === undefined) node.remove();
    node = next;
  }
  return end;
}

/** Makes an element with these properties. */
export const make = (name, properties) => Object.assign(document.createElement(name), properties);

let said;

/** Lets screen readers say a sentence; it is not shown. */
export function say(sentence) {
  if (!said) {
    said = make('div', { role: 'status', className: 'visually-hidden' });
    said.dataset.keep = '';
    document.body.append(said);
  }
  tell(said, sentence);
}

/** Writes a sentence that is read out, also if it is the same as before. */
export function tell(element, sentence) {
  element.textContent = element.textContent === sentence ? `${sentence}\u00a0` : sentence;
}

/** Whether the reader wants no motion. */
export const isCalm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
