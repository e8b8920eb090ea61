import { channel, defineContract, latest, parseAddress, volatile, type Contract } from "@tidings/contract";
import type { EventLog } from "@tidings/log";
import { createHub, systemClock, type Hub } from "@tidings/server";
import { createTickets } from "@tidings/server/tickets";
import type { Controls, WireServer } from "@tidings/testing/wire";
import { z } from "zod";
import { MemoryStore } from "../simulation/memory-store.ts";

const Text = z.object({ text: z.string() });

/** The contract that the wire suite expects: "The house" in the README of @tidings/testing. */
const contract = defineContract({
  room: channel(
    "rooms/:room",
    {
      message: Text,
      topic: latest(Text),
      price: latest(z.object({ symbol: z.string(), value: z.number() }), { key: ({ symbol }) => symbol }),
      status: latest(Text, { expires: 60_000 }),
      typing: volatile(Text),
    },
    { snapshot: z.object({ texts: z.array(z.string()) }) },
  ),
  inbox: channel("users/:user/inbox", { mention: Text }),
});

/** A hub that is furnished as the wire suite expects it, and what the suite makes it do. */
async function openHouse() {
  let ahead = 0;
  const clock = { ...systemClock, now: () => Date.now() + ahead };
  const store = await MemoryStore.open({ age: 86_400_000, kept: 10, now: clock.now, random: Math.random });
  let isBroken = false;
  const tickets = createTickets({ clock });
  const revoked = new Set<string>();
  const texts = new Map<string, string[]>();
  const hub = createHub(contract, {
    log: breakable(store, () => isBroken),
    authenticate(request) {
      if (request.url.includes("ticket=")) return tickets.redeem(request);
      const name = request.headers.get("authorization")?.replace("Bearer ", "") ?? crypto.randomUUID();
      if (name === "faulty") throw new Error("The application fails.");
      return name === "nobody" ? null : { id: name };
    },
    authorize: ({ path, viewer }) => path !== "rooms/secret" && !revoked.has(`${viewer.id} ${path}`),
    snapshot: { room: ({ room }) => ({ texts: texts.get(room) ?? [] }) },
    cors: { origins: ["https://app.example"] },
    heartbeat: 1_000,
    // Nothing at hand but the newest event: what the log has dropped is gone.
    limits: { connections: 8, connectionsPerViewer: 2, ringEntries: 1 },
    clock,
    onLog: () => {},
  });
  /** An address of any path; the suite publishes to paths that exist. */
  const at = (path: string) => {
    const address = parseAddress(contract, path);
    if (address === null) throw new Error(`Expected a path of the house, got ${path}.`);
    return address;
  };
  const controls: Controls = {
    async publish(path, type, data) {
      const address = at(path);
      if (type === "message") {
        const room = Object.values(address.params).join("/");
        texts.set(room, [...(texts.get(room) ?? []), Text.parse(data).text]);
      }
      // What the suite publishes fits, or `publish` throws.
      const { id } = await hub.publish(address, type as never, data);
      return id;
    },
    clear: (path, type, key) => hub.clear(at(path), type as never, key),
    drain: () => hub.close(),
    async revoke(viewer, path) {
      revoked.add(`${viewer} ${path}`);
      await hub.recheck({ viewer });
    },
    expire: (viewer) => hub.disconnect({ viewer }),
    async pass(milliseconds) {
      ahead += milliseconds;
      // What the hub does every now and then is due now.
      await store.trim();
    },
    failOver: (lost) => store.failOver(lost, () => {}),
    async breakLog() {
      isBroken = true;
    },
    ticket: async (viewer) => tickets.issue({ id: viewer }),
  };
  return { hub, controls };
}

/** A log whose questions fail when it is told to. */
function breakable(log: EventLog, isBroken: () => boolean): EventLog {
  const ask = <Answer>(question: () => Promise<Answer>): Promise<Answer> =>
    isBroken() ? Promise.reject(new Error("The log does not answer.")) : question();
  return {
    append: (batch) => ask(() => log.append(batch)),
    read: (...question) => ask(() => log.read(...question)),
    recent: (...question) => ask(() => log.recent(...question)),
    current: (...question) => ask(() => log.current(...question)),
    head: () => ask(() => log.head()),
    watch: (wake) => log.watch(wake),
    trim: () => log.trim(),
    stat: () => log.stat(),
    close: () => log.close(),
  };
}

/** A way to serve a hub. Resolves with the port, and what closes it. */
export type Serve = (
  hub: Pick<Hub<Contract>, "handle">,
) => Promise<{ readonly port: number; readonly close: () => unknown }>;

/** Opens a house of its own behind some way to serve it. */
export function openBehind(serve: Serve): () => Promise<WireServer & Controls> {
  return async () => {
    const { hub, controls } = await openHouse();
    const { port, close } = await serve(hub);
    return {
      ...controls,
      url: `http://127.0.0.1:${port}/events`,
      async close() {
        await hub.close();
        await close();
      },
    };
  };
}
