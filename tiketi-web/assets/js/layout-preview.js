// Shows the picture of a layout while its text is typed, or a file with it is chosen.

import { send } from './api.js';

const AFTER_TYPING = 300;

class LayoutPreview extends HTMLElement {
  #timer;
  #latest = 0;

  connectedCallback() {
    this.#source?.addEventListener('input', this.#changed);
    document.getElementById(this.getAttribute('file'))?.addEventListener('change', async ({ target }) => {
      this.#source.value = await target.files[0].text();
      this.#show();
    });
  }

  disconnectedCallback() {
    this.#source?.removeEventListener('input', this.#changed);
    clearTimeout(this.#timer);
  }

  get #source() { return document.getElementById(this.getAttribute('source')); }

  #changed = () => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#show(), AFTER_TYPING);
  };

  async #show() {
    const picture = document.getElementById(this.getAttribute('picture'));
    this.#latest += 1;
    const asked = this.#latest;
    const options = { method: 'POST', body: this.#source.value, headers: { 'Content-Type': 'application/json' } };
    const response = await send(this.getAttribute('url'), options).catch(() => undefined);
    const text = await response?.text();
    // An answer that a later one has overtaken shows an older text.
    if (!response?.ok || !picture || asked !== this.#latest) return;
    const parsed = new DOMParser().parseFromString(text, 'text/html');
    picture.replaceChildren(...parsed.body.childNodes);
  }
}

customElements.define('tiketi-layout-preview', LayoutPreview);
