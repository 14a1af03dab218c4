// The seats of a hall: where they are, which never changes, and their states, which do.

/** What a seat is shown as; each has a colour and a shape of its own. */
export const KINDS = ['available', 'accessible', 'held', 'taken', 'mine', 'blocked', 'chosen'];
const [AVAILABLE, ACCESSIBLE, HELD, TAKEN, MINE, BLOCKED, CHOSEN] = KINDS.keys();
const KIND_OF_STATE = [AVAILABLE, HELD, TAKEN, BLOCKED];
/** Lines of space before a section, for its name. */
const SPACE = 2;
/** Widest gap between two columns or lines: a plan may number them as it likes. */
const AISLE = 4;

export class HallModel {
  #index = new Map();
  #at = new Map();
  #mine = new Set();
  #chosen = new Set();

  /** Takes a layout as `/api/layouts/{name}` answers; no state is known yet. */
  constructor({ seats }) {
    this.seats = seats;
    this.count = seats.length;
    this.x = new Int32Array(this.count);
    this.y = new Int32Array(this.count);
    this.sectionOf = new Uint16Array(this.count);
    this.states = new Uint8Array(this.count);
    this.versions = new Float64Array(this.count);
    this.version = 0;
    this.sections = [];
    this.#place();
  }

  #place() {
    const columns = packed(this.seats.map(({ column }) => column));
    const lineTops = tops(this.seats);
    const known = new Map();
    let [before, section] = [{}, 0];
    this.width = Math.max(0, ...columns.values()) + 1;
    this.seats.forEach((seat, index) => {
      this.x[index] = columns.get(seat.column);
      this.y[index] = lineTops.get(seat.line);
      this.#index.set(seat.id, index);
      this.#at.set(this.y[index] * this.width + this.x[index], index);
      // Neighbours are mostly of one section.
      if (seat.section !== before.section || seat.ticketTypeId !== before.ticketTypeId) section = this.#section(seat, known);
      before = seat;
      this.sectionOf[index] = section;
      grow(this.sections[section], this.x[index], this.y[index]);
    });
    this.height = this.sections.reduce((most, { bottom }) => Math.max(most, bottom), 0);
    for (const each of this.sections) each.free = each.seats;
  }

  #section({ section: name, ticketTypeId: ticketType }, known) {
    const key = `${ticketType} ${name}`;
    if (!known.has(key)) {
      known.set(key, this.sections.length);
      this.sections.push({ name, ticketType, left: Infinity, top: Infinity, right: 0, bottom: 0, seats: 0, free: 0 });
    }
    return known.get(key);
  }

  /** Returns the seat of a place, or `undefined`. */
  at(x, y) {
    return x < 0 || x >= this.width ? undefined : this.#at.get(y * this.width + x);
  }

  indexOf(id) {
    return this.#index.get(id);
  }

  /** Returns the index in `KINDS` of what a seat is shown as. */
  kind(seat) {
    if (this.#chosen.has(seat)) return CHOSEN;
    if (this.#mine.has(seat)) return MINE;
    const state = this.states[seat];
    return state === 0 && this.seats[seat].accessible ? ACCESSIBLE : KIND_OF_STATE[state];
  }

  /** Takes decoded states, all or those that changed; returns the seats that are shown otherwise than before. */
  apply({ version, states, entries }) {
    const changed = [];
    if (states) {
      for (let seat = 0; seat < this.count; seat += 1) if (this.#set(seat, states[seat])) changed.push(seat);
    }
    for (const { seat, state, version: ofSeat } of entries) {
      if (ofSeat < this.versions[seat]) continue;
      this.versions[seat] = ofSeat;
      if (this.#set(seat, state)) changed.push(seat);
    }
    this.version = Math.max(this.version, version);
    return changed;
  }

  #set(seat, state) {
    const before = this.states[seat];
    if (before === state) return false;
    this.states[seat] = state;
    this.sections[this.sectionOf[seat]].free += (state === 0) - (before === 0);
    return true;
  }

  /** Says which seats are the reader's own; returns those that are shown otherwise than before. */
  own(ids) {
    return this.#replace(this.#mine, ids);
  }

  /** Says which seats are chosen for an action. */
  choose(ids) {
    return this.#replace(this.#chosen, ids);
  }

  #replace(set, ids) {
    const fresh = new Set(ids.map((id) => this.#index.get(id)).filter((seat) => seat !== undefined));
    const changed = [...set].filter((seat) => !fresh.has(seat)).concat([...fresh].filter((seat) => !set.has(seat)));
    set.clear();
    for (const seat of fresh) set.add(seat);
    return changed;
  }

  isMine(seat) {
    return this.#mine.has(seat);
  }
}

function grow(section, x, y) {
  section.left = Math.min(section.left, x);
  section.right = Math.max(section.right, x + 1);
  section.top = Math.min(section.top, y);
  section.bottom = Math.max(section.bottom, y + 1);
  section.seats += 1;
}

/** Returns where each number is drawn: in their order, with gaps that are no wider than an aisle. */
function packed(numbers) {
  const result = new Map();
  let [at, before] = [0, 0];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    at += Math.min(number - before, AISLE);
    before = number;
    result.set(number, at);
  }
  return result;
}

/** Returns where each line of the hall is drawn: with space wherever other sections begin. */
function tops(seats) {
  const sections = new Map();
  for (const { line, section } of seats) {
    if (!sections.has(line)) sections.set(line, new Set());
    sections.get(line).add(section);
  }
  const result = packed([...sections.keys()]);
  let [before, space] = [new Set(), 0];
  for (const [line, top] of result) {
    const here = sections.get(line);
    if (![...here].some((section) => before.has(section))) space += SPACE;
    result.set(line, top + space);
    before = here;
  }
  return result;
}
