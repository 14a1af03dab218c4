// How each kind of seat looks: a colour of the style sheet and a shape, so that no kind is told by colour alone.

import { KINDS } from './model.js';

/** Returns the colours, which follow the theme. */
export function palette(element) {
  const style = getComputedStyle(element);
  const colour = (name) => style.getPropertyValue(`--hall-${name}`).trim() || 'gray';
  return Object.fromEntries([...KINDS, 'mark', 'ground', 'label', 'section'].map((name) => [name, colour(name)]));
}

/** Draws every kind side by side, each `size` pixels wide, for copying. */
export function makeSprites(colours, size) {
  const canvas = document.createElement('canvas');
  canvas.width = size * KINDS.length;
  canvas.height = size;
  const context = canvas.getContext('2d');
  KINDS.forEach((kind, at) => {
    context.save();
    context.translate(at * size, 0);
    context.scale(size, size);
    drawSeat(context, kind, colours);
    context.restore();
  });
  return canvas;
}

/** Draws a seat in the square from 0 to 1. */
export function drawSeat(context, kind, colours) {
  context.fillStyle = colours[kind];
  context.strokeStyle = colours[kind];
  context.lineWidth = 0.1;
  shapes[kind](context, colours);
}

const shapes = {
  available: (context) => fillRound(context, 0.08, 0.22),
  accessible(context, { mark }) {
    disc(context);
    context.strokeStyle = mark;
    context.lineWidth = 0.08;
    // A wheelchair: the head, the back, and the wheel.
    line(context, [[0.42, 0.28], [0.44, 0.52], [0.62, 0.52], [0.7, 0.72]]);
    context.beginPath();
    context.arc(0.45, 0.6, 0.17, -2.2, 1.3, true);
    context.stroke();
  },
  held(context) {
    context.beginPath();
    context.moveTo(0.5, 0.06);
    context.lineTo(0.94, 0.5);
    context.lineTo(0.5, 0.94);
    context.lineTo(0.06, 0.5);
    context.fill();
  },
  taken(context) {
    context.lineWidth = 0.14;
    line(context, [[0.24, 0.24], [0.76, 0.76]]);
    line(context, [[0.76, 0.24], [0.24, 0.76]]);
  },
  mine(context, { mark }) {
    fillRound(context, 0.02, 0.3);
    context.strokeStyle = mark;
    context.lineWidth = 0.14;
    line(context, [[0.26, 0.52], [0.44, 0.7], [0.76, 0.32]]);
  },
  blocked(context) {
    context.strokeRect(0.17, 0.17, 0.66, 0.66);
    line(context, [[0.17, 0.83], [0.83, 0.17]]);
  },
  chosen(context, { mark }) {
    fillRound(context, 0.02, 0.3);
    context.fillStyle = mark;
    context.fillRect(0.34, 0.34, 0.32, 0.32);
  },
};

function fillRound(context, margin, radius) {
  context.beginPath();
  context.roundRect(margin, margin, 1 - 2 * margin, 1 - 2 * margin, radius);
  context.fill();
}

function disc(context) {
  context.beginPath();
  context.arc(0.5, 0.5, 0.45, 0, 7);
  context.fill();
}

function line(context, points) {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.stroke();
}
