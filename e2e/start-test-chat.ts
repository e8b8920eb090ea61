import type { ServeOptions } from "@tidings-apps/chat-server";
import { onTestFinished } from "vitest";
import { startChat, type RunningChat } from "./chat.ts";

/** Starts a chat that is closed when the test has finished. */
export async function startTestChat(options: Partial<ServeOptions> = {}): Promise<RunningChat> {
  const chat = await startChat(options);
  onTestFinished(() => chat.server.close());
  return chat;
}
