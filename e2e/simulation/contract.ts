import { peopleChannel, serversChannel } from "@tidings/contract/presence";
import { channel, defineContract, latest, volatile } from "@tidings/contract";
import type { Publication } from "@tidings/server";
import { z } from "zod";

/** Milliseconds until a price is withdrawn. */
export const EXPIRES = 30_000;

/** Every event has a number of its own. */
const numbered = z.object({ n: z.number(), pad: z.string().optional() });

/**
 * Everything that the laws distinguish: the three modes, keys that expire, channels with a snapshot and without one,
 * private channels, one that ends, one whose values are edited, and those of presence.
 */
export const contract = defineContract({
  room: channel(
    "rooms/:room",
    { said: numbered, typing: volatile(numbered), topic: latest(numbered) },
    { snapshot: z.object({ said: z.array(z.number()) }) },
  ),
  feed: channel("feeds/:feed", {
    posted: numbered,
    price: latest(z.object({ n: z.number(), symbol: z.string() }), { key: ({ symbol }) => symbol, expires: EXPIRES }),
  }),
  inbox: channel("users/:user/inbox", { mail: numbered }),
  job: channel("jobs/:job", { step: numbered, done: latest(numbered) }, { end: numbered }),
  board: channel("boards/:board", { line: numbered, score: latest(numbered) }),
  people: peopleChannel("people"),
  servers: serversChannel("servers"),
});

/** The people who read. */
export const viewers = ["u0", "u1", "u2"] as const;

export const rooms = [contract.room({ room: "a" }), contract.room({ room: "b" })] as const;
export const feeds = [contract.feed({ feed: "x" }), contract.feed({ feed: "y" })] as const;

/** Its lines have one writer at a time, and its score has several editors. */
export const board = contract.board({ board: "b" });

/** It ends. Only some scenarios use it. */
export const job = contract.job({ job: "j" });

export type AnyAddress =
  | (typeof rooms)[number]
  | (typeof feeds)[number]
  | ReturnType<typeof contract.inbox>
  | typeof job;

/** An event of one of these addresses: it has a number. */
export type NumberedPublication = Publication<Pick<typeof contract, AnyAddress["name"]>>;

/** The addresses that a viewer may want to follow. */
export function addressesOf(viewer: string): readonly AnyAddress[] {
  return [...rooms, ...feeds, contract.inbox({ user: viewer })];
}

/** The reliable event of each channel. */
export const reliableType = { room: "said", feed: "posted", inbox: "mail", job: "step" } as const;

/** The keys of prices: more than fit on the smallest page. */
export const symbols = ["A", "B", "C", "D"] as const;
