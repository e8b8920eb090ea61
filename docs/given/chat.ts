// What the fragments of all documents use and do not show: the packages, and a chat with its server and its client.
import type { Client } from "@tidings/client";
import { channel, defineContract, latest, volatile } from "@tidings/contract";
import type { EventLog } from "@tidings/log";
import type { Hub, Viewer } from "@tidings/server";
import type { Express } from "express";
import { z } from "zod";

export { createClient } from "@tidings/client";
export { channel, defineContract, latest, volatile } from "@tidings/contract";
export { memoryLog } from "@tidings/log";
export { createHub, type HubRequest, type Viewer } from "@tidings/server";
export { toFetchHandler } from "@tidings/server/fetch";
export { toNodeHandler } from "@tidings/server/node";
export { default as express } from "express";
export { z } from "zod";

export const chat = defineContract({
  room: channel("rooms/:roomId", {
    message: z.object({ author: z.string(), text: z.string() }),
    topic: latest(z.object({ text: z.string() })),
    typing: volatile(z.object({ author: z.string() })),
  }),
  inbox: channel("users/:userId/inbox", { mention: z.object({ by: z.string() }) }),
});

export declare const hub: Hub<typeof chat>;
export declare const client: Client<typeof chat>;
export declare const log: EventLog;
export declare const authorize: () => boolean;
export declare const app: Express;
export declare const viewerFrom: (headers: { get(name: string): string | null }) => Viewer | null;
export declare const user: { readonly id: string };
