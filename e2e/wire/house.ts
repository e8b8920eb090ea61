import { channel, defineContract, latest, parseAddress, volatile, type Contract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub, type Hub } from "@tidings/server";
import type { OpenServer } from "@tidings/testing/wire";
import { z } from "zod";

const Text = z.object({ text: z.string() });

/** The contract that the wire suite expects: "The house" in the README of @tidings/testing. */
const contract = defineContract({
  room: channel(
    "rooms/:room",
    {
      message: Text,
      topic: latest(Text),
      price: latest(z.object({ symbol: z.string(), value: z.number() }), { key: ({ symbol }) => symbol }),
      typing: volatile(Text),
    },
    { snapshot: z.object({ texts: z.array(z.string()) }) },
  ),
  inbox: channel("users/:user/inbox", { mention: Text }),
});

/** A hub that is furnished as the wire suite expects it. */
function openHouse() {
  const texts = new Map<string, string[]>();
  const hub = createHub(contract, {
    log: memoryLog({ keep: { entries: 10 } }),
    authenticate: ({ headers }) => {
      const name = headers.get("authorization")?.replace("Bearer ", "") ?? crypto.randomUUID();
      return name === "nobody" ? null : { id: name };
    },
    authorize: ({ path }) => path !== "rooms/secret",
    snapshot: { room: ({ room }) => ({ texts: texts.get(room) ?? [] }) },
    cors: { origins: ["https://app.example"] },
    heartbeat: 1_000,
    // Nothing at hand but the newest event: what the log has dropped is gone.
    limits: { connections: 8, connectionsPerViewer: 2, ringEntries: 1 },
    onLog: () => {},
  });
  /** An address of any path; the suite publishes to paths that exist. */
  const at = (path: string) => {
    const address = parseAddress(contract, path);
    if (address === null) throw new Error(`Expected a path of the house, got ${path}.`);
    return address;
  };
  return {
    hub,
    async publish(path: string, type: string, data: unknown) {
      const address = at(path);
      if (type === "message") {
        const room = Object.values(address.params).join("/");
        texts.set(room, [...(texts.get(room) ?? []), Text.parse(data).text]);
      }
      // What the suite publishes fits, or `publish` throws.
      const { id } = await hub.publish(address, type as never, data);
      return id;
    },
    clear: (path: string, type: string, key: string) => hub.clear(at(path), type as never, key),
    drain: () => hub.close(),
  };
}

/** A way to serve a hub. Resolves with the port, and what closes it. */
export type Serve = (
  hub: Pick<Hub<Contract>, "handle">,
) => Promise<{ readonly port: number; readonly close: () => unknown }>;

/** Opens a house of its own behind some way to serve it. */
export function openBehind(serve: Serve): OpenServer {
  return async () => {
    const { hub, ...house } = openHouse();
    const { port, close } = await serve(hub);
    return {
      ...house,
      url: `http://127.0.0.1:${port}/events`,
      async close() {
        await hub.close();
        await close();
      },
    };
  };
}
