import type { Peer } from "./peer.ts";

/** All peers, by their name on the command line. A peer is loaded when it is called, so a process loads only one. */
export const peers = {
  "tidings-memory": async () => (await import("./tidings.ts")).tidingsMemory,
  "tidings-sqlite": async () => (await import("./tidings.ts")).tidingsSqlite,
  "socket.io": async () => (await import("./socket-io.ts")).socketIo,
  orpc: async () => (await import("./orpc.ts")).orpc,
  trpc: async () => (await import("./trpc.ts")).trpc,
  "fastify-sse": async () => (await import("./fastify-sse.ts")).fastifySse,
  "better-sse": async () => (await import("./better-sse.ts")).betterSse,
  hono: async () => (await import("./hono.ts")).hono,
} satisfies Record<string, () => Promise<Peer>>;

/** The name of a peer on the command line. */
export type PeerName = keyof typeof peers;

/** Returns the peers of a command line; all peers if it names none. @throws Error for a name that is not a peer */
export function peersOf(names: readonly string[]): PeerName[] {
  const all = Object.keys(peers);
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`Expected names of peers (${all.join(", ")}), got "${unknown}".`);
  // Safe: every name was checked above.
  return (names.length === 0 ? all : names) as PeerName[];
}
