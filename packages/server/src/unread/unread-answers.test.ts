import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../../testing/src/virtual-clock.ts";
import { TurnQueue } from "../runtime/turn-queue.ts";
import { createUnreadAnswers } from "./unread-answers.ts";

const MEGABYTE = 1024 * 1024;
/** A reader who stays. */
const here = (): AbortSignal => new AbortController().signal;

/** `givenUp` is the numbers of the answers whose readers took nothing, `entered` those of the pages that had room. */
function open() {
  const clock = new VirtualClock();
  const answers = createUnreadAnswers(clock, new TurnQueue(clock));
  const givenUp: number[] = [];
  const entered: number[] = [];
  /** A page that is being made. */
  async function make(number: number, reader: { session?: object; signal?: AbortSignal } = {}) {
    const page = await answers.enter({ signal: here(), ...reader });
    entered.push(number);
    return page;
  }
  /** A page of a megabyte that is made at once and that its reader can take. */
  async function enter(...question: Parameters<typeof make>) {
    const page = await make(...question);
    page.noteProgress(MEGABYTE);
    page.begin(() => givenUp.push(question[0]));
    return page;
  }
  return { clock, answers, givenUp, entered, make, enter };
}

const numbers = Array.from({ length: 32 }, (_, number) => number);

test("32 megabytes of pages get in, and the next one as soon as a reader has one", async () => {
  const { clock, entered, enter } = open();
  const pages = await Promise.all(numbers.map((number) => enter(number)));
  void enter(32);
  await clock.settle();
  expect(entered).toHaveLength(32);
  pages[0]?.leave();
  await clock.settle();
  expect(entered.at(-1)).toBe(32);
});

test("refusals count with what Node keeps of a request; above the bound, unread ones are given up", async () => {
  const { clock, answers, givenUp } = open();
  const refuse = (number: number): void => answers.add({ signal: here() }, 200).begin(() => givenUp.push(number));
  for (let number = 0; number < 2_000; number++) refuse(number);
  await clock.advance(5_000);
  expect(givenUp).toEqual([]);
  for (let number = 2_000; number < 2_100; number++) refuse(number);
  await clock.advance(2_000);
  expect(givenUp).toHaveLength(2_100);
});

test("of very many whose time is over at the same moment, a turn of the event loop gives up a few", async () => {
  const { clock, answers, givenUp } = open();
  const perTurn: number[] = [];
  let inTurn = 0;
  const giveUp = (): void => {
    if (inTurn === 0) {
      clock.defer(() => {
        perTurn.push(inTurn);
        inTurn = 0;
      });
    }
    inTurn++;
    clock.jump(1);
    givenUp.push(givenUp.length);
  };
  for (let number = 0; number < 40; number++) answers.add({ signal: here() }, 200).begin(giveUp);
  await clock.advance(31_000);
  expect(givenUp).toHaveLength(40);
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(5);
});

test("a page that is small when it is made takes no more room than that", async () => {
  const { entered, make } = open();
  for (let number = 0; number < 1_000; number++) (await make(number)).noteProgress(1_000);
  expect(entered).toHaveLength(1_000);
});

test("what a page waits for while it is made takes no room, and afterwards it waits for room", async () => {
  const { clock, entered, make, enter } = open();
  const ready: (() => void)[] = [];
  const resumed: number[] = [];
  for (let number = 0; number < 100; number++) {
    const page = await make(number);
    const waiting = page.aside(() => new Promise<void>((resolve) => void ready.push(resolve)));
    void waiting.then(() => resumed.push(number));
  }
  await enter(100);
  for (const resolve of ready) resolve();
  await clock.settle();
  expect([entered.length, resumed.length]).toEqual([101, 31]);
});

test("a page that leaves while it is aside takes no room afterwards", async () => {
  const { clock, entered, make } = open();
  for (const number of numbers) {
    const page = await make(number);
    const waiting = page.aside(() => clock.settle());
    page.leave();
    await waiting;
  }
  for (const number of numbers) await make(number);
  expect(entered).toHaveLength(64);
});

test("pages that are made for longer than a second give way, and count again when they are made", async () => {
  const { clock, givenUp, entered, make, enter } = open();
  const slow = await Promise.all(numbers.map((number) => make(number)));
  void make(32);
  await clock.advance(1_000);
  expect(entered).toHaveLength(33);
  for (const page of slow) page.noteProgress(MEGABYTE);
  void enter(33);
  await clock.settle();
  expect([entered.length, givenUp]).toEqual([33, []]);
});

test("readers that take nothing are given up after a second when others wait, and only they", async () => {
  const { clock, givenUp, entered, enter } = open();
  const pages = await Promise.all(numbers.map((number) => enter(number)));
  void enter(32);
  await clock.advance(900);
  pages[5]?.noteProgress(MEGABYTE / 2);
  await clock.advance(100);
  expect(givenUp).toHaveLength(31);
  expect(givenUp).not.toContain(5);
  expect(entered.at(-1)).toBe(32);
});

