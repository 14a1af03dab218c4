// Drives clients of Socket.IO for a test: reads commands from standard input, one JSON object a line, and writes what
// happens to standard output in the same form.
//
//   {"do": "open", "client": "a", "url": "http://…", "options": {…}}   connects
//   {"do": "emit", "client": "a", "event": "join-event", "data": {…}}  sends an event
//   {"do": "ask", …}                                                   the same; the acknowledgement is written
//   {"do": "move", "client": "a", "url": "http://…"}                   connects to another server from now on
//   {"do": "drop", "client": "a"}                                      loses the connection, as a network does
//   {"do": "close", "client": "a"}                                     disconnects

import { createInterface } from 'node:readline';
import { io } from 'socket.io-client';

const clients = new Map();

const say = (client, event, data) => process.stdout.write(`${JSON.stringify({ client, event, data })}\n`);

function open({ client, url, options }) {
  const socket = io(url, { reconnectionDelay: 20, reconnectionDelayMax: 200, forceNew: true, ...options });
  socket.on('connect', () => say(client, 'connect', { transport: socket.io.engine.transport.name }));
  socket.on('disconnect', (reason) => say(client, 'disconnect', { reason }));
  socket.on('connect_error', (error) => say(client, 'connect_error', { message: error.message }));
  // What a client does that wants its rooms back on any server; everything else is as for the first Tiketi.
  socket.on('session', ({ session }) => { socket.auth = { ...socket.auth, session }; });
  socket.onAny((event, data) => say(client, event, data));
  clients.set(client, socket);
}

const commands = {
  open,
  emit: ({ client, event, data }) => clients.get(client).emit(event, data),
  ask: ({ client, event, data }) =>
    clients.get(client).emit(event, data, (answer) => say(client, 'acknowledged', answer)),
  move: ({ client, url }) => { clients.get(client).io.uri = url; },
  drop: ({ client }) => clients.get(client).io.engine.close(),
  close: ({ client }) => clients.get(client).disconnect(),
};

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const command = JSON.parse(line);
  commands[command.do](command);
});
lines.on('close', () => process.exit(0));
