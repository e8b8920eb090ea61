import { expect, test } from "vitest";
import { ApiError } from "./api.ts";
import { UnfollowedRooms } from "./unfollowed-rooms.ts";

test("the server is asked for new messages every fifteen seconds at most, also after a failure", async () => {
  const heard: number[] = [];
  let newest = 0;
  const list = async () => {
    newest++;
    if (newest === 2) throw new ApiError(503, "Busy.");
    return [{ id: "garden", newest }];
  };
  const rooms = new UnfollowedRooms(list, (listed) => heard.push(...listed.map((room) => room.newest)));
  for (let now = 1_000_000; now <= 1_030_000; now += 5_000) await rooms.look(now);
  expect([newest, heard]).toEqual([3, [1, 3]]);
});
