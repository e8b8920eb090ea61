import { contract } from "../contract.ts";
import { rooms } from "../world.ts";
import { assertAllIsWell, publishTimes, twoTabs } from "./two-tabs.ts";
import type { Stories } from "./story.ts";

const [room = contract.room({ roomId: "a" })] = rooms;

/** One tab leads, and then another one. */
export const leading: Stories = {
  async "a leader that was frozen gives up its stream when it hears of the next one"() {
    const { world, leader } = await twoTabs(room);
    leader.freeze();
    await world.clock.advance(20_000);
    await publishTimes(world, room, 1);
    leader.unfreeze();
    await assertAllIsWell(world);
  },

  async "when a leader dies, the next one goes on where it was"() {
    const { world, leader } = await twoTabs(room);
    await publishTimes(world, room, 2);
    leader.kill();
    await publishTimes(world, room, 2);
    await assertAllIsWell(world);
  },
};
