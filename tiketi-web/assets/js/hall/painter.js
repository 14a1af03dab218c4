// Draws the hall on a canvas: everything when it moved, and otherwise only the seats that changed.

import { Overview } from './overview.js';
import { palette } from './sprites.js';
import { Tiles } from './tiles.js';
import { isCalm } from '../page.js';

/** Below this many CSS pixels a seat, the hall is seen from afar. */
export const OVERVIEW_BELOW = 7;
const CHANGE_LASTS = 450;
/** More changes than this at a time are shown without motion: no eye follows them. */
const MOST_MOVING = 250;
const SETTLED_AFTER = 120;

export class Painter {
  #context;
  #tiles;
  #overview;
  #dirty = new Set();
  #moving = new Map();
  #hasMoved = true;
  #movedAt = 0;
  #frame;
  #ratio = 1;

  /** `words` has the texts of the picture; `camera` is set once it exists. */
  constructor(canvas, model, words) {
    Object.assign(this, { canvas, model, words, camera: undefined });
    this.#context = canvas.getContext('2d');
    this.readColours();
  }

  /** Reads the colours again, after the theme changed. */
  readColours() {
    this.colours = palette(this.canvas);
    this.#overview = new Overview(this.model, this.colours);
    this.#tiles = undefined;
    this.move();
  }

  resize(width, height, ratio) {
    this.#ratio = ratio;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.move();
  }

  /** The camera moved: the next frame draws everything. */
  move = () => {
    this.#hasMoved = true;
    this.#movedAt = performance.now();
    this.#wake();
  };

