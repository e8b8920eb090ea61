import { peers } from "../peers/peers.ts";
import type { ServedPeer } from "../peers/peer.ts";

/** All servers that are measured, by their name on the command line. One is loaded when it is called. */
export const candidates = {
  tidings: async () => (await import("./tidings.ts")).tidings,
  "tidings-bare": async () => (await import("./tidings.ts")).tidingsBare,
  "tidings-sqlite": async () => (await import("./tidings.ts")).tidingsSqlite,
  "tidings-rooms": async () => (await import("./tidings.ts")).tidingsRooms,
  "tidings-chat": async () => (await import("./tidings.ts")).tidingsChat,
  "raw-sockets": async () => (await import("./floors.ts")).rawSockets,
  "raw-sockets-in-turns": async () => (await import("./floors.ts")).rawSocketsInTurns,
  "node-http": async () => (await import("./floors.ts")).nodeHttp,
  "better-sse": peers["better-sse"],
  "fastify-sse": peers["fastify-sse"],
  hono: peers.hono,
  "socket.io": peers["socket.io"],
  trpc: peers.trpc,
  tutorial: async () => (await import("./tutorial.ts")).tutorial,
  ws: async () => (await import("./web-socket.ts")).webSocket,
} satisfies Record<string, () => Promise<ServedPeer>>;

/** The name of a server on the command line. */
export type CandidateName = keyof typeof candidates;
