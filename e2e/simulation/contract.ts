import { channel, defineContract, latest, volatile } from "@tidings/contract";
import { z } from "zod";

/** Milliseconds until a price is withdrawn. */
export const EXPIRES = 30_000;

/** Every event is told from every other by its number. */
const numbered = z.object({ n: z.number(), pad: z.string().optional() });

/**
 * All that differs in the laws: the three modes, keys that expire, channels with a snapshot, without one, and private
 * ones.
 */
export const house = defineContract({
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
});

/** Who there is. */
export const viewers = ["u0", "u1", "u2"] as const;

export const rooms = [house.room({ room: "a" }), house.room({ room: "b" })] as const;
export const feeds = [house.feed({ feed: "x" }), house.feed({ feed: "y" })] as const;

export type Place = (typeof rooms)[number] | (typeof feeds)[number] | ReturnType<typeof house.inbox>;

/** The addresses that a viewer may want to follow. */
export function placesOf(viewer: string): readonly Place[] {
  return [...rooms, ...feeds, house.inbox({ user: viewer })];
}

/** The reliable event of each channel. */
export const reliableType = { room: "said", feed: "posted", inbox: "mail" } as const;

/** The keys of prices: more than fit on the smallest page. */
export const symbols = ["A", "B", "C", "D"] as const;
