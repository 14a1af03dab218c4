// The buyer's hall: seats are chosen on the picture or in the list, which is always there.

import { Problem, call } from './api.js';
import { clockText, fill, now } from './clock.js';
import { catchUp, followHall, loadHall } from './hall/feed.js';
import { OVERVIEW_BELOW } from './hall/painter.js';
import { HallView, TAPPABLE } from './hall/view.js';
import { fetchPage, morphAttributes, take } from './page.js';
import { socket } from './socket.js';

const PARTS = ['flash', 'basket', 'seat-list'];
const HEARTBEAT = 60_000;

class Hall extends HTMLElement {
  static observedAttributes = ['data-mine'];
  #model;
  #view;
  #pass;
  #queue = Promise.resolve();

  async connectedCallback() {
    // The basket stands beside the hall.
    document.addEventListener('submit', this.#submitted);
    document.addEventListener('click', this.#clicked);
    if (this.dataset.room !== undefined) this.#keepSession();
    try {
      this.#model = await loadHall(this.getAttribute('event'));
    } catch {
      // The list is there, and sells every seat.
      this.dataset.jsState = 'failed';
      return;
    }
    this.#model.own(this.#mine);
    this.#view = new HallView(this, this.#model, { tap: (tapped) => this.#tap(tapped) });
    followHall(this.getAttribute('event'), this.#model, (changed) => this.#view.painter.touch(changed));
    socket.followPersonal(({ type, data }) => this.#told(type, data));
    requestAnimationFrame(() => requestAnimationFrame(() => {
      performance.mark('tiketi-hall-drawn');
      this.dataset.jsState = 'drawn';
    }));
  }

  disconnectedCallback() {
    document.removeEventListener('submit', this.#submitted);
    document.removeEventListener('click', this.#clicked);
  }

  attributeChangedCallback() {
    if (this.#view) this.#view.painter.touch(this.#model.own(this.#mine));
  }

  get #mine() {
    return (this.dataset.mine ?? '').split(' ').filter(Boolean);
  }

  /** An admitted buyer who does something stays admitted; one who left the page alone does not. */
  #keepSession() {
    let isActive = false;
    for (const sign of ['pointerdown', 'keydown', 'wheel']) addEventListener(sign, () => { isActive = true; }, { passive: true });
    setInterval(() => {
      if (isActive) call('POST', `/api/queue/heartbeat/${this.getAttribute('event')}`, {}).catch(() => {});
      isActive = false;
    }, HEARTBEAT);
  }

  /** The hall's model and its view, for programs of the host that show more. */
  get parts() {
    return { model: this.#model, view: this.#view };
  }

  #told(type, data) {
    const isOurs = data?.eventId === this.getAttribute('event');
    if (isOurs && /^reservation-/.test(type)) this.#refreshParts();
  }

  #tap({ seat, section, place }) {
    const { scale } = this.#view.camera;
    if (scale >= TAPPABLE) {
      if (seat !== undefined) this.#choose(seat);
      return;
    }
    if (scale < OVERVIEW_BELOW) {
      // From afar a finger means a section: the picture comes closer, and the list opens at it.
      if (section) this.#view.camera.flyTo(TAPPABLE + 4, place.x, place.y);
      if (section) this.#openList(section.name);
      return;
    }
    if (seat === undefined) return;
    const { section: name, rowNumber } = this.#model.seats[seat];
    this.#view.say(fill(this.dataset.listHint, { row: rowNumber, section: name }));
    this.#openList(name, rowNumber);
  }

  async #openList(section, row) {
    const values = { section: encodeURIComponent(section), row: encodeURIComponent(row ?? '') };
    const url = fill(this.dataset.listUrl, values);
    await this.#open(url);
    // Only a row is asked for closely enough to move there.
    if (row !== undefined) focusList();
  }

  /** Choices are sent one after another: each answer is the ground of the next. */
  #choose(seat) {
    this.#queue = this.#queue.then(() => this.#change(seat));
  }

  async #change(seat) {
    const { id, seatLabel } = this.#model.seats[seat];
    const isMine = this.#model.isMine(seat);
    const said = (name, time) => this.#view.say(fill(this.dataset[name], { seat: seatLabel, time }));
    if (!isMine && this.#model.states[seat] !== 0) {
      said('taken');
      return;
    }
    this.#view.root.setAttribute('aria-busy', 'true');
    try {
      const answer = isMine ? await this.#release(id) : await this.#hold(id);
      this.#own(answer.reservation);
      said(isMine ? 'released' : 'held', answer.expiresAt && clockText(Date.parse(answer.expiresAt) - now()));
      await this.#refreshParts();
    } catch (problem) {
      await this.#failed(problem, seatLabel);
    } finally {
      this.#view.root.removeAttribute('aria-busy');
    }
  }

  async #hold(seat) {
    const eventId = this.getAttribute('event');
    if (this.dataset.room !== undefined) this.#pass = (await call('GET', `/api/queue/status/${eventId}`)).admission;
    return call('POST', '/api/seats/reserve', { eventId, seatIds: [seat], admission: this.#pass ?? undefined });
  }

  #release(seat) {
    const reservationId = this.dataset.reservation;
    return call('POST', '/api/seats/release', { reservationId, seatIds: [seat] });
  }

  #own({ id, status, seats }) {
    this.dataset.reservation = status === 'pending' ? id : '';
    this.dataset.mine = seats.map(({ seatId }) => seatId).join(' ');
  }

