import type { Client } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import { countChannel, peopleChannel, serversChannel } from "@tidings/contract/presence";
import type { Hub, Viewer } from "@tidings/server";
import { createPresence } from "@tidings/server/presence";
import type { Request } from "express";
import { z } from "zod";

/** The contract of the document, for the types below. Fragments use the one of the document. */
export const app = defineContract({
  room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }),
  people: peopleChannel("rooms/:roomId/people", z.object({ isTyping: z.boolean() })),
  crowd: countChannel("halls/:hallId/count"),
  servers: serversChannel("servers"),
});
declare const hub: Hub<typeof app>;

export declare const client: Client<typeof app>;
export const presence = createPresence(hub, { contract: app, servers: app.servers() });
export declare const viewerOf: (request: Request<{ roomId: string }>) => Viewer;
export declare const mayRead: (viewer: Viewer, params: object) => boolean;
export declare const notice: (text: string) => void;
export declare const showCount: (count: number) => void;
export declare const show: (everybody: readonly { readonly viewer: string }[]) => void;
