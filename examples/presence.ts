// Who is in a room, over several tabs and several servers.
//
// Every 8 s each server publishes who is connected to it. There is one value for each person and server, and a value
// expires after 24 s. So nobody has to clean up after a server that was killed.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { createClient, type Client } from "@tidings/client";
import { channel, defineContract, latest } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub, systemClock } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { z } from "zod";

const Person = z.object({ id: z.string(), server: z.string() });
const keyOf = ({ id, server }: z.infer<typeof Person>): string => `${id} ${server}`;
const person = latest(Person, { key: keyOf, expires: 24_000 });
export const presence = defineContract({ room: channel("rooms/:roomId", { person }) });
type Room = ReturnType<typeof presence.room>;

/** One person in one room of this server. */
interface Visit {
  readonly room: Room;
  readonly id: string;
  streams: number;
  cancelLeave: () => void;
}

/** The server. All servers need the same log. */
export function startPresence(port: number, log = memoryLog(), clock = systemClock) {
  const server = randomUUID();
  const visits = new Map<string, Visit>();
  // The timers run in the background: the process may end before they have run.
  const startTimer = (milliseconds: number, task: () => void) => clock.setTimeout(task, milliseconds, true);
  // After a failure, the next renewal publishes the value again.
  const publish = ({ room, id }: Visit) => void hub.publish(room, "person", { id, server }).catch(console.error);
  const hub = createHub(presence, {
    log,
    clock,
    // A real application reads a session or a token here: see notifications.ts.
    // A visitor without a name has an id of their own: limits count per viewer.
    authenticate: ({ headers }) => ({ id: headers.get("x-user") ?? `visitor-${randomUUID()}` }),
    authorize: () => true,
    onConnect({ viewer: { id }, addresses }) {
      for (const room of addresses) {
        const visit = visits.get(`${id} ${room.path}`) ?? { room, id, streams: 0, cancelLeave() {} };
        visits.set(`${id} ${room.path}`, visit);
        visit.cancelLeave();
        visit.streams++;
        if (visit.streams === 1) publish(visit);
      }
    },
    onDisconnect({ viewer: { id }, addresses }) {
      for (const room of addresses) {
        const visit = visits.get(`${id} ${room.path}`);
        if (visit === undefined) continue;
        visit.streams--;
        if (visit.streams > 0) continue;
        // Wait two seconds: somebody who reloads the page comes back and has not left.
        visit.cancelLeave = startTimer(2_000, () => {
          visits.delete(`${id} ${room.path}`);
          void hub.clear(room, "person", keyOf({ id, server })).catch(console.error);
        });
      }
    },
  });
  let stopRenewing = () => {};
  const renew = () => {
    for (const visit of visits.values()) publish(visit);
    stopRenewing = startTimer(8_000, renew);
  };
  renew();
  // Clears no value: the people will soon connect to another server, and otherwise their values expire.
  const close = async () => {
    stopRenewing();
    for (const visit of visits.values()) visit.cancelLeave();
    visits.clear();
    await hub.close();
  };
  return { hub, server: createServer(toNodeHandler(hub)).listen(port, "127.0.0.1"), close };
}

/** The client. Calls `show` at first and after every change, with the ids of the people in the room, each once. */
export function watchRoom(client: Client<typeof presence>, roomId: string, show: (ids: readonly string[]) => void) {
  const people = new Map<string, string>();
  const showAll = () => show([...new Set(people.values())]);
  return client.subscribe(presence.room({ roomId }), {
    person(value) {
      const isNew = !people.has(keyOf(value));
      people.set(keyOf(value), value.id);
      if (isNew) showAll();
    },
    onClear({ key }) {
      const wasThere = people.delete(key);
      if (wasThere) showAll();
    },
    // After a gap, the current values of everybody who is still there come again at once.
    onGap() {
      people.clear();
      showAll();
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  startPresence(Number(port));
  const url = `http://127.0.0.1:${port}/events`;
  console.log(`Enter and leave the room with\n  curl -N -H 'x-user: ada' '${url}?channel=rooms/lobby@now'`);
  const client = createClient(presence, { url, headers: { "x-user": "watcher" } });
  watchRoom(client, "lobby", (ids) => console.log(ids));
}
