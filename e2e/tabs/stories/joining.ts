import { contract } from "../contract.ts";
import { rooms } from "../world.ts";
import { assertAllIsWell, assertNothingIsMissing, emptyWorld, publishTimes, twoTabs, unheard } from "./two-tabs.ts";
import type { Stories } from "./story.ts";

const [room = contract.room({ roomId: "a" })] = rooms;

/** Who comes, who shares, and who goes. */
export const joining: Stories = {
  async "a tab that joins a feed gets everything from the next block on"() {
    const world = emptyWorld();
    world.follow(world.openTab("ada"), room);
    await world.clock.advance(1_000);
    await publishTimes(world, room, 1);
    world.follow(world.openTab("ada"), room);
    await world.clock.advance(1_000);
    await publishTimes(world, room, 2);
    await assertAllIsWell(world);
  },

  async "a tab whose wish is lost asks again soon"() {
    const { world, other } = await twoTabs(room);
    await unheard(world, async () => void world.follow(other, contract.inbox({ userId: "ada" })));
    await world.clock.advance(4_000);
    await world.publishEverywhere();
    await world.clock.settle();
    assertNothingIsMissing(world);
    await assertAllIsWell(world);
  },

  async "a tab that joins a silent feed gets another one, since that one may be dead"() {
    const world = emptyWorld();
    world.follow(world.openTab("ada"), room);
    await world.clock.advance(1_000);
    for (const exchange of world.network.open) exchange.swallow();
    await world.clock.advance(6_000);
    world.follow(world.openTab("ada"), room);
    await world.clock.advance(1_000);
    await publishTimes(world, room, 1);
    await world.clock.advance(1_000);
    assertNothingIsMissing(world);
    await assertAllIsWell(world);
  },

  async "each viewer has a stream"() {
    const world = emptyWorld();
    for (const userId of ["ada", "bob"]) world.follow(world.openTab(userId), contract.inbox({ userId }));
    await world.clock.advance(1_000);
    await assertAllIsWell(world);
  },

  async "what only a dead tab has followed leaves the feed"() {
    const world = emptyWorld();
    world.follow(world.openTab("ada"), room);
    await world.clock.advance(1_000);
    const dead = world.openTab("ada");
    world.follow(dead, contract.inbox({ userId: "ada" }));
    await world.clock.advance(1_000);
    dead.kill();
    await assertAllIsWell(world);
  },
};
