import { afterEach, expect, test, vi } from "vitest";
import { actAs, createRoom, listRooms, putReaction, putTopic } from "./api.ts";

afterEach(() => void vi.unstubAllGlobals());

test.each([
  ["a reaction", () => putReaction("lobby", "m", "👍", true), "This message has as many reactions as it can have."],
  ["a room", () => createRoom("tea"), "There are too many rooms already, or too many of yours."],
  ["a topic", () => putTopic("lobby", "tea", ""), "Somebody was faster."],
])("a conflict has a sentence of its own for %s", async (_what, request, message) => {
  vi.stubGlobal("fetch", async () => new Response("{}", { status: 409 }));
  await expect(request()).rejects.toMatchObject({ status: 409, message });
});

test("the list of rooms is read page by page", async () => {
  const room = (id: string) => ({ id, name: id, topic: null, joined: false, read: 0, newest: 0 });
  const pages: Readonly<Record<string, unknown>> = {
    "/api/rooms?from=0": { rooms: [room("lobby"), room("tea")], next: 2 },
    "/api/rooms?from=2": { rooms: [room("garden")], next: null },
  };
  vi.stubGlobal("fetch", async (path: string) => Response.json(pages[path]));
  expect((await listRooms()).map(({ id }) => id)).toEqual(["lobby", "tea", "garden"]);
});

test("the rest of the list of rooms is not read for the person who has signed in meanwhile", async () => {
  const asked: string[] = [];
  actAs("ada");
  vi.stubGlobal("fetch", async (path: string) => {
    asked.push(path);
    actAs("bo");
    return Response.json({ rooms: [], next: path.endsWith("=0") ? 1 : null });
  });
  await expect(listRooms()).rejects.toMatchObject({ status: 401 });
  expect(asked).toEqual(["/api/rooms?from=0"]);
});
