import { contract } from "../contract.ts";
import { KEPT, rooms } from "../world.ts";
import { assertAllIsWell, publishTimes, twoTabs, unheard } from "./two-tabs.ts";
import type { Stories } from "./story.ts";

const [room = contract.room({ roomId: "a" })] = rooms;

/** What a tab misses of the feed comes by pages, from its own position. */
export const catchingUp: Stories = {
  async "a tab that has missed blocks of the feed gets their events before what is new"() {
    const { world } = await twoTabs(room);
    await publishTimes(world, room, 2);
    await unheard(world, () => publishTimes(world, room, 3));
    await publishTimes(world, room, 2);
    await assertAllIsWell(world);
  },

  async "what the feed brings while a tab catches up waits for the page"() {
    const { world } = await twoTabs(room);
    await publishTimes(world, room, 2);
    await unheard(world, () => publishTimes(world, room, 3));
    world.isSlow = true;
    // With this one the tab notices what it lacks. Its page has it, but not those that follow.
    await publishTimes(world, room, 1);
    await world.clock.advance(20);
    await publishTimes(world, room, 2);
    await assertAllIsWell(world);
  },

  async "a page tells a gap where the log does not have all that a tab has missed"() {
    const { world } = await twoTabs(room);
    await publishTimes(world, room, 2);
    await unheard(world, () => publishTimes(world, room, KEPT + 5));
    await world.trim();
    await publishTimes(world, room, 1);
    await assertAllIsWell(world);
  },
};
