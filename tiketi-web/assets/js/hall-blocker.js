// The organiser's live hall: a rectangle that is dragged chooses seats for the form beside it.

import { fill } from './clock.js';
import { followHall, loadHall } from './hall/feed.js';
import { HallView } from './hall/view.js';
import { make } from './page.js';

class HallBlocker extends HTMLElement {
  #model;
  #view;
  #chosen = new Set();

  async connectedCallback() {
    const event = this.getAttribute('event-id');
    try {
      this.#model = await loadHall(event);
    } catch {
      // The form beside it names seats in words, and works.
      return;
    }
    this.hidden = false;
    this.#view = new HallView(this, this.#model, {
      tap: ({ seat }) => { if (seat !== undefined) this.#toggle([seat]); },
      rectangle: (from, to, isDone) => this.#rectangle(from, to, isDone),
    });
    this.#addTools();
    followHall(event, this.#model, (changed) => this.#view.painter.touch(changed));
    this.dataset.jsState = 'drawn';
  }

  /** The hall's model and its view. */
  get parts() {
    return { model: this.#model, view: this.#view };
  }

  #addTools() {
    const select = this.#view.addTool('▭', this.dataset.select ?? '', () => this.#select(!this.#view.gestures.selects));
    this.#view.addTool('×', this.dataset.clear ?? '', () => this.#take(new Set()));
    this.selectButton = select;
    this.frame = make('div', { className: 'hall-frame', hidden: true });
    this.#view.view.append(this.frame);
    this.#select(true);
  }

  #select(selects) {
    this.#view.gestures.selects = selects;
    this.selectButton.setAttribute('aria-pressed', String(selects));
    this.#view.view.classList.toggle('hall-selects', selects);
  }

  #rectangle(from, to, isDone) {
    this.frame.hidden = !from || isDone;
    if (!from) return;
    const [left, top] = [Math.min(from.x, to.x), Math.min(from.y, to.y)];
    Object.assign(this.frame.style, {
      translate: `${left}px ${top}px`,
      width: `${Math.abs(to.x - from.x)}px`,
      height: `${Math.abs(to.y - from.y)}px`,
    });
    if (isDone) this.#toggle(this.#within(from, to), true);
  }

  /** Returns the seats whose middle is in the rectangle between two points of the view. */
  #within(from, to) {
    const { camera } = this.#view;
    const [a, b] = [camera.placeAt(from.x, from.y), camera.placeAt(to.x, to.y)];
    const between = (value, one, other) => value >= Math.min(one, other) && value <= Math.max(one, other);
    const { x, y, count } = this.#model;
    const seats = [];
    for (let seat = 0; seat < count; seat += 1) {
      if (between(x[seat] + 0.5, a.x, b.x) && between(y[seat] + 0.5, a.y, b.y)) seats.push(seat);
    }
    return seats;
  }

  /** Adds seats to those that are chosen; of a single tap, takes away one that is. */
  #toggle(seats, adds = false) {
    const chosen = new Set(this.#chosen);
    for (const seat of seats) {
      // Sold and held seats belong to buyers; the server refuses them too.
      const isFree = this.#model.states[seat] === 0 || this.#model.states[seat] === 3;
      if (!adds && chosen.has(seat)) chosen.delete(seat);
      else if (isFree) chosen.add(seat);
    }
    this.#take(chosen);
  }

  #take(chosen) {
    this.#chosen = chosen;
    const ids = [...chosen].map((seat) => this.#model.seats[seat].id);
    this.#view.painter.touch(this.#model.choose(ids));
    this.#view.say(fill(this.dataset.chosen, { n: ids.length.toLocaleString(document.documentElement.lang) }));
    const form = document.getElementById(this.getAttribute('form'));
    if (!form) return;
    for (const input of form.querySelectorAll('input.from-hall')) input.remove();
    form.append(...ids.map((value) => make('input', { type: 'hidden', name: 'seat', className: 'from-hall', value })));
  }
}

customElements.define('tiketi-hall-blocker', HallBlocker);
