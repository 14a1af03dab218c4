// A shop for one test: a server on a port of its own, and what an organiser puts into it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DEADLINE } from './browser.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');
const SERVER = process.env.SERVER ?? join(TARGET, 'debug/tiketi-server');
const ADMIN = { email: 'admin@example.com', password: 'correct horse battery' };
const HOUR = 3_600_000;

/** Starts a program, and returns it with the address that it says first. */
export async function start(program, options, env = {}) {
  const process_ = spawn(program, options, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = [];
  process_.stderr.setEncoding('utf8').on('data', (text) => log.push(text));
  const ended = once(process_, 'exit').then(([code, signal]) => {
    throw new Error(`${program} ended (${code ?? signal}):\n${log.join('')}`);
  });
  ended.catch(() => {});
  const lines = createInterface({ input: process_.stdout });
  const first = once(lines, 'line', { signal: AbortSignal.timeout(DEADLINE) });
  const [line] = await Promise.race([first, ended]);
  return { process: process_, address: line.replace('listening on ', ''), log };
}

/** Ends a program, and waits for its end. */
export async function stop(process_, signal = 'SIGTERM') {
  if (process_.exitCode !== null || process_.signalCode !== null) return;
  const ended = once(process_, 'exit');
  process_.kill(signal);
  await ended;
}

/** Opens a shop with an administrator; it closes with the test. `demo` fills it as the README's demonstration. */
export async function openShop(t, { flags = [], demo = false, isKept = false } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'tiketi-browser-'));
  const shop = new Shop(folder, flags, demo, isKept);
  t.after(() => shop.close());
  await shop.start('127.0.0.1:0');
  shop.admin = await shop.token(ADMIN);
  return shop;
}

class Shop {
  #folder;
  #options;
  #server;
  #buyers = 0;

  constructor(folder, flags, demo, isKept) {
    this.#folder = folder;
    const store = isKept ? `sqlite:${join(folder, 'shop.db')}` : 'memory:';
    const limits = ['--write-limit-user', '--sign-in-limit-account', '--sign-in-limit-ipv4', '--register-limit-ipv4']
      .flatMap((name) => [name, 'off']);
    this.#options = ['--store', store, '--shutdown-grace', '0s', '--log', 'warn', ...limits, ...flags];
    if (demo) this.#options.push('--demo');
    this.adminAccount = ADMIN;
    this.visitors = [];
  }

  async start(listen) {
    const env = { TIKETI_ADMIN_EMAIL: ADMIN.email, TIKETI_ADMIN_PASSWORD: ADMIN.password, TIKETI_IMAGES: join(this.#folder, 'images') };
    this.#server = await start(SERVER, ['--listen', listen, ...this.#options], env);
    this.base = this.#server.address;
  }

  /** Kills the server and starts it again on the same store and port. */
  async restart(signal = 'SIGKILL') {
    await stop(this.#server.process, signal);
    await this.start(new URL(this.base).host);
  }

  async close() {
    for (const visitor of this.visitors) await visitor.close();
    const { process: process_, log } = this.#server ?? {};
    if (process_) await stop(process_);
    await rm(this.#folder, { recursive: true, force: true });
    const said = log?.join('') ?? '';
    if (/ERROR|panicked/.test(said)) throw new Error(`the server's log has errors:\n${said}`);
  }

  /** Calls the API; throws with what it answered if that is no success. */
  async call(method, path, body, token = this.admin) {
    const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) };
    const response = await fetch(this.base + path, { method, headers, body: body && JSON.stringify(body) });
    const answer = response.status === 204 ? {} : await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  async token({ email, password }) {
    return (await this.call('POST', '/api/auth/login', { email, password }, null)).token;
  }

  /** Registers a buyer. */
  async buyer(name = 'Kim Haneul') {
    this.#buyers += 1;
    const account = { email: `buyer${this.#buyers}@example.com`, password: 'quiet lantern harbour', name };
    const { token } = await this.call('POST', '/api/auth/register', account, null);
    return { ...account, token };
  }

  /** Makes and publishes an event; `room` is the policy of its waiting room. */
  async event({ layout, tickets, room, opensIn = -HOUR, ...details } = {}) {
    const body = {
      title: 'Night of the Lighthouse', artist: 'The Paper Boats', venue: 'Harbour Hall', description: 'One evening by the sea.',
      eventDate: at(30 * 24 * HOUR), saleStart: at(opensIn), ...details,
    };
    if (tickets) body.ticketTypes = tickets;
    else if (!details.layoutId) body.layoutId = (await this.call('POST', '/api/admin/layouts', layout ?? smallHall())).layout.id;
    const { event } = await this.call('POST', '/api/admin/events', body);
    if (room) await this.call('PUT', `/api/admin/events/${event.id}/waiting-room`, room);
    await this.call('POST', `/api/admin/events/${event.id}/publish`);
    return (await this.call('GET', `/api/events/${event.id}`)).event;
  }

  /** Returns the seats of an event by label, with their states as everyone sees them. */
  async seats(event) {
    const { seats } = await this.call('GET', `/api/seats/${event}`, undefined, null);
    return new Map(seats.map((seat) => [seat.seatLabel, seat]));
  }
}

const at = (inMilliseconds) => new Date(Date.now() + inMilliseconds).toISOString();

/** Two sections of two rows. */
export function smallHall() {
  const rows = (labels, seats) => labels.map((label) => ({ label, seats, gapsAfter: ['3'] }));
  return {
    venue: 'Harbour Hall', name: `Great hall ${Math.random().toString(36).slice(2)}`, currency: 'KRW',
    sections: [
      { name: 'VIP', price: 165_000, rows: [{ label: 'A', seats: 6, gapsAfter: ['3'], accessible: ['1'] }, ...rows(['B'], 6)] },
      { name: 'R', price: 121_000, rows: rows(['C', 'D'], 8) },
    ],
  };
}
