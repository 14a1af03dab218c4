// Pointers, wheel and keys on the hall: one pointer moves it or chooses, two zoom.

/** A pointer that moves less than this many CSS pixels taps. */
const TAP = 6;

export class Gestures {
  #pointers = new Map();
  #start;
  #rectangle;

  /** `act` has `tap(point)`, `hover(point)`, and for dragging a rectangle `rectangle(from, to, isDone)`. */
  constructor(view, camera, act) {
    Object.assign(this, { view, camera, act, selects: false });
    view.addEventListener('pointerdown', this.#down);
    view.addEventListener('pointermove', this.#move);
    view.addEventListener('pointerup', this.#up);
    view.addEventListener('pointercancel', this.#cancel);
    view.addEventListener('pointerleave', () => act.hover());
    view.addEventListener('wheel', this.#wheel, { passive: false });
  }

  #point(event) {
    const { left, top } = this.view.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  #down = (event) => {
    if (event.button > 0) return;
    this.view.setPointerCapture(event.pointerId);
    const point = this.#point(event);
    this.#pointers.set(event.pointerId, point);
    this.#start = this.#pointers.size === 1 ? point : undefined;
    this.#rectangle = undefined;
  };

  #move = (event) => {
    const point = this.#point(event);
    const before = this.#pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType === 'mouse') this.act.hover(point);
      return;
    }
    const isTap = this.#start && Math.hypot(point.x - this.#start.x, point.y - this.#start.y) < TAP;
    if (this.#pointers.size === 2) this.#pinch(event.pointerId, point);
    else if (this.selects && !isTap && this.#start) this.#select(point, false);
    else if (!isTap) {
      this.act.hover();
      this.camera.pan(point.x - before.x, point.y - before.y);
      if (!this.selects) this.#start = undefined;
    } else return;
    this.#pointers.set(event.pointerId, point);
  };

  #select(point, isDone) {
    this.#rectangle = this.#start;
    this.act.rectangle(this.#start, point, isDone);
  }

  #pinch(id, point) {
    const other = [...this.#pointers].find(([each]) => each !== id)[1];
    const before = this.#pointers.get(id);
    const [from, to] = [before, point].map(({ x, y }) => Math.hypot(x - other.x, y - other.y));
    if (from > 0) this.camera.zoom(to / from, other.x, other.y);
    this.#start = undefined;
  }

  #up = (event) => {
    const point = this.#point(event);
    const start = this.#start;
    if (this.#rectangle) this.#select(point, true);
    else if (start && this.#pointers.size === 1) this.act.tap(point);
    this.#cancel(event);
  };

  #cancel = (event) => {
    if (this.#rectangle && event.type === 'pointercancel') this.act.rectangle();
    this.#pointers.delete(event.pointerId);
    this.#start = undefined;
    this.#rectangle = undefined;
  };

  #wheel = (event) => {
    const isIn = event.deltaY < 0;
    // At the whole hall the wheel scrolls the page on, so that the hall is no trap.
    if (!isIn && this.camera.isWhole && !event.ctrlKey) return;
    event.preventDefault();
    const { x, y } = this.#point(event);
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    this.camera.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0018)), x, y);
  };
}

/** Keys that move the hall while one of its buttons has the focus. */
export function keysMove(element, camera) {
  const step = 60;
  const acts = {
    ArrowLeft: () => camera.pan(step, 0),
    ArrowRight: () => camera.pan(-step, 0),
    ArrowUp: () => camera.pan(0, step),
    ArrowDown: () => camera.pan(0, -step),
    '+': () => camera.flyBy(1.6),
    '=': () => camera.flyBy(1.6),
    '-': () => camera.flyBy(1 / 1.6),
    0: () => camera.showAll(),
  };
  element.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });
}
