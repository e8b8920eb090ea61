// Who is in a room, over several tabs and several servers. The guide "Presence" explains it: docs/guides/presence.md
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { createClient, type Client } from "@tidings/client";
import { createPresence as followPresence } from "@tidings/client/presence";
import { defineContract } from "@tidings/contract";
import { peopleChannel, serversChannel } from "@tidings/contract/presence";
import { memoryLog } from "@tidings/log";
import { createHub, systemClock, type HubOn } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { createPresence, type Presence } from "@tidings/server/presence";
import { z } from "zod";

export const app = defineContract({
  people: peopleChannel("rooms/:roomId/people", z.object({ isTyping: z.boolean() })),
  servers: serversChannel("servers"),
});

/** The server. All servers need the same log. */
export function startPresence(port: number, log = memoryLog(), clock = systemClock) {
  const hub: HubOn<typeof app, typeof log> = createHub(app, {
    log,
    clock,
    // A real application reads a session or a token here: see notifications.ts.
    // A visitor without a name has an id of their own: limits count per viewer.
    authenticate: ({ headers }) => ({ id: headers.get("x-user") ?? `visitor-${randomUUID()}` }),
    authorize: () => true,
    onConnect: (stream) => presence.connect(stream),
    onDisconnect: (stream) => presence.disconnect(stream),
  });
  const presence: Presence<typeof app> = createPresence(hub, { contract: app, servers: app.servers(), clock });
  const close = async () => {
    await presence.close();
    await hub.close();
  };
  return { hub, presence, server: createServer(toNodeHandler(hub)).listen(port, "127.0.0.1"), close };
}

/** The client. Calls `show` after every change, with everybody who is in the room, each once. */
export function watchRoom(client: Client<typeof app>, roomId: string, show: (names: readonly string[]) => void) {
  const presence = followPresence(client, { contract: app, servers: app.servers() });
  const people = presence.people(app.people({ roomId }));
  people.subscribe((list) => show(list.map(({ viewer, state }) => (state?.isTyping ? `${viewer} …` : viewer))));
  return presence;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  startPresence(Number(port));
  const url = `http://127.0.0.1:${port}/events`;
  console.log(`Enter and leave the room with\n  curl -N -H 'x-user: ada' '${url}?channel=rooms/lobby/people@now'`);
  watchRoom(createClient(app, { url, headers: { "x-user": "watcher" } }), "lobby", (names) => console.log(names));
}
