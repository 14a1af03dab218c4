// Keeps what is left of each ticket type current, and the page when the event's status changes.

import { fill } from './clock.js';
import { refresh } from './page.js';
import { socket } from './socket.js';

class Stock extends HTMLElement {
  #status;
  #left = new Map();

  connectedCallback() {
    socket.follow(`event:${this.getAttribute('event')}`, (message) => this.#receive(message));
    document.addEventListener('tiketi-replaced', this.#show);
  }

  disconnectedCallback() {
    document.removeEventListener('tiketi-replaced', this.#show);
  }

  #receive({ type, data }) {
    if (type === 'ticket-updated') this.#left.set(data.ticketTypeId, data.available);
    if (type === 'resync') for (const each of data.ticketTypes) this.#left.set(each.ticketTypeId, each.available);
    this.#show();
    const hasChanged = data.status && this.#status && data.status !== this.#status;
    this.#status = data.status ?? this.#status;
    if (type === 'event-status-changed' || hasChanged) refresh('main');
  }

  #show = () => {
    for (const [id, left] of this.#left) {
      for (const shown of this.querySelectorAll(`[data-ticket-type="${id}"]`)) {
        const { left: some, none } = shown.dataset;
        const text = left > 0 || !none ? fill(some ?? '{n}', { n: left.toLocaleString(document.documentElement.lang) }) : none;
        if (shown.textContent !== text) shown.textContent = text;
      }
    }
  };
}

customElements.define('tiketi-stock', Stock);
