import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createTestKit, type TestKit } from "@tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";

const contract = defineContract({
  room: channel(
    "rooms/:roomId",
    { said: z.object({ n: z.number() }) },
    { snapshot: z.object({ said: z.array(z.number()) }) },
  ),
});
const room = contract.room({ roomId: "lobby" });

/** Milliseconds between a publish and the insert of its row: the trap of who publishes first. */
const LATE = 30;

interface Situation {
  readonly snapshotOverlap?: number;
  /** How many milliseconds the loader's copy of the database lags behind. */
  readonly lag?: number;
  /** Events that retention keeps of the room. */
  readonly keep?: number;
}

/** A room whose rows become readable late. */
async function openRoom({ snapshotOverlap, lag = 0, keep = 1_000 }: Situation = {}) {
  const rows: { readonly n: number; readonly at: number }[] = [];
  const kit: TestKit<typeof contract> = await createTestKit(contract, {
    // Otherwise the ring would serve whom retention has nothing left for.
    limits: { ringEntries: 1 },
    log: memoryLog({ keep: { entries: keep }, burst: 0, now: () => kit.clock.now() }),
    ...(snapshotOverlap === undefined ? {} : { snapshotOverlap }),
    snapshot: {
      room: () => ({ said: rows.filter(({ at }) => at <= kit.clock.now() - lag).map(({ n }) => n) }),
    },
  });
  /** @param late milliseconds until it is there */
  const insert = (n: number, late = 0): void => void rows.push({ n, at: kit.clock.now() + late });
  return { kit, insert };
}

/** Somebody who begins now. It has what its state says and what comes after, as a set of rows. */
function join(kit: TestKit<typeof contract>) {
  let has = new Set<number>();
  const reader = { gaps: 0, calls: 0, reason: "", has: () => [...has] };
  const client = kit.connect();
  client.subscribe(room, {
    snapshot: ({ said }) => void (has = new Set(said)),
    said: ({ n }) => {
      reader.calls++;
      has.add(n);
    },
    onGap: () => void reader.gaps++,
    onClose: (reason) => void (reader.reason = reason),
  });
  return reader;
}

/** Twenty readers begin, one after the other, while a row is published and not readable yet. */
async function joinWhileRowIsLate(situation: Situation) {
  const { kit, insert } = await openRoom(situation);
  await kit.clock.advance(10_000);
  await kit.hub.publish(room, "said", { n: 1 });
  const readers = [join(kit)];
  insert(1, LATE);
  for (const late = LATE + (situation.lag ?? 0); readers.length < 20; readers.push(join(kit))) {
    await kit.clock.advance(late / 20);
  }
  await kit.clock.advance(10_000);
  await kit[Symbol.asyncDispose]();
  return readers;
}

test("a row that is inserted 30 ms after its event is with all of twenty readers that begin meanwhile", async () => {
  const readers = await joinWhileRowIsLate({});
  expect(readers.map(({ has }) => has())).toEqual(readers.map(() => [1]));
  expect(readers.map(({ gaps }) => gaps)).toEqual(readers.map(() => 0));
});

test("without an overlap, none of them gets the row, and none gets a gap", async () => {
  const readers = await joinWhileRowIsLate({ snapshotOverlap: 0 });
  expect(readers.map(({ has }) => has())).toEqual(readers.map(() => []));
  expect(readers.map(({ gaps }) => gaps)).toEqual(readers.map(() => 0));
});

test.each([
  [1_900, 20],
  // Those that begin later than two seconds after the event.
  [3_970, 11],
])("with a replica that lags by %d ms, %d of twenty readers have the row", async (lag, count) => {
  const readers = await joinWhileRowIsLate({ lag });
  expect(readers.filter(({ has }) => has().includes(1))).toHaveLength(count);
});

test("in a busy room with a short memory, what heals a gap is not behind the next one when it arrives", async () => {
  const { kit, insert } = await openRoom({ keep: 20 });
  let n = 0;
  /** A hundred events in a second. What is sent arrives every fifty milliseconds, so five events come meanwhile. */
  async function busySecond(): Promise<void> {
    for (let count = 0; count < 100; count++) {
      if (count % 5 === 0) kit.network.resume();
      insert(++n);
      await kit.hub.publish(room, "said", { n });
      await kit.clock.advance(10);
      kit.network.stall();
    }
  }
  const reader = join(kit);
  await busySecond();
  kit.network.drop();
  for (let second = 0; second < 10; second++) await busySecond();
  kit.network.resume();
  await kit.clock.advance(10_000);
  expect([reader.gaps, reader.reason, reader.has().length]).toEqual([1, "", n]);
  await kit[Symbol.asyncDispose]();
});
