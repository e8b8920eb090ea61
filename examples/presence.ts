// Who is in a room, over several tabs and servers. Each server says every 8 s who is connected to it, a value of its own per person
// that expires after 24 s: so nobody has to tidy up after a server that was killed.
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

/** One server of several. Give all of them the same log. */
export function startPresence(port: number, log = memoryLog(), clock = systemClock) {
  const server = randomUUID();
  const here = new Map<string, { readonly room: Room; readonly id: string; streams: number; stay: () => void }>();
  // What fails is said again by the next renewal.
  const say = ({ room, id }: { room: Room; id: string }) =>
    void hub.publish(room, "person", { id, server }).catch(console.error);
  const hub = createHub(presence, {
    log,
    clock,
    // A real one reads a session or a token: see notifications.ts.
    authenticate: ({ headers }) => ({ id: headers.get("x-user") ?? "nobody" }),
    authorize: () => true,
    onConnect({ viewer: { id }, addresses }) {
      for (const room of addresses) {
        const visit = here.get(`${id} ${room.path}`) ?? { room, id, streams: 0, stay() {} };
        here.set(`${id} ${room.path}`, visit);
        visit.stay();
        if (visit.streams++ === 0) say(visit);
      }
    },
    onDisconnect({ viewer: { id }, addresses }) {
      for (const room of addresses) {
        const visit = here.get(`${id} ${room.path}`);
        if (visit === undefined || --visit.streams > 0) continue;
        // Whoever reloads a page has not left.
        visit.stay = clock.setTimeout(
          () => {
            here.delete(`${id} ${room.path}`);
            void hub.clear(room, "person", keyOf({ id, server })).catch(console.error);
          },
          2_000,
          true,
        );
      }
    },
  });
  let stop = () => {};
  const renew = () => {
    for (const visit of here.values()) say(visit);
    stop = clock.setTimeout(renew, 8_000, true);
  };
  renew();
  // Nobody is told to have left: they are about to come back to another server, or expire.
  const close = async () => {
    stop();
    for (const visit of here.values()) visit.stay();
    here.clear();
    await hub.close();
  };
  return { hub, server: createServer(toNodeHandler(hub)).listen(port, "127.0.0.1"), close };
}

/** The client: tells the ids of who is in the room, each once, at first and after every change. */
export function watchRoom(client: Client<typeof presence>, roomId: string, show: (ids: readonly string[]) => void) {
  const people = new Map<string, string>();
  const showAll = () => show([...new Set(people.values())]);
  return client.subscribe(presence.room({ roomId }), {
    person(value) {
      const isNew = !people.has(keyOf(value));
      people.set(keyOf(value), value.id);
      if (isNew) showAll();
    },
    onClear: ({ key }) => people.delete(key) && showAll(),
    // Whoever is still there is named again at once.
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
  console.log(`Come and go with\n  curl -N -H 'x-user: ada' '${url}?channel=rooms/lobby@now'`);
  const client = createClient(presence, { url, headers: { "x-user": "watcher" } });
  watchRoom(client, "lobby", (ids) => console.log(ids));
}
