import { afterEach, expect, test, vi } from "vitest";
import { createRoom, putReaction, putTopic } from "./api.ts";

afterEach(() => void vi.unstubAllGlobals());

test.each([
  ["a reaction", () => putReaction("lobby", "m", "👍", true), "This message has as many reactions as it can have."],
  ["a room", () => createRoom("tea"), "There are too many rooms already, or too many of yours."],
  ["a topic", () => putTopic("lobby", "tea", ""), "Somebody was faster."],
])("a conflict has a sentence of its own for %s", async (_what, request, message) => {
  vi.stubGlobal("fetch", async () => new Response("{}", { status: 409 }));
  await expect(request()).rejects.toMatchObject({ status: 409, message });
});
