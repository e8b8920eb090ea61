import { contract } from "../contract.ts";
import { rooms } from "../world.ts";
import { assertAllIsWell, assertNothingIsMissing, publishTimes, twoTabs, unheard } from "./two-tabs.ts";
import type { Stories } from "./story.ts";

const [room = contract.room({ roomId: "a" })] = rooms;

/** Lost messages do no harm: the blocks of a feed have numbers. */
export const lostMessages: Stories = {
  async "a block that is missing is noticed with the next one"() {
    const { world } = await twoTabs(room);
    await publishTimes(world, room, 1);
    await unheard(world, () => publishTimes(world, room, 1));
    await publishTimes(world, room, 1);
    await assertAllIsWell(world);
  },

  async "the last block before a silence is noticed, too"() {
    const { world } = await twoTabs(room);
    await publishTimes(world, room, 1);
    await unheard(world, () => publishTimes(world, room, 1));
    await world.clock.advance(120_000);
    assertNothingIsMissing(world);
  },
};
