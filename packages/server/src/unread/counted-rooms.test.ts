import { expect, test } from "vitest";
import { VirtualClock } from "../../../testing/src/virtual-clock.ts";
import { CountedRooms } from "./counted-rooms.ts";

const MEGABYTE = 1024 * 1024;
const newRoom = () => ({ bytes: 0, since: 0 });

test("a room that counts again counts once, with its new size", () => {
  const rooms = new CountedRooms(new VirtualClock());
  const room = newRoom();
  rooms.set(room, 30 * MEGABYTE);
  rooms.set(room, 2 * MEGABYTE);
  expect(rooms.fits(30 * MEGABYTE)).toBe(true);
  expect(rooms.fits(30 * MEGABYTE + 1)).toBe(false);
});

test("what is above the bound fits where nothing else counts, and is over the bound then", () => {
  const rooms = new CountedRooms(new VirtualClock());
  expect(rooms.fits(33 * MEGABYTE)).toBe(true);
  const large = newRoom();
  rooms.set(large, 33 * MEGABYTE);
  expect([rooms.isOverfull, rooms.fits(1)]).toEqual([true, false]);
  expect([rooms.delete(large), rooms.delete(large)]).toEqual([true, false]);
  expect([rooms.isOverfull, rooms.isEmpty]).toEqual([false, true]);
});

test("a room stalls when its own patience is over since it was counted last", async () => {
  const clock = new VirtualClock();
  const rooms = new CountedRooms(clock);
  const [first, second] = [newRoom(), newRoom()];
  rooms.set(first, 1);
  rooms.set(second, 1);
  await clock.advance(1_000);
  rooms.set(first, 1);
  expect(rooms.stalled(() => 1_000)).toEqual([second]);
  expect(rooms.stalled((room) => (room === second ? 1_001 : 0))).toEqual([first]);
});
