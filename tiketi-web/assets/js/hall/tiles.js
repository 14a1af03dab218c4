// Seats drawn beforehand into square canvases, so that moving the hall copies pixels, and a changed seat redraws itself only.

import { makeSprites } from './sprites.js';

/** Device pixels of a tile's side, about. */
const SIDE = 512;
const MOST = 80;

export class Tiles {
  #tiles = new Map();
  #sprites;

  /** `cell` is the size of a seat in device pixels, a whole number. */
  constructor(model, colours, cell) {
    this.model = model;
    this.cell = cell;
    this.seats = Math.max(1, Math.floor(SIDE / cell));
    this.#sprites = makeSprites(colours, cell);
  }

  /** Returns the tile of a column and a row of tiles; draws it if `mayDraw`, or returns `undefined`. */
  get(column, row, mayDraw) {
    const key = column * 65_536 + row;
    let tile = this.#tiles.get(key);
    if (tile || !mayDraw) return tile;
    if (this.#tiles.size >= MOST) this.#tiles.delete(this.#tiles.keys().next().value);
    tile = this.#draw(column * this.seats, row * this.seats);
    this.#tiles.set(key, tile);
    return tile;
  }

  #draw(left, top) {
    const canvas = document.createElement('canvas');
    canvas.width = this.seats * this.cell;
    canvas.height = canvas.width;
    const context = canvas.getContext('2d');
    for (let y = 0; y < this.seats; y += 1) {
      for (let x = 0; x < this.seats; x += 1) {
        const seat = this.model.at(left + x, top + y);
        if (seat !== undefined) this.stamp(context, this.model.kind(seat), x * this.cell, y * this.cell, this.cell);
      }
    }
    return { canvas, context };
  }

  /** Draws a seat again in its tile, if the tile exists. */
  redraw(seat) {
    const [x, y] = [this.model.x[seat], this.model.y[seat]];
    const tile = this.get(Math.floor(x / this.seats), Math.floor(y / this.seats), false);
    if (!tile) return;
    const [left, top] = [(x % this.seats) * this.cell, (y % this.seats) * this.cell];
    tile.context.clearRect(left, top, this.cell, this.cell);
    this.stamp(tile.context, this.model.kind(seat), left, top, this.cell);
  }

  /** Copies the picture of a kind of seat into a square. */
  stamp(context, kind, x, y, size) {
    context.drawImage(this.#sprites, kind * this.cell, 0, this.cell, this.cell, x, y, size, size);
  }
}
