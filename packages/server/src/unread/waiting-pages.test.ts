import { expect, test } from "vitest";
import { createWaitingPages } from "./waiting-pages.ts";

interface TestPage {
  readonly number: number;
  readonly session: object | undefined;
  readonly gone: AbortSignal;
}

/** `entered` is the numbers of the pages that have entered; `looks` says how often somebody asked about room. */
function open(room: number) {
  const entered: number[] = [];
  const state = { room, looks: 0 };
  const pages = createWaitingPages<TestPage>({
    hasRoom() {
      state.looks++;
      return state.room > 0;
    },
    enter({ number }) {
      state.room--;
      entered.push(number);
    },
  });
  function wait(number: number, session?: object) {
    const gone = new AbortController();
    const page = { number, session, gone: gone.signal };
    return { page, leave: () => gone.abort(), over: pages.wait(page) };
  }
  return { state, entered, pages, wait };
}

test("a page that gets in costs the same, however many others wait for room or for pages of their session", () => {
  const { state, entered, pages, wait } = open(64);
  const sessions = [{}, {}, {}, {}];
  const all = sessions.flatMap((session) => Array.from({ length: 1_000 }, (_, number) => wait(number, session)));
  expect(entered).toHaveLength(64);
  state.looks = 0;
  for (const { page } of all.slice(0, 16)) {
    state.room++;
    pages.noteOver(page);
    pages.letIn();
  }
  expect(entered).toHaveLength(80);
  // Those that get in, and for each the look that finds nobody else.
  expect(state.looks).toBeLessThanOrEqual(2 * 16);
});

test("the newest gets in first, and whoever has left is passed over", async () => {
  const { state, entered, pages, wait } = open(0);
  const waiting = Array.from({ length: 100 }, (_, number) => wait(number));
  for (const { leave } of waiting.slice(50)) leave();
  await Promise.all(waiting.slice(50).map(({ over }) => over));
  state.room = 2;
  pages.letIn();
  expect(entered).toEqual([49, 48]);
  for (const { leave } of waiting) leave();
  state.room = 2;
  pages.letIn();
  expect(entered).toHaveLength(2);
});

test("a page that leaves while it waits for room lets the next one of its session wait for room", () => {
  const { state, entered, pages, wait } = open(0);
  const session = {};
  const waiting = Array.from({ length: 17 }, (_, number) => wait(number, session));
  for (const { leave } of waiting.slice(0, 16)) leave();
  state.room = 20;
  pages.letIn();
  expect(entered).toEqual([16]);
});

test("somebody waits for what a page has: for its room, or for its end, in its session", () => {
  const { pages, wait } = open(16);
  const session = {};
  const [first] = Array.from({ length: 17 }, (_, number) => wait(number, session));
  const other = { number: 99, session: {}, gone: new AbortController().signal };
  expect([first && pages.isWanted(first.page), pages.isWanted(other)]).toEqual([true, false]);
  wait(100);
  expect(pages.isWanted(other)).toBe(true);
});

test("a page that has waited for others of its session does not get in before others that wait for room", () => {
  const { state, entered, pages, wait } = open(16);
  const session = {};
  const first = Array.from({ length: 100 }, (_, number) => wait(number, session)).slice(0, 16);
  for (let other = 1_000; other < 1_003; other++) wait(other);
  expect(entered).toHaveLength(16);
  // As when the reader of a page is given up: the next page of its session may wait for room. Anybody gets its room.
  for (const { page } of first.slice(0, 5)) {
    state.room++;
    pages.noteOver(page);
    pages.letIn();
  }
  expect(entered.slice(16)).toEqual([1_002, 1_001, 1_000, 96, 95]);
  expect(pages.isWanted({ number: 0, session: undefined, gone: new AbortController().signal })).toBe(true);
});
