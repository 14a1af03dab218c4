// Loads a hall's layout and states, and keeps the states current.

import { Problem, base, send } from '../api.js';
import { socket } from '../socket.js';
import { decodeSeatStates } from '../seat-states.js';
import { HallModel } from './model.js';

/** Loads the hall of an event. */
export async function loadHall(event) {
  const states = decodeSeatStates(await (await answer(`/api/seats/${event}/states`)).arrayBuffer());
  const layout = await (await answer(`/api/layouts/${event}.${states.layout}`)).text();
  performance.mark('tiketi-hall-data');
  const model = new HallModel(JSON.parse(layout));
  model.apply(states);
  return model;
}

/** Applies each change of a hall's seats, and calls `changed` with the seats that are shown otherwise. */
export function followHall(event, model, changed) {
  socket.follow(
    `seats:${event}`,
    ({ data }) => {
      if (data.states) changed(model.apply(decodeSeatStates(bytes(data.states))));
    },
    () => ({ encoding: 'compact', version: model.version }),
  );
}

/** Asks at once for what changed, instead of waiting for the socket; it may be lost at the moment. */
export async function catchUp(event, model) {
  const response = await answer(`/api/seats/${event}/states?since=${model.version}`);
  return model.apply(decodeSeatStates(await response.arrayBuffer()));
}

async function answer(path) {
  const response = await send(base + path);
  if (!response.ok) throw new Problem(response.status, await response.json().catch(() => ({})));
  return response;
}

const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
