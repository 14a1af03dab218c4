// One WebSocket for the whole page. Each channel has a number that grows with each message: a gap, or a new connection,
// asks for what is missing.

import { base, renewSession } from './api.js';

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

class Socket extends EventTarget {
  /** `connecting`, `online` or `offline`; a page that follows nothing needs no connection. */
  state = navigator.onLine ? 'online' : 'offline';
  #socket;
  #channels = new Map();
  #tries = 0;
  #timer;
  #renewedAt = -Infinity;
  #isSignedIn = document.body.dataset.user !== undefined;

  constructor() {
    super();
    addEventListener('online', () => this.#reconnect());
    addEventListener('offline', () => this.#lose());
    // A page that comes back from the browser's cache has lost its socket.
    addEventListener('pageshow', (event) => { if (event.persisted) this.#reconnect(); });
  }

  /** Calls `handle` with each message of a channel; `join` has what is sent with the join. */
  follow(channel, handle, join = {}) {
    this.#add(channel, handle, join);
    if (this.#socket?.readyState === WebSocket.OPEN) this.#join(channel);
  }

  /** Calls `handle` with each message for the user who is signed in. */
  followPersonal(handle) {
    this.#add('personal', handle, {});
  }

  #add(channel, handle, join) {
    const known = this.#channels.get(channel);
    if (known) known.handlers.push(handle);
    else this.#channels.set(channel, { handlers: [handle], join, seq: undefined });
    if (!this.#socket) this.#open();
  }

  #open() {
    clearTimeout(this.#timer);
    if (!navigator.onLine) {
      this.#become('offline');
      return;
    }
    this.#become('connecting');
    const url = new URL(`${base}/ws`, location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.#socket = socket;
    const ifCurrent = (act) => (event) => { if (this.#socket === socket) act(event); };
    socket.onopen = ifCurrent(() => this.#opened());
    socket.onmessage = ifCurrent((event) => this.#receive(JSON.parse(event.data)));
    socket.onclose = ifCurrent((event) => this.#closed(event));
  }

  #opened() {
    this.#tries = 0;
    if (this.#isSignedIn) this.#send({ type: 'auth' });
    for (const channel of this.#channels.keys()) this.#join(channel);
    this.#become('online');
  }

  #join(channel) {
    if (channel === 'personal') return;
    const { join, seq } = this.#channels.get(channel);
    const cursor = seq === undefined ? {} : { since: seq, version: undefined };
    this.#send({ type: 'join', channel, ...(typeof join === 'function' ? join() : join), ...cursor });
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #receive(message) {
    if (message.type === 'error') {
      this.#refused(message.data.code);
      return;
    }
    const followed = this.#channels.get(message.channel);
    if (!followed) return;
    const isNext = followed.seq === undefined || message.type === 'resync'
      || (message.since ?? message.seq - 1) <= followed.seq;
    if (!isNext && message.channel !== 'personal') {
      this.#join(message.channel);
      return;
    }
    if (message.seq <= followed.seq && message.type !== 'resync') return;
    followed.seq = message.seq;
    for (const handle of followed.handlers) handle(message);
  }

  async #refused(code) {
    if (code !== 'TOKEN_EXPIRED' && code !== 'INVALID_TOKEN') return;
    // A token that is refused at once again would be exchanged without end.
    const isRenewed = performance.now() - this.#renewedAt > 10_000 && (await renewSession());
    this.#renewedAt = performance.now();
    this.#isSignedIn &&= isRenewed;
    // The cookie of the request that opened the socket counts, so the new one needs a new socket.
    if (isRenewed) this.#reconnect();
  }

  #closed({ code, reason }) {
    this.#socket = undefined;
    this.#become(navigator.onLine ? 'connecting' : 'offline');
    const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#tries);
    this.#tries += 1;
    this.#timer = setTimeout(() => this.#open(), asked(code, reason) ?? longest * (0.5 + Math.random() / 2));
  }

  #lose() {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    clearTimeout(this.#timer);
    this.#become('offline');
  }

  #reconnect() {
    if (!this.#channels.size) {
      this.#become(navigator.onLine ? 'online' : 'offline');
      return;
    }
    this.#lose();
    this.#open();
  }

  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event('change'));
  }
}

/** Returns the pause that a stopping server asks for, so that not all clients come back at once. */
function asked(code, reason) {
  if (code !== 1012) return undefined;
  try {
    return JSON.parse(reason).reconnectAfterMs;
  } catch {
    return undefined;
  }
}

export const socket = new Socket();
