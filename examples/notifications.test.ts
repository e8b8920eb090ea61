import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { systemClock } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { VirtualClock } from "../packages/testing/src/virtual-clock.ts";
import { connect, notifications, startNotifications } from "./notifications.ts";
import { take } from "./test/take.ts";

/** Options of `expect.poll`: a real socket needs some time. */
const POLL = { timeout: 10_000 };

const ada = notifications.inbox({ userId: "ada" });
const bob = notifications.inbox({ userId: "bob" });

/** Starts the server in virtual time. */
async function start() {
  const time = new VirtualClock();
  const clock = { ...systemClock, now: time.now, setTimeout: time.setTimeout.bind(time) };
  const { hub, server, signIn, signOut } = startNotifications(0, clock);
  onTestFinished(async () => {
    await hub.close();
    server.close();
  });
  await once(server, "listening");
  // Safe: the server listens on a TCP port, so its address is an object.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const post = (to: string, body: string, token = signIn("eve")) =>
    fetch(`${url}/users/${to}/notices`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body,
    });
  /** Sends notices, and returns the id of the last one. */
  const notify = async (to: string, ...texts: readonly string[]): Promise<string> => {
    let last = "";
    for (const text of texts) {
      const response = await post(to, JSON.stringify({ text }));
      expect(response.status).toBe(201);
      ({ id: last } = (await response.json()) as { id: string });
    }
    return last;
  };
  const open = (getToken: () => Promise<string | null>) => {
    const client = connect(url, getToken);
    onTestFinished(() => client.close());
    return client;
  };
  return { hub, time, url, post, notify, open, signIn, signOut };
}

/** The texts of the next notices. */
async function takeTexts(events: AsyncIterator<{ readonly data: { readonly text: string } }>, count: number) {
  return (await take(events, count)).map(({ data }) => data.text);
}

test("everybody gets only their own notices, and a refused subscription does not disturb the others", async () => {
  const { notify, open, signIn } = await start();
  const after = await notify("ada", "before");
  const adas = open(async () => signIn("ada"));
  const foreign: string[] = [];
  const refused = new Promise((resolve) => {
    const handlers = { notice: ({ text }: { text: string }) => foreign.push(text), onGap() {}, onClose: resolve };
    adas.subscribe(bob, handlers, { after });
  });
  const own = adas.events(ada, { after });
  const bobs = open(async () => signIn("bob")).events(bob, { after });
  expect(await refused).toBe("forbidden");
  await notify("bob", "for bob 1");
  await notify("ada", "for ada 1", "for ada 2");
  await notify("bob", "for bob 2");
  expect(await takeTexts(own, 2)).toEqual(["for ada 1", "for ada 2"]);
  expect(await takeTexts(bobs, 2)).toEqual(["for bob 1", "for bob 2"]);
  expect(foreign).toEqual([]);
});

test("over plain HTTP, a request without a token gets a 401, and one for another person's inbox a 403", async () => {
  const { url, signIn } = await start();
  const ask = async (path: string, headers: Record<string, string>) => {
    const response = await fetch(`${url}/events?channel=${path}&protocol=1`, { headers });
    return [response.status, ((await response.json()) as { code: string }).code];
  };
  expect(await ask(ada.path, {})).toEqual([401, "unauthenticated"]);
  expect(await ask(ada.path, { authorization: "Bearer made-up" })).toEqual([401, "unauthenticated"]);
  expect(await ask(ada.path, { authorization: `Bearer ${signIn("bob")}` })).toEqual([403, "forbidden"]);
});

test("when its token expires, a stream ends, reconnects with a new token, and misses nothing", async () => {
  const { hub, time, notify, open, signIn } = await start();
  const after = await notify("ada", "before");
  const tokens: string[] = [];
  const events = open(async () => {
    tokens.push(signIn("ada"));
    return tokens.at(-1) ?? "";
  }).events(ada, { after });
  await notify("ada", "1");
  expect(await takeTexts(events, 1)).toEqual(["1"]);
  await expect.poll(() => hub.stats().connections, POLL).toBe(1);
  const { length } = tokens;

  await time.advance(599_999);
  expect(hub.stats().connections).toBe(1);
  await time.advance(1_001);
  expect(hub.stats().connections).toBe(0);
  await notify("ada", "2", "3");
  expect(await takeTexts(events, 2)).toEqual(["2", "3"]);
  expect(tokens.length).toBeGreaterThan(length);
});

test("signing a user out ends their streams until they sign in again, and no other streams", async () => {
  const { hub, notify, open, signIn, signOut } = await start();
  const after = await notify("ada", "before");
  let isSignedIn = true;
  const client = open(async () => (isSignedIn ? signIn("ada") : null));
  const adas = client.events(ada, { after });
  const bobs = open(async () => signIn("bob")).events(bob, { after });
  await notify("ada", "1");
  await notify("bob", "1");
  expect([await takeTexts(adas, 1), await takeTexts(bobs, 1)]).toEqual([["1"], ["1"]]);
  await expect.poll(() => hub.stats().connections, POLL).toBe(2);

  isSignedIn = false;
  await signOut("ada");
  await notify("ada", "2");
  await notify("bob", "2");
  await expect.poll(() => client.status.value, POLL).toMatchObject({ state: "closed", reason: "unauthenticated" });
  expect(await takeTexts(bobs, 1)).toEqual(["2"]);
  expect(hub.stats().connections).toBe(1);

  // The client asks nothing more, and goes on from where it was when Ada signs in again.
  isSignedIn = true;
  client.reconnect();
  expect(await takeTexts(adas, 1)).toEqual(["2"]);
});

test.each([
  ["is empty", '{"text":""}', "inbox.notice: text: "],
  ["is no string", '{"text":5}', "inbox.notice: text: expected string, got 5."],
  ["is missing", "{}", "inbox.notice: text: "],
])("a notice whose text %s gets a 400 that says what was expected, and is not sent", async (_, body, detail) => {
  const { hub, post } = await start();
  const { head } = hub.stats().ring;
  const response = await post("ada", body);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ code: "invalid-data", detail: expect.stringContaining(detail) });
  expect(hub.stats().ring.head).toBe(head);
});