test("a reader that takes nothing is given up after 30 seconds, also the reader of a refusal", async () => {
  const { clock, answers, givenUp, enter } = open();
  await enter(1);
  answers.add({ signal: here() }, 100).begin(() => givenUp.push(2));
  await clock.advance(29_000);
  expect(givenUp).toEqual([]);
  await clock.advance(1_000);
  expect(givenUp).toEqual([1, 2]);
  expect(clock.pending).toBe(0);
});

test("a refusal does not wait for room, but counts", async () => {
  const { clock, answers, entered, enter } = open();
  const pages = await Promise.all(numbers.map((number) => enter(number)));
  answers.add({ signal: here() }, 100);
  void enter(32);
  pages[0]?.leave();
  await clock.settle();
  expect(entered).toHaveLength(32);
  pages[1]?.leave();
  await clock.settle();
  expect(entered).toHaveLength(33);
});

test("a group has 16 pages at most, and the others do not wait for it", async () => {
  const { clock, entered, enter } = open();
  const session = {};
  for (let number = 0; number < 20; number++) void enter(number, { session });
  void enter(99, { session: {} });
  await clock.settle();
  expect(entered).toHaveLength(17);
  expect(entered).toContain(99);
});

test("readers are given up early for pages of their own group, and for none of another one that is full", async () => {
  const { clock, givenUp, entered, enter } = open();
  const session = {};
  for (let number = 0; number < 20; number++) void enter(number, { session });
  void enter(99);
  await clock.advance(1_000);
  expect(givenUp).toEqual(Array.from({ length: 16 }, (_, number) => number));
  expect(entered).toHaveLength(21);
  await clock.advance(29_000);
  expect(givenUp).toContain(99);
});

test("a reader that leaves while it waits takes no room, and neither does one that has left before", async () => {
  const { clock, entered, enter } = open();
  const pages = await Promise.all(numbers.map((number) => enter(number)));
  const gone = new AbortController();
  const waiting = enter(32, { signal: gone.signal });
  gone.abort();
  (await waiting).leave();
  (await enter(33, { signal: gone.signal })).leave();
  void enter(34);
  void enter(35);
  pages[0]?.leave();
  await clock.settle();
  // The newest of those who wait comes first.
  expect(entered.slice(32)).toEqual([32, 33, 35]);
});

describe("what pages hold while they are aside", () => {
  /** A page that holds these parts, and waits for more. */
  async function hold(hub: ReturnType<typeof open>, number: number, parts: readonly { readonly bytes: number }[]) {
    const page = await hub.make(number);
    let isRefused = false;
    page.gone.addEventListener("abort", () => (isRefused = true));
    let load: () => void = () => {};
    const over = page.aside(async () => {
      for (const part of parts) page.hold(part);
      await new Promise<void>((resolve) => (load = resolve));
    });
    return { page, over, isRefused: () => isRefused, load: () => load() };
  }

  const megabytes = (count: number) => Array.from({ length: count }, () => ({ bytes: MEGABYTE }));

  test("is 16 megabytes at most: of more, the page that holds most is refused", async () => {
    const hub = open();
    const pages = [
      await hold(hub, 0, megabytes(8)),
      await hold(hub, 1, megabytes(7)),
      await hold(hub, 2, megabytes(1)),
    ];
    expect(pages.map(({ isRefused }) => isRefused())).toEqual([false, false, false]);
    pages.push(await hold(hub, 3, megabytes(2)));
    expect(pages.map(({ isRefused }) => isRefused())).toEqual([true, false, false, false]);
  });

  test("counts once if many hold the same part", async () => {
    const hub = open();
    const parts = megabytes(8);
    const pages = await Promise.all(numbers.map((number) => hold(hub, number, parts)));
    expect(pages.filter(({ isRefused }) => isRefused())).toEqual([]);
    for (const { page } of pages) page.leave();
    const later = [await hold(hub, 33, megabytes(8)), await hold(hub, 34, megabytes(8))];
    expect(later.map(({ isRefused }) => isRefused())).toEqual([false, false]);
  });

  test("needs room afterwards, beside the rest of the page, and gives way again after a second", async () => {
    const hub = open();
    const pages = [await hold(hub, 0, megabytes(8)), await hold(hub, 1, megabytes(8))];
    for (const { load, over } of pages) {
      load();
      await over;
    }
    for (let number = 2; number < 17; number++) void hub.make(number);
    await hub.clock.settle();
    // 18 megabytes are taken, so 14 pages have room.
    expect(hub.entered).toHaveLength(16);
    await hub.clock.advance(1_000);
    expect(hub.entered).toHaveLength(17);
    const last = await hold(hub, 17, megabytes(1));
    expect([...pages, last].filter(({ isRefused }) => isRefused())).toHaveLength(1);
    expect(last.isRefused()).toBe(false);
  });
});
