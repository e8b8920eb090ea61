import type { TestKit } from "@tidings/testing";
import type { chat } from "./chat.ts";

export { expect, test } from "vitest";
export const message = { author: "ada", text: "hi" };

/** As in e2e/chat-room.test.ts. */
interface FollowedRoom {
  readonly gap: object | null;
}
export declare const open: () => Promise<{
  readonly kit: TestKit<typeof chat>;
  readonly follow: () => Promise<FollowedRoom>;
  readonly say: (text: string) => Promise<void>;
}>;
export declare const textsOf: (room: FollowedRoom) => string[];
interface MyServer {
  readonly url: string;
  publish(path: string, type: string, data: unknown): Promise<string>;
  stop(): Promise<void>;
}
export declare const startMyServer: () => Promise<MyServer>;
