// Fetches a page again and again while it is seen, and replaces one element of it.

import { fetchPage, take } from './page.js';

class Refresh extends HTMLElement {
  #timer;

  connectedCallback() {
    document.addEventListener('visibilitychange', this.#seen);
    this.#wait();
  }

  disconnectedCallback() {
    document.removeEventListener('visibilitychange', this.#seen);
    clearTimeout(this.#timer);
  }

  #seen = () => { if (!document.hidden) this.#fetch(); };

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#fetch, Math.max(1_000, Number(this.getAttribute('every')) || 5_000));
  }

  #fetch = async () => {
    clearTimeout(this.#timer);
    const target = this.getAttribute('target') ?? 'main';
    // A form that is being filled in is left alone.
    const isTyping = document.getElementById(target)?.querySelector(':focus:is(input, select, textarea)');
    if (!document.hidden && !isTyping) {
      const page = await fetchPage(this.getAttribute('url') ?? location.href).catch(() => undefined);
      if (page) take(page, [target]);
    }
    if (this.isConnected) this.#wait();
  };
}

customElements.define('tiketi-refresh', Refresh);
