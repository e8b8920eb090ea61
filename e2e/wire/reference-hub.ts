import { wrapLog } from "@tidings/log/engine";
import { channel, defineContract, latest, parseAddress, volatile } from "@tidings/contract";
import { createHub, systemClock } from "@tidings/server";
import { createTickets } from "@tidings/server/tickets";
import type { Controls, WireServer } from "@tidings/testing/wire";
import { z } from "zod";
import type { Serve } from "../serve-hub.ts";
import { MemoryStore } from "../simulation/memory-store.ts";

const Text = z.object({ text: z.string() });

/** The contract that the wire suite expects, see the README of @tidings/testing. */
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
  job: channel("jobs/:job", { message: Text, topic: latest(Text) }, { end: Text }),
});

/** A hub with everything that the wire suite expects, and the controls by which the suite makes it act. */
async function createReferenceHub() {
  let skipped = 0;
  const clock = {
    ...systemClock,
    now: () => Date.now() + skipped,
    monotonic: () => performance.now() + skipped,
  };
  const store = await MemoryStore.open({
    age: 86_400_000,
    kept: 10,
    keptBytes: Infinity,
    now: clock.now,
    random: Math.random,
  });
  let isBroken = false;
  const unlessBroken = <Answer>(operation: () => Promise<Answer>): Promise<Answer> =>
    isBroken ? Promise.reject(new Error("The log does not answer.")) : operation();
  const tickets = createTickets({ clock });
  const revoked = new Set<string>();
  const texts = new Map<string, string[]>();
  const hub = createHub(contract, {
    log: wrapLog(store, {
      append: (batch) => unlessBroken(() => store.append(batch)),
      read: (...parameters) => unlessBroken(() => store.read(...parameters)),
      recent: (...parameters) => unlessBroken(() => store.recent(...parameters)),
      current: (...parameters) => unlessBroken(() => store.current(...parameters)),
      head: () => unlessBroken(() => store.head()),
    }),
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
    // The ring has only the newest event: what the log has dropped cannot be read any more.
    limits: { connections: 8, connectionsPerViewer: 2, ringEntries: 1 },
    clock,
    onLog: () => {},
  });
  /** The suite publishes only to paths of the contract. */
  const addressOf = (path: string) => {
    const address = parseAddress(contract, path);
    if (address === null) throw new Error(`Expected a path of the contract, got ${path}.`);
    return address;
  };
  const controls: Controls = {
    async publish(path, type, data) {
      const address = addressOf(path);
      if (type === "message") {
        const room = Object.values(address.params).join("/");
        texts.set(room, [...(texts.get(room) ?? []), Text.parse(data).text]);
      }
      // The type of the event is only known at run time; `publish` throws if it is not in the contract.
      const { id } = await hub.publish(address, type as never, data);
      return id;
    },
    clear: (path, type, key) => hub.clear(addressOf(path), type as never, key),
    async end(path, data) {
      // The suite ends only paths of the channel that declares an end; `end` throws for any other.
      const { id } = await hub.end(addressOf(path) as ReturnType<typeof contract.job>, data as z.output<typeof Text>);
      return id;
    },
    drain: () => hub.close(),
    async revoke(viewer, path) {
      revoked.add(`${viewer} ${path}`);
      await hub.recheck({ viewer });
    },
    expire: (viewer) => hub.disconnect({ viewer }),
    async pass(milliseconds) {
      skipped += milliseconds;
      // The hub trims once in a while; after such a time it would have done so.
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

/** Opens a reference hub of its own behind a way to serve it. */
export async function openReferenceHub(serve: Serve): Promise<WireServer & Controls> {
  const { hub, controls } = await createReferenceHub();
  const { port, close } = await serve(hub);
  return {
    ...controls,
    url: `http://127.0.0.1:${port}/events`,
    async close() {
      await hub.close();
      await close();
    },
  };
}
