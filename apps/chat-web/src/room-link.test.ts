import { expect, test } from "vitest";
import { linkTo, roomIn } from "./room-link.ts";

test("a room's link leads to it, whatever its id", () => {
  for (const roomId of ["lobby", "a/b #1", "李小龍"]) expect(roomIn(linkTo(roomId))).toBe(roomId);
});

test("an address without a room, or with nonsense, is nobody's", () => {
  for (const hash of ["", "#", "#%"]) expect(roomIn(hash)).toBeNull();
});
