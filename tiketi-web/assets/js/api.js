// Calls of the API on the page's own origin. The browser sends the session's cookie; no script sees a token.

/** Where the routes are nested: empty, or a path such as `/shop`. */
export const base = document.documentElement.dataset.base ?? '';

/** What was answered instead of what was asked for: `code` for programs, `message` for the reader. */
export class Problem extends Error {
  constructor(status, { code, error, details } = {}) {
    super(error ?? '');
    Object.assign(this, { status, code: code ?? 'UNKNOWN', details: details ?? {} });
  }
}

/** Sends a request with the reader's language, and again with a new session token if the former has expired. */
export async function send(path, options = {}) {
  const headers = { 'Accept-Language': document.documentElement.lang, ...options.headers };
  const request = () => fetch(path, { credentials: 'same-origin', ...options, headers });
  const response = await request();
  return response.status === 401 && (await renewSession()) ? request() : response;
}

/**
 * Calls a route of the API and returns its JSON.
 *
 * A write carries a key, so that the repetition after a lost answer changes nothing twice.
 */
export async function call(method, path, body) {
  const options = { method, headers: { Accept: 'application/json' } };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    Object.assign(options.headers, { 'Content-Type': 'application/json', 'Idempotency-Key': newKey() });
  }
  const response = await send(base + path, options).catch(() => undefined);
  if (!response) throw new Problem(0, { code: 'OFFLINE' });
  const answer = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, answer);
  return answer;
}

let renewing;

/** Exchanges the session's tokens; `false` if the session has ended. Calls at the same time share one exchange. */
export function renewSession() {
  const path = document.body.dataset.refresh;
  if (!path) return Promise.resolve(false);
  renewing ??= fetch(path, { method: 'POST', credentials: 'same-origin' })
    .then((response) => response.ok, () => false)
    .finally(() => { renewing = undefined; });
  return renewing;
}

/** `crypto.randomUUID` exists on secure origins only, and a shop may be tried over plain HTTP in a local network. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
