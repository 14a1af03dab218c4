// Shows whether the page is live: nothing while it is, a sentence while it is not, and one when it is again.

import { socket } from './socket.js';
import { refresh } from './page.js';

/** A connection that is lost for a moment only is not worth a sentence. */
const WORTH_SAYING = 1_500;

class Connection extends HTMLElement {
  #timer;
  #wasLost = false;

  connectedCallback() {
    socket.addEventListener('change', this.#changed);
    this.#changed();
  }

  disconnectedCallback() {
    socket.removeEventListener('change', this.#changed);
    clearTimeout(this.#timer);
  }

  #changed = () => {
    clearTimeout(this.#timer);
    this.dataset.jsState = socket.state;
    if (socket.state === 'offline') this.#lost(this.dataset.offline);
    else if (socket.state === 'connecting') {
      this.#timer = setTimeout(() => this.#lost(this.dataset.reconnecting), WORTH_SAYING);
    } else if (this.#wasLost) this.#back();
  };

  #lost(sentence) {
    this.#wasLost = true;
    this.textContent = sentence ?? '';
  }

  async #back() {
    this.#wasLost = false;
    // Channels catch up by themselves; what the server rendered is fetched again.
    await refresh('basket', 'seat-list', 'line');
    this.textContent = this.dataset.back ?? '';
    this.#timer = setTimeout(() => { this.textContent = ''; }, 4_000);
  }
}

customElements.define('tiketi-connection', Connection);
