import { activeRun, runChannel, type ChunkBatch } from "@tidings/ai";
import type { Client } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import { createHooks } from "@tidings/react";
import type { Hub } from "@tidings/server";
import type { AnyTextAdapter } from "@tanstack/ai";
import type { ChatTransport, LanguageModel, UIMessage } from "ai";
import type { ReactNode } from "react";

export { Chat, useChat } from "@ai-sdk/react";
export { useState } from "react";

/** The contract of the document, for the types below. Fragments use the one of the document. */
export const ai = defineContract({
  chat: channel("chats/:chatId", { activeRun }),
  run: runChannel("chats/:chatId/runs/:runId"),
});
export declare const hub: Hub<typeof ai>;
export declare const client: Client<typeof ai>;
export const { useChannel } = createHooks(ai);

export declare const model: LanguageModel;
export declare const saveMessages: (chatId: string, messages: readonly UIMessage[]) => Promise<void>;
export declare const transport: ChatTransport<UIMessage>;
export declare const chatId: string;
export declare const runId: string;
export declare const saved: UIMessage[];
export declare const load: () => Promise<UIMessage[]>;
export declare const Messages: (props: {
  messages: readonly UIMessage[];
  onQuestion: (text: string) => void;
}) => ReactNode;
export declare const adapter: AnyTextAdapter;
export declare const add: (chunks: ChunkBatch["chunks"]) => void;
export declare const showEnd: (outcome: string) => void;
