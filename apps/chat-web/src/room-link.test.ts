import { expect, test } from "vitest";
import { linkTo, roomIn } from "./room-link.ts";

test("the link of a room leads to the room, whatever its id is", () => {
  for (const roomId of ["lobby", "a/b #1", "李小龍"]) expect(roomIn(linkTo(roomId))).toBe(roomId);
});

test("an empty or invalid hash leads to no room", () => {
  for (const hash of ["", "#", "#%"]) expect(roomIn(hash)).toBeNull();
});