  /** These seats changed: the next frame draws them, and nothing else. */
  touch(seats) {
    const mayMove = !isCalm() && seats.length <= MOST_MOVING;
    const started = performance.now();
    for (const seat of seats) {
      this.#dirty.add(seat);
      if (mayMove && this.#moving.size < MOST_MOVING) this.#moving.set(seat, started);
    }
    this.#wake();
  }

  #wake() {
    this.#frame ??= requestAnimationFrame((time) => {
      this.#frame = undefined;
      if (this.camera) this.draw(time);
    });
  }

  /** Draws what a frame needs; another frame follows while something moves. */
  draw(time) {
    const isFlying = this.camera.fly(time);
    const isFar = this.camera.scale < OVERVIEW_BELOW;
    const isSettled = !isFlying && performance.now() - this.#movedAt > SETTLED_AFTER;
    for (const seat of this.#dirty) {
      this.#overview.redraw(seat);
      this.#tiles?.redraw(seat);
    }
    const wantsSharp = !isFar && (!this.#tiles || (isSettled && this.#tiles.cell !== this.#cell()));
    if (wantsSharp) this.#tiles = new Tiles(this.model, this.colours, this.#cell());
    if (this.#hasMoved || wantsSharp || (isFar && this.#dirty.size)) this.#drawAll(isFar);
    else for (const seat of this.#dirty) this.#drawSeat(seat);
    this.#hasMoved = false;
    this.#dirty.clear();
    if (!isFar) this.#drawMoving(time);
    else this.#moving.clear();
    const isSharp = isFar || this.#tiles.cell === this.#cell();
    if (isFlying || this.#moving.size || !isSharp) this.#wake();
  }

  #cell() {
    return Math.max(1, Math.round(this.camera.scale * this.#ratio));
  }

  #drawAll(isFar) {
    const context = this.#context;
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.#drawGround();
    if (isFar) this.#overview.draw(context, this.camera, this.#ratio);
    else this.#drawTiles();
    this.#drawNames(isFar);
  }

  #drawTiles() {
    const { camera, model } = this;
    const side = this.#tiles.seats;
    const size = camera.scale * this.#ratio;
    const end = camera.placeAt(this.canvas.width / this.#ratio, this.canvas.height / this.#ratio);
    const range = (from, to, limit) => [Math.max(0, Math.floor(from / side)), Math.min(Math.floor(to / side), Math.floor((limit - 1) / side))];
    const [[left, right], [top, bottom]] = [range(camera.x, end.x, model.width), range(camera.y, end.y, model.height)];
    for (let row = top; row <= bottom; row += 1) {
      for (let column = left; column <= right; column += 1) {
        const [x, y] = this.#pixel(column * side, row * side);
        const [nextX, nextY] = this.#pixel((column + 1) * side, (row + 1) * side);
        const tile = this.#tiles.get(column, row, true).canvas;
        if (size === this.#tiles.cell) this.#context.drawImage(tile, x, y);
        else this.#context.drawImage(tile, x, y, nextX - x, nextY - y);
      }
    }
  }

  /** Returns the whole pixel of the canvas at a place of the hall. */
  #pixel(x, y) {
    const point = this.camera.pointOf(x, y);
    return [Math.round(point.x * this.#ratio), Math.round(point.y * this.#ratio)];
  }

  /** Empties the square of a seat, and returns it; `undefined` if the seat is not seen. */
  #square(seat) {
    const [x, y] = this.#pixel(this.model.x[seat], this.model.y[seat]);
    const [right, bottom] = this.#pixel(this.model.x[seat] + 1, this.model.y[seat] + 1);
    if (right < 0 || bottom < 0 || x > this.canvas.width || y > this.canvas.height) return undefined;
    this.#context.clearRect(x, y, right - x, bottom - y);
    this.#context.fillStyle = this.colours.section;
    this.#context.fillRect(x, y, right - x, bottom - y);
    return { x, y, size: right - x };
  }

  #drawSeat(seat) {
    const square = this.#square(seat);
    if (square) this.#tiles.stamp(this.#context, this.model.kind(seat), square.x, square.y, square.size);
  }

  /** Seats that changed a moment ago grow into their new shape. */
  #drawMoving(time) {
    for (const [seat, started] of this.#moving) {
      const part = Math.min(1, Math.max(0, time - started) / CHANGE_LASTS);
      if (part === 1) {
        this.#moving.delete(seat);
        this.#drawSeat(seat);
        continue;
      }
      const square = this.#square(seat);
      if (!square) continue;
      const size = square.size * (0.3 + 0.7 * (1 - (1 - part) ** 3));
      const inset = (square.size - size) / 2;
      this.#tiles.stamp(this.#context, this.model.kind(seat), square.x + inset, square.y + inset, size);
    }
  }

  #drawGround() {
    const context = this.#context;
    context.fillStyle = this.colours.section;
    for (const { left, top, right, bottom } of this.model.sections) {
      const [x, y] = this.#pixel(left, top);
      const [endX, endY] = this.#pixel(right, bottom);
      context.fillRect(x, y, endX - x, endY - y);
    }
    this.#text(this.words.stage, this.model.width / 2, -this.camera.margin.top / 2, Math.min(18, Math.max(11, this.camera.scale)), 'ground');
  }

  #drawNames(isFar) {
    for (const section of this.model.sections) {
      const middle = (section.left + section.right) / 2;
      const words = this.words.section(section);
      if (isFar) this.#text(words, middle, (section.top + section.bottom) / 2, 13, 'ground');
      else this.#text(words, middle, section.top - 0.9, Math.min(16, Math.max(11, this.camera.scale * 0.8)));
    }
    if (this.camera.scale >= 12) this.#drawRows();
  }

  #drawRows() {
    const end = this.camera.placeAt(0, this.canvas.height / this.#ratio).y;
    for (const { x, y, name } of this.words.rows()) {
      if (y < this.camera.y - 1 || y > end) continue;
      this.#text(name, x - 0.9, y + 0.5, Math.min(14, this.camera.scale * 0.6));
    }
  }

  /** Writes a text around a place of the hall, with a ground behind it if one is named. */
  #text(text, x, y, size, ground) {
    if (!text) return;
    const context = this.#context;
    const [middle, line] = this.#pixel(x, y);
    context.font = `600 ${size * this.#ratio}px system-ui, sans-serif`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    if (ground) {
      const width = context.measureText(text).width + size * this.#ratio;
      const height = size * this.#ratio * 1.6;
      context.fillStyle = this.colours[ground];
      context.beginPath();
      context.roundRect(middle - width / 2, line - height / 2, width, height, height / 4);
      context.fill();
    }
    context.fillStyle = this.colours.label;
    context.fillText(text, middle, line);
  }
}
