// Refreshes a page about the user's own reservations when one of them changes.

import { refresh } from './page.js';
import { socket } from './socket.js';

class Personal extends HTMLElement {
  #isFirst = true;

  connectedCallback() {
    const ids = (this.dataset.refresh ?? 'main').split(' ');
    socket.followPersonal(({ type }) => {
      // The first resync only says that messages come from now on; the page is as new.
      const isNews = type !== 'resync' || !this.#isFirst;
      this.#isFirst = false;
      if (isNews && this.isConnected) refresh(...ids);
    });
  }
}

customElements.define('tiketi-personal', Personal);
