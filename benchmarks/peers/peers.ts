import type { Peer } from "./peer.ts";

/** Every peer by the name that a command line and a process know it by. Loaded when asked for, so that each process has one. */
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

export type PeerName = keyof typeof peers;

/** The peers that a command line names; all of them when it names none. */
export function peersOf(names: readonly string[]): PeerName[] {
  const known = Object.keys(peers);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`Expected peers out of ${known.join(", ")}, got "${unknown}".`);
  // Checked above.
  return (names.length === 0 ? known : names) as PeerName[];
}