  async #failed(problem, seat) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.status === 401) {
      location.assign(document.querySelector('a[href^="/sign-in"]')?.href ?? location.href);
      return;
    }
    const isTaken = problem.code === 'SEATS_TAKEN';
    const sentence = isTaken ? fill(this.dataset.taken, { seat }) : problem.message || this.dataset.failed;
    this.#view.say(sentence ?? '');
    const changed = await catchUp(this.getAttribute('event'), this.#model).catch(() => []);
    this.#view.painter.touch(changed);
    if (problem.status) await this.#refreshParts();
  }

  async #refreshParts() {
    const page = await fetchPage(location.href).catch(() => undefined);
    if (page?.querySelector('tiketi-hall')) this.#take(page);
  }

  #take(page) {
    // The seats that are the reader's own stand on the element itself.
    morphAttributes(this, page.querySelector('tiketi-hall'));
    take(page, PARTS);
  }

  /** Fetches a page of the list and shows it here; another page opens. */
  async #open(url, options) {
    const page = await fetchPage(url, options).catch(() => undefined);
    if (!page) return;
    if (!page.querySelector('tiketi-hall')) {
      location.assign(url);
      return;
    }
    if (!options) history.replaceState(null, '', url);
    this.#take(page);
  }

  #submitted = (event) => {
    const form = event.target;
    const isPart = form.closest('#seat-list, #basket') && form.dataset.page === undefined;
    if (!isPart || event.defaultPrevented) return;
    event.preventDefault();
    const data = new FormData(form, event.submitter);
    const action = new URL(event.submitter?.getAttribute('formaction') ?? form.getAttribute('action') ?? '', location.href);
    if (form.getAttribute('method') !== 'post') this.#open(`${action.pathname}?${new URLSearchParams(data)}`);
    else this.#post(action, data, form, event.submitter);
  };

  async #post(action, data, form, submitter) {
    const body = new URLSearchParams(data);
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const page = await fetchPage(action.href, { method: 'POST', body, headers }).catch(() => undefined);
    if (!page) return;
    if (page.querySelector('tiketi-hall')) {
      this.#take(page);
      return;
    }
    // Some other page: the browser shows it. The form's once-only key lets this take effect once.
    form.dataset.page = '';
    form.requestSubmit(submitter);
  }

  #clicked = (event) => {
    const link = event.target.closest?.('#seat-list a[href]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const url = new URL(link.href);
    if (url.pathname !== location.pathname) return;
    event.preventDefault();
    this.#open(url.href).then(focusList);
  };
}

/** Moves to the list, unless the focus is in it already. */
function focusList() {
  const list = document.getElementById('seat-list');
  if (!list || list.contains(document.activeElement)) return;
  list.tabIndex = -1;
  list.focus();
}

customElements.define('tiketi-hall', Hall);
