import { expect, test } from "vitest";
import { lobby, openTestHub } from "../../test/test-hub.ts";

const LOBBY = "channel=rooms/lobby";
const ada = { headers: { authorization: "ada" } };

/** A test hub in which rights can be taken; it counts the questions. */
async function openClub() {
  const state = { allowed: true, questions: 0 };
  const testHub = await openTestHub({
    authenticate: ({ headers }) => ({ id: headers.get("authorization") ?? "nobody" }),
    authorize: ({ viewer }) => {
      state.questions++;
      return state.allowed || viewer.id !== "ada";
    },
    limits: { ringEntries: 1 },
  });
  return { ...testHub, state };
}

test.each([false, true])(
  "a right that is taken ends the stream within a second, also when the doorbell is lost: %s",
  async (muted) => {
    const { connect, hub, log, clock, state } = await openClub();
    const { sink } = await connect(LOBBY, ada);
    log.muted = muted;
    state.allowed = false;
    await hub.recheck({ viewer: "ada" });
    // With a doorbell it takes no time; without one, it takes a poll.
    await clock.advance(muted ? 1_000 : 0);
    expect(sink.ended).toBe(true);
    await hub.publish(lobby, "message", { text: "secret" });
    await clock.advance(1_000);
    expect(sink.received).toEqual([]);
  },
);

test("a client that comes back is authorised before it catches up, and a refusal reads no log", async () => {
  const { ask, say, log, state } = await openClub();
  const [first = ""] = await say("a", "b", "c");
  state.allowed = false;
  const [questions, reads] = [state.questions, log.callCount];
  const starts = [`${LOBBY}&after=${first}`, `${LOBBY}@${first}`, `${LOBBY}&last=5`];
  for (const query of starts) expect(await ask(query, ada), query).toMatchObject({ status: 403 });
  for (const query of [...starts, `${LOBBY}&before=${first}`]) {
    const headers = { ...ada.headers, accept: "application/json" };
    expect(await ask(`${query}&wait=20`, { headers }), query).toMatchObject({ status: 403 });
  }
  expect(await ask(LOBBY, { headers: { ...ada.headers, "last-event-id": first } })).toMatchObject({ status: 403 });
  expect([state.questions - questions, log.callCount - reads]).toEqual([8, 0]);
});

test("readableFrom hides what came before from every kind of page, from values, and from the snapshot", async () => {
  let from = "";
  const scopes: unknown[] = [];
  const { hub, clock, page, say } = await openTestHub({
    authorize: () => ({ readableFrom: from }),
    snapshot: {
      room: (_, { readableFrom }) => {
        scopes.push(readableFrom);
        return { texts: [] };
      },
    },
  });
  const [first = ""] = await say("secret 1");
  await hub.publish(lobby, "topic", { text: "secret topic" });
  [from = ""] = await say("secret 2");
  for (const query of [
    "",
    `&after=${first}`,
    "&last=50",
    `&before=${from}`,
    `@${first}`,
    "@now",
    "&snapshot",
    "&after=none",
  ]) {
    const { status, json } = await page(`${LOBBY}${query}`);
    expect([status, JSON.stringify(json)], query).toEqual([200, expect.not.stringContaining("secret")]);
  }
  expect(scopes).toEqual([from]);
  // A long poll from before waits for an event that may be read, and shows only this one.
  const poll = page(`${LOBBY}&after=${first}&wait=20`);
  await clock.settle();
  await say("hello");
  expect((await poll).json.events.map(({ data }) => data)).toEqual([{ text: "hello" }]);
});
