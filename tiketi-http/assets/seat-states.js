// Reads Tiketi's compact seat states (application/vnd.tiketi.seat-states), format 1; throws if the bytes are none.
// `states` has 0 available, 1 held, 2 sold or 3 blocked for each seat of the layout; it is absent with changes.
// Each entry replaces the state of its seat, unless the client has a later version of that seat.
export function decodeSeatStates(buffer) {
  const bytes = new Uint8Array(buffer), view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const check = (ok, why) => { if (!ok) throw new RangeError(`no seat states: ${why}`); };
  check(bytes.length > 38 && bytes[0] === 1 && (bytes[1] === 1 || bytes[1] === 2), "format");
  const version = Number(view.getBigUint64(18, true)), since = Number(view.getBigUint64(26, true));
  const layout = Array.from(bytes.subarray(2, 18), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const seats = view.getUint32(34, true), isAll = bytes[1] === 1;
  check(version < 2 ** 53 && (isAll ? since === 0 : since <= version) && seats <= 1e6, "header");
  let at = 38 + (isAll ? Math.ceil(seats / 4) : 0);
  check(at < bytes.length, "length");
  const stateOf = (_, seat) => (bytes[38 + (seat >> 2)] >> (2 * (seat & 3))) & 3;
  const states = isAll ? Uint8Array.from({ length: seats }, stateOf) : undefined;
  const varint = () => {
    for (let value = 0, scale = 1; scale < 2 ** 57; scale *= 128) {
      const byte = bytes[at++];
      check(byte !== undefined, "length");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    check(false, "number");
  };
  const entries = [], count = varint();
  for (let next = 0; entries.length < count; next = entries.at(-1).seat + 1) {
    const head = varint(), seat = next + Math.floor(head / 4);
    check(seat < seats, "seat");
    entries.push({ seat, state: head % 4, version: varint() });
  }
  check(at === bytes.length, "length");
  return { layout, version, since, seats, states, entries };
}
