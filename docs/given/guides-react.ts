import type { Client } from "@tidings/client";
import { createHooks, type Reduction } from "@tidings/react";
import { chat, type Message } from "../../e2e/react/page/contract.ts";
import type { feed } from "./guides-changing-a-contract.ts";

export { createHooks } from "@tidings/react";
export { useActionState, useOptimistic } from "react";
export { feed } from "./guides-changing-a-contract.ts";
export const { useChannel } = createHooks(chat);

export const address = chat.room({ roomId: "lobby" });
export declare const feedClient: Client<typeof feed>;
export declare const roomId: string;
export declare const author: string;
export declare const none: readonly Message[];
export declare const upsert: (messages: readonly Message[], message: Message) => readonly Message[];
export declare const reduction: Reduction<typeof chat, "room", readonly Message[]>;
export declare const post: (url: string, body: object) => Promise<{ readonly id: string }>;
export declare const toast: (text: string) => void;
