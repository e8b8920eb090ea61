import { expect, test } from "vitest";
import { openTestHub, parsePage, request } from "../../test/test-hub.ts";
import type { ComingBody } from "../index.ts";

const MEGABYTE = 1024 * 1024;

/** A body that keeps so many bytes and never ends. */
async function openPosts() {
  const { hub, clock } = await openTestHub();
  const post = (bytes: number, session = {}) => {
    const body: { coming?: ComingBody; answer?: ReturnType<typeof parsePage> } = {};
    const json = (_: number, coming: ComingBody): Promise<never> => {
      body.coming = coming;
      coming.hold(bytes);
      return new Promise(() => {});
    };
    const parts = { method: "POST", headers: { accept: "application/json" } };
    const asking = hub.handle({ ...request("", parts), json, session });
    void asking.then((response) => (body.answer = parsePage(response)));
    return body;
  };
  return { clock, post };
}

test("a body that does not end is given up after ten seconds, with 503", async () => {
  const { clock, post } = await openPosts();
  const body = post(100);
  await clock.advance(9_000);
  expect(body.answer).toBeUndefined();
  await clock.advance(1_000);
  expect([body.answer?.status, body.answer?.json.code, body.coming?.signal.aborted]).toEqual([
    503,
    "unavailable",
    true,
  ]);
});

test.each([
  ["a hub keeps 16 megabytes", 16, () => ({})],
  ["a session keeps 2 megabytes", 2, (session: object) => session],
])("%s of bodies that are coming; of more, the one that began first is given up", async (_, most, sessionOf) => {
  const { clock, post } = await openPosts();
  const session = {};
  const bodies = Array.from({ length: most }, () => post(MEGABYTE, sessionOf(session)));
  const other = post(0);
  await clock.settle();
  expect(bodies.map(({ answer }) => answer)).toEqual(bodies.map(() => undefined));
  const last = post(1, sessionOf(session));
  await clock.settle();
  expect(bodies.filter(({ answer }) => answer !== undefined)).toEqual([bodies[0]]);
  expect(bodies[0]?.answer).toMatchObject({ status: 503, json: { code: "limit" } });
  expect([other.answer, last.answer]).toEqual([undefined, undefined]);
});

test("a body that is too long keeps nothing, and is 413 after a second, or when the ten seconds end", async () => {
  const { clock, post } = await openPosts();
  const session = {};
  const body = post(2 * MEGABYTE, session);
  await clock.advance(9_500);
  body.coming?.drop(new RangeError("Expected less."));
  const other = post(2 * MEGABYTE, session);
  await clock.settle();
  expect([body.answer, other.answer]).toEqual([undefined, undefined]);
  await clock.advance(500);
  expect(body.answer).toMatchObject({ status: 413, json: { code: "too-large", detail: "Expected less." } });
  const third = post(0);
  await clock.settle();
  third.coming?.drop(new RangeError("Expected less."));
  await clock.advance(999);
  expect(third.answer).toBeUndefined();
  await clock.advance(1);
  expect([third.answer?.status, third.coming?.signal.aborted]).toEqual([413, true]);
});
