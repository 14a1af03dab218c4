// Opens the payment window of TossPayments, whose own script has to do it.

import { make } from './page.js';

const SCRIPT = 'https://js.tosspayments.com/v1/payment';

class Toss extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector('button');
    button.hidden = false;
    button.addEventListener('click', () => this.#open().catch(() => this.#failed()));
  }

  async #open() {
    if (!window.TossPayments) await loaded(SCRIPT);
    const values = Object.fromEntries(Array.from(this.querySelectorAll('input'), ({ name, value }) => [name, value]));
    const { method, amount, validHours, ...others } = values;
    const urls = { successUrl: this.getAttribute('success-url'), failUrl: this.getAttribute('fail-url') };
    const numbers = { amount: Number(amount), ...(validHours && { validHours: Number(validHours) }) };
    await window.TossPayments(this.getAttribute('client-key')).requestPayment(method, { ...others, ...numbers, ...urls });
  }

  #failed() {
    this.querySelector('[role="alert"]')?.remove();
    this.append(make('p', { role: 'alert', textContent: this.dataset.failed }));
  }
}

function loaded(src) {
  return new Promise((resolve, reject) => {
    document.head.append(make('script', { src, onload: resolve, onerror: reject }));
  });
}

customElements.define('tiketi-toss', Toss);
