import { channel, defineContract } from "@tidings/contract";
import { peopleChannel, serversChannel } from "@tidings/contract/presence";
import type { Hub, Viewer } from "@tidings/server";
import { z } from "zod";

export { createServer } from "node:http";

const Order = z.object({ id: z.string(), item: z.string() });
export type Order = z.infer<typeof Order>;
/** All channels of the document's applications, so that one hub serves them. */
export const chat = defineContract({
  room: channel("rooms/:roomId", { message: z.object({ author: z.string(), text: z.string() }) }),
  people: peopleChannel("rooms/:roomId/people", z.object({ isTyping: z.boolean() })),
  servers: serversChannel("servers"),
  orders: channel("orders", { placed: Order }),
  reviews: channel("reviews", { written: z.object({ stars: z.number() }) }),
});
/** @alias for the fragments of a shop */
export const shop = chat;
export declare const hub: Hub<typeof chat>;
export declare const readCursor: () => string | null;
export declare const signal: AbortSignal;
export declare const save: (data: object, cursor: string) => void;
export declare const viewer: Viewer;
