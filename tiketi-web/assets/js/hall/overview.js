// The hall from afar: each section as a surface with its name, and each seat as one point of colour in it.

import { KINDS } from './model.js';

export class Overview {
  #points;
  #image;
  #colours;
  #isStale = true;

  constructor(model, colours) {
    this.model = model;
    this.#colours = KINDS.map((kind) => rgb(colours[kind]));
    this.#points = document.createElement('canvas');
    this.#points.width = model.width;
    this.#points.height = model.height;
    this.#image = new ImageData(model.width, model.height);
    for (let seat = 0; seat < model.count; seat += 1) this.redraw(seat);
  }

  redraw(seat) {
    const { x, y, width } = this.model;
    const at = (y[seat] * width + x[seat]) * 4;
    this.#image.data.set(this.#colours[this.model.kind(seat)], at);
    this.#isStale = true;
  }

  /** Draws the points of all seats, smoothed, so that the eye sees where seats are free. */
  draw(context, camera, ratio) {
    if (this.#isStale) this.#points.getContext('2d').putImageData(this.#image, 0, 0);
    this.#isStale = false;
    const { x, y } = camera.pointOf(0, 0);
    const size = camera.scale * ratio;
    context.imageSmoothingEnabled = camera.scale < 4;
    context.drawImage(this.#points, x * ratio, y * ratio, this.model.width * size, this.model.height * size);
    context.imageSmoothingEnabled = true;
  }
}

/** Reads a colour of the style sheet, in whatever form it is written. */
function rgb(colour) {
  const canvas = document.createElement('canvas');
  canvas.width = 1;
  canvas.height = 1;
  const context = canvas.getContext('2d');
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}
