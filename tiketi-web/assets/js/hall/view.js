// The hall with its buttons, its legend and the sentence that says what happened.

import { KINDS } from './model.js';
import { Camera } from './camera.js';
import { Gestures, keysMove } from './gestures.js';
import { Painter } from './painter.js';
import { drawSeat } from './sprites.js';
import { fill } from '../clock.js';
import { make, tell } from '../page.js';

/** The least size of what a finger hits: WCAG 2.2, success criterion 2.5.8. */
export const TAPPABLE = 24;

export class HallView {
  #said;
  #tip;
  #rows;

  /** Puts the hall into its element; the texts are those of the element's `data-…`. */
  constructor(element, model, act) {
    Object.assign(this, { element, model, act });
    this.prices = prices(element);
    this.#build();
    this.painter = new Painter(this.canvas, model, this.#words());
    this.camera = new Camera(model, () => this.#moved());
    this.painter.camera = this.camera;
    this.gestures = new Gestures(this.view, this.camera, {
      tap: (point) => this.#tap(point),
      hover: (point) => this.#hover(point),
      rectangle: (from, to, isDone) => act.rectangle?.(from, to, isDone),
    });
    keysMove(this.tools, this.camera);
    this.#follow();
  }

  #build() {
    const text = this.element.dataset;
    this.root = make('div', { className: 'hall' });
    this.root.dataset.keep = '';
    this.tools = make('div', { className: 'hall-tools', role: 'group', ariaLabel: text.whole });
    this.#button('+', text.zoomIn, () => this.camera.flyBy(1.6));
    this.#button('−', text.zoomOut, () => this.camera.flyBy(1 / 1.6));
    this.#button('⤢', text.whole, () => this.camera.showAll());
    this.view = make('div', { className: 'hall-view' });
    this.canvas = make('canvas', { ariaHidden: 'true' });
    this.#tip = make('div', { className: 'hall-tip', hidden: true, ariaHidden: 'true' });
    this.#said = make('p', { className: 'hall-said', role: 'status' });
    this.legend = make('ul', { className: 'hall-legend' });
    this.view.append(this.canvas, this.#tip);
    this.root.append(this.tools, this.view, this.#said, this.legend);
    (this.element.querySelector('[data-hall-place]') ?? this.element).append(this.root);
  }

  #button(sign, name, act) {
    const text = { type: 'button', className: 'button button-quiet', textContent: sign, ariaLabel: name, title: name };
    this.tools.append(make('button', { ...text, onclick: act }));
  }

  /** Adds a button to the tools. */
  addTool(sign, name, act) {
    this.#button(sign, name, act);
    return this.tools.lastElementChild;
  }

  #words() {
    const { stage, seatsLeft } = this.element.dataset;
    const lang = document.documentElement.lang;
    return {
      stage,
      section: ({ name, ticketType, free }) => {
        const parts = [name, this.prices.get(ticketType), seatsLeft && fill(seatsLeft, { n: free.toLocaleString(lang) })];
        return parts.filter(Boolean).join(' · ');
      },
      rows: () => (this.#rows ??= rowNames(this.model)),
    };
  }

  #moved() {
    // A finger on the whole hall scrolls the page; on a part of it, it moves the hall.
    if (this.camera) this.view.classList.toggle('hall-near', !this.camera.isWhole);
    this.painter.move();
  }

  /** Follows the size of the element and the theme. */
  #follow() {
    const resized = () => {
      const { clientWidth: width, clientHeight: height } = this.view;
      if (!width || !height) return;
      this.painter.resize(width, height, Math.min(3, devicePixelRatio || 1));
      this.camera.resize(width, height);
    };
    new ResizeObserver(resized).observe(this.view);
    const themed = () => { this.painter.readColours(); this.#drawLegend(); };
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', themed);
    new MutationObserver(themed).observe(document.documentElement, { attributeFilter: ['data-theme', 'class'] });
    resized();
    this.#drawLegend();
  }

  #drawLegend() {
    const items = KINDS.filter((kind) => this.element.dataset[stateName(kind)]).map((kind) => {
      const picture = make('canvas', { width: 44, height: 44, ariaHidden: 'true' });
      const context = picture.getContext('2d');
      context.scale(44, 44);
      drawSeat(context, kind, this.painter.colours);
      const item = make('li', { className: 'hall-kind' });
      item.append(picture, this.element.dataset[stateName(kind)]);
      return item;
    });
    this.legend.replaceChildren(...items);
  }

  /** Says what happened, visibly and to screen readers. */
  say(sentence) {
    tell(this.#said, sentence);
  }

  /** Returns the seat at a point of the view. */
  seatAt({ x, y }) {
    const place = this.camera.placeAt(x, y);
    return this.model.at(Math.floor(place.x), Math.floor(place.y));
  }

  /** Returns the section at a point of the view. */
  sectionAt({ x, y }) {
    const place = this.camera.placeAt(x, y);
    return this.model.sections.find(({ left, right, top, bottom }) =>
      place.x >= left && place.x < right && place.y >= top && place.y < bottom);
  }

  #tap(point) {
    this.#hover();
    const seat = this.seatAt(point);
    this.act.tap({ seat, section: this.sectionAt(point), place: this.camera.placeAt(point.x, point.y) });
  }

  #hover(point) {
    const seat = point && this.camera.scale >= 10 ? this.seatAt(point) : undefined;
    this.#tip.hidden = seat === undefined;
    if (seat === undefined) return;
    const { seatLabel, ticketTypeId } = this.model.seats[seat];
    const state = this.element.dataset[stateName(KINDS[this.model.kind(seat)])];
    this.#tip.textContent = [seatLabel, this.prices.get(ticketTypeId), state].filter(Boolean).join(' · ');
    const left = Math.min(point.x + 12, this.view.clientWidth - this.#tip.offsetWidth - 4);
    this.#tip.style.translate = `${Math.max(4, left)}px ${point.y > 60 ? point.y - 40 : point.y + 20}px`;
  }
}

const stateName = (kind) => `state${kind[0].toUpperCase()}${kind.slice(1)}`;

/** Reads the price of each ticket type as the server wrote it. */
function prices(element) {
  const items = element.querySelectorAll('[data-prices] [data-ticket-type]');
  return new Map([...items].map((item) => [item.dataset.ticketType, (item.querySelector('span') ?? item).textContent.trim()]));
}

/** Returns the name of each row, beside its first seat. */
function rowNames(model) {
  const rows = new Map();
  model.seats.forEach(({ section, rowNumber }, seat) => {
    const key = `${model.y[seat]} ${section}`;
    const known = rows.get(key);
    if (!known || model.x[seat] < known.x) rows.set(key, { x: model.x[seat], y: model.y[seat], name: rowNumber });
  });
  return [...rows.values()];
}
