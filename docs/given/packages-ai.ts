import type { ModelMessage } from "ai";

export { useChat } from "@ai-sdk/react";
export { streamText } from "ai";
export { ai, chatId, client, hub, model, runId } from "./guides-resumable-ai-answers.ts";
export declare const messages: ModelMessage[];
