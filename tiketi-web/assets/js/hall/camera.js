// Which part of the hall is seen: a scale in CSS pixels a seat, and the place of the upper left corner in seats.

import { isCalm } from '../page.js';

const LARGEST = 56;

export class Camera {
  scale = 1;
  x = 0;
  y = 0;
  #size = { width: 1, height: 1 };
  #flight;

  constructor(model, moved) {
    this.model = model;
    this.moved = moved;
    // Seats around the hall that can be seen, for the stage and the names of rows.
    this.margin = { left: 3, right: 2, top: 2 + model.height / 20, bottom: 1 };
  }

  get #extent() {
    const { model, margin } = this;
    return { width: model.width + margin.left + margin.right, height: model.height + margin.top + margin.bottom };
  }

  /** The scale at which the whole hall is seen. */
  get whole() {
    const { width, height } = this.#extent;
    return Math.min(LARGEST, this.#size.width / width, this.#size.height / height);
  }

  get isWhole() {
    return this.scale <= this.whole * 1.001;
  }

  /** Takes the size of the view in CSS pixels; what was in the middle stays there. */
  resize(width, height) {
    const isNew = this.#size.width === 1;
    const wasWhole = isNew || this.isWhole;
    const [middleX, middleY] = [this.x + this.#size.width / this.scale / 2, this.y + this.#size.height / this.scale / 2];
    this.#size = { width, height };
    if (wasWhole) this.#set(this.whole, 0, 0);
    else this.#set(this.scale, middleX - width / this.scale / 2, middleY - height / this.scale / 2);
  }

  /** Moves the hall by CSS pixels. */
  pan(x, y) {
    this.#flight = undefined;
    this.#set(this.scale, this.x - x / this.scale, this.y - y / this.scale);
  }

  /** Zooms, and keeps what is at this point of the view. */
  zoom(factor, x = this.#size.width / 2, y = this.#size.height / 2) {
    this.#flight = undefined;
    const scale = Math.min(LARGEST, Math.max(this.whole, this.scale * factor));
    this.#set(scale, this.x + x / this.scale - x / scale, this.y + y / this.scale - y / scale);
  }

  /** Flies to a scale with this place of the hall in the middle; at once for those who want no motion. */
  flyTo(scale, placeX, placeY) {
    const end = Math.min(LARGEST, Math.max(this.whole, scale));
    const target = { scale: end, x: placeX - this.#size.width / end / 2, y: placeY - this.#size.height / end / 2 };
    if (isCalm()) {
      this.#set(target.scale, target.x, target.y);
      return;
    }
    this.#flight = { from: { scale: this.scale, x: this.x, y: this.y }, target, started: performance.now() };
    this.moved();
  }

  flyBy(factor) {
    const { width, height } = this.#size;
    this.flyTo(this.scale * factor, this.x + width / this.scale / 2, this.y + height / this.scale / 2);
  }

  showAll() {
    this.flyTo(0, this.model.width / 2, this.model.height / 2);
  }

  /** Advances a flight; returns whether it goes on. */
  fly(time) {
    if (!this.#flight) return false;
    const { from, target, started } = this.#flight;
    const part = Math.min(1, (time - started) / 220);
    if (part === 1) this.#flight = undefined;
    const eased = 1 - (1 - part) ** 3;
    const between = (one, other) => one + (other - one) * eased;
    // What is seen grows evenly, so that the middle goes straight.
    this.#set(1 / between(1 / from.scale, 1 / target.scale), between(from.x, target.x), between(from.y, target.y));
    return part < 1;
  }

  #set(scale, x, y) {
    this.scale = scale;
    this.x = inside(x, this.#size.width / scale, -this.margin.left, this.#extent.width);
    this.y = inside(y, this.#size.height / scale, -this.margin.top, this.#extent.height);
    this.moved();
  }

  /** Returns the place of the hall, in seats, at a point of the view. */
  placeAt(x, y) {
    return { x: this.x + x / this.scale, y: this.y + y / this.scale };
  }

  /** Returns the point of the view at which a place of the hall is. */
  pointOf(x, y) {
    return { x: (x - this.x) * this.scale, y: (y - this.y) * this.scale };
  }
}

/** Keeps the view inside the hall, or the hall in the middle of a larger view. */
function inside(at, seen, start, extent) {
  return seen >= extent ? start + (extent - seen) / 2 : Math.min(Math.max(at, start), start + extent - seen);
}
