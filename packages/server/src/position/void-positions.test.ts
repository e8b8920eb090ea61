import { describe, expect, test } from "vitest";
import { FailoverLog } from "../../test/failover-log.ts";
import { openTestHub } from "../../test/test-hub.ts";

const NUMBERS = Array.from({ length: 100 }, (_, index) => index);

/** 100 channels, each with a position of its own. */
function roomsAt(positionOf: (index: number) => string): string {
  return NUMBERS.map((index) => `channel=rooms/${index}@${positionOf(index)}`).join("&");
}

/** A hub with a small ring, and how often a page reads its channels. */
async function openCountedHub(log?: FailoverLog) {
  const opened = await openTestHub({ ...(log === undefined ? {} : { log }), limits: { ringEntries: 1 } });
  async function countedPage(query: string) {
    const before = opened.log.ownReads;
    const { json } = await opened.page(query);
    return { json, reads: opened.log.ownReads - before };
  }
  return { ...opened, countedPage };
}

describe("the positions of 100 channels", () => {
  test("that another log gave out cost one read, and a gap in each of them", async () => {
    const { countedPage } = await openCountedHub();
    const { json, reads } = await countedPage(roomsAt((index) => `another.${index}`));
    expect(Object.values(json.gap?.channels ?? {})).toEqual(NUMBERS.map(() => "reset"));
    expect(reads).toBe(2);
  });

  test("of this epoch, before the ring, cost none, however many there are", async () => {
    const { countedPage, say } = await openCountedHub();
    const ids = await say(...NUMBERS.map(String));
    const { json, reads } = await countedPage(roomsAt((index) => ids[index] ?? ""));
    expect(json.gap).toBeUndefined();
    expect(reads).toBe(1);
  });

  test("of an epoch that a failover has ended cost few reads, and a gap exactly where something is lost", async () => {
    const log = new FailoverLog();
    const { countedPage, say } = await openCountedHub(log);
    await say(...NUMBERS.map(String));
    log.failOver(30);
    await say("after");
    const { json, reads } = await countedPage(roomsAt((index) => `e0.${index}`));
    expect(json.gap?.channels).toEqual(
      Object.fromEntries(NUMBERS.slice(71).map((index) => [`rooms/${index}`, "lost"])),
    );
    expect(reads).toBeLessThanOrEqual(10);
  });

  test("each of another log cost few reads: those of most of the logs are gaps that nobody asks about", async () => {
    const { countedPage } = await openCountedHub();
    const { json, reads } = await countedPage(roomsAt((index) => `log${index}.1`));
    expect(Object.values(json.gap?.channels ?? {})).toEqual(NUMBERS.map(() => "reset"));
    expect(reads).toBeLessThanOrEqual(20);
  });
});

test("the lower bounds of 100 rooms, all of one epoch that is over, cost one read", async () => {
  const log = new FailoverLog();
  const { say, page } = await openTestHub({
    log,
    authorize: ({ params }) => ({ readableFrom: `e0.${"roomId" in params ? params.roomId : 0}` }),
  });
  await say(...NUMBERS.map(String));
  log.failOver(30);
  const before = log.ownReads;
  await page(NUMBERS.map((index) => `channel=rooms/${index}`).join("&"));
  expect(log.ownReads - before).toBeLessThanOrEqual(10);
});

describe("a lower bound that a failover has taken", () => {
  /** Of 40 messages, 1 to 20 are lost, and 30 come after them. */
  async function openHub(lost: number) {
    const log = new FailoverLog();
    const opened = await openTestHub({ log, authorize: () => ({ readableFrom: "e0.40" }) });
    await opened.say(...Array.from({ length: 40 }, (_, index) => `before ${index}`));
    log.failOver(lost);
    await opened.say(...Array.from({ length: 30 }, (_, index) => `after ${index}`));
    return { ...opened, log };
  }

  test.each([1, 2, 3, 4, 7, 8, 20, 40])("hides nothing that was published since: %i events are lost", async (lost) => {
    const { page, log } = await openHub(lost);
    const before = log.ownReads;
    const { json } = await page("channel=rooms/lobby&after=e0.0");
    const texts = json.events.map(({ data }) => data);
    expect(texts).toEqual(Array.from({ length: 30 }, (_, index) => ({ text: `after ${index}` })));
    expect(log.ownReads - before).toBeLessThanOrEqual(12);
  });
});
