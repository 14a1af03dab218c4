// The waiting room: where the buyer stands, kept current until the buyer is called, and then the way in.

import { call } from './api.js';
import { fill } from './clock.js';
import { refresh, say } from './page.js';
import { socket } from './socket.js';

class Line extends HTMLElement {
  #event;
  #timer;
  #place;
  #asking = false;

  connectedCallback() {
    this.#event = this.getAttribute('event');
    socket.follow(`queue:${this.#event}`, ({ data }) => this.#moved(data));
    socket.followPersonal(({ type, data }) => {
      if (type === 'resync' || (type === 'queue-admitted' && data.eventId === this.#event)) this.#ask();
    });
    document.addEventListener('tiketi-replaced', this.#show);
    document.addEventListener('visibilitychange', this.#seen);
    this.#ask();
  }

  disconnectedCallback() {
    document.removeEventListener('tiketi-replaced', this.#show);
    document.removeEventListener('visibilitychange', this.#seen);
    clearTimeout(this.#timer);
  }

  #seen = () => { if (!document.hidden) this.#ask(); };

  /** Asks where the buyer stands; the server says when to ask again. */
  async #ask() {
    if (this.#asking) return;
    this.#asking = true;
    clearTimeout(this.#timer);
    const place = await call('GET', `/api/queue/status/${this.#event}`).catch((problem) => ({ problem }));
    this.#asking = false;
    if (!this.isConnected) return;
    if (place.problem) {
      this.#wait(place.problem.status === 0 ? 3_000 : 10_000);
      return;
    }
    const before = this.dataset.state;
    this.#place = place;
    this.#show();
    this.#wait(place.pollAfterMs);
    if (place.state !== before) await refresh('main');
    if (place.state === 'called') this.#enter();
  }

  #wait(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), Math.min(Math.max(milliseconds, 500), 60_000));
  }

  /** A called buyer enters at once, also in a tab that is not seen: the turn would pass. */
  #enter() {
    say(this.dataset.called ?? '');
    document.getElementById('enter-line')?.requestSubmit();
  }

  /** The line moved: everyone is told the same number, and each client computes its own position. */
  #moved({ servingNumber, totalWaiting }) {
    const place = this.#place;
    if (place?.state !== 'waiting' || servingNumber === undefined) return;
    const steps = servingNumber - place.servingNumber;
    if (steps > 0) {
      const position = Math.max(1, place.position - steps);
      this.#place = { ...place, servingNumber, totalWaiting, position, estimatedWait: shorter(place, position) };
      // Close to the front the server is asked: no-shows and other lines count there.
      if (position <= 5) this.#wait(500 + Math.random() * 500);
    } else this.#place = { ...place, totalWaiting };
    this.#show();
  }

  #show = () => {
    const place = this.#place;
    if (place?.state !== 'waiting') return;
    const number = (value) => value.toLocaleString(document.documentElement.lang);
    this.#write('position', number(place.position));
    this.#write('ahead', number(place.position - 1));
    this.#write('waiting', number(place.totalWaiting));
    this.#write('eta', this.#expected(place.estimatedWait));
    if (place.number !== null) this.#write('number', number(place.number));
    for (const bar of this.querySelectorAll('progress')) bar.value = Math.max(0, bar.max - place.position);
  };

  #expected(seconds) {
    const { seconds: inSeconds, minutes: inMinutes, unknown } = this.dataset;
    if (seconds === null || seconds === undefined) return unknown ?? '';
    return seconds < 90 ? fill(inSeconds, { n: Math.max(5, Math.ceil(seconds / 5) * 5) }) : fill(inMinutes, { n: Math.ceil(seconds / 60) });
  }

  #write(part, text) {
    for (const shown of this.querySelectorAll(`[data-part="${part}"]`)) {
      if (shown.textContent !== text) shown.textContent = text;
    }
  }
}

/** The expected wait shrinks with the position until the server says a measured one. */
const shorter = ({ estimatedWait, position }, now) => (estimatedWait === null ? null : (estimatedWait * now) / position);

customElements.define('tiketi-line', Line);
