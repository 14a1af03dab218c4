// Counts down to a moment of the server's time.

import { clockText, now } from './clock.js';
import { refresh, say } from './page.js';

class Countdown extends HTMLElement {
  static observedAttributes = ['until'];
  /** The text is written here; see `morph`. */
  ownsContent = true;
  #timer;
  #hasWarned = false;

  connectedCallback() {
    document.addEventListener('visibilitychange', this.#tick);
    this.#tick();
  }

  disconnectedCallback() {
    document.removeEventListener('visibilitychange', this.#tick);
    clearTimeout(this.#timer);
  }

  attributeChangedCallback() {
    this.#hasWarned = false;
    if (this.isConnected) this.#tick();
  }

  #tick = () => {
    clearTimeout(this.#timer);
    const left = Date.parse(this.getAttribute('until')) - now();
    if (Number.isNaN(left)) return;
    const text = clockText(left, this.dataset.days);
    if (this.textContent !== text) this.textContent = text;
    this.toggleAttribute('data-js-soon', left < 60_000);
    if (left <= 0) {
      this.#over();
      return;
    }
    if (left < 60_000 && !this.#hasWarned) this.#warn();
    // At the next whole second. Browsers make timers of pages that are not seen rare by themselves.
    this.#timer = setTimeout(this.#tick, (left % 1000) + 5);
  };

  #warn() {
    this.#hasWarned = true;
    if (this.dataset.warn) say(this.dataset.warn);
  }

  #over() {
    this.dispatchEvent(new CustomEvent('tiketi-over', { bubbles: true }));
    if (this.getAttribute('then') !== 'reload') return;
    // All buyers count down to the same moment; their requests are spread.
    setTimeout(() => refresh('main'), 200 + Math.random() * 1_800);
  }
}

customElements.define('tiketi-countdown', Countdown);
