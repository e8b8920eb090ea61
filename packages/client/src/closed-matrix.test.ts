import { describe, expect, test } from "vitest";
import { answers } from "../test/answers.ts";
import { createKit, inbox, lobby, type ClientKit } from "../test/client-kit.ts";
import type { FakeRequest } from "../test/fake-server.ts";
import type { ClientSubscription, Status } from "./index.ts";

/** Where somebody closes: in a handler, in a function that is an option, or after some milliseconds. */
const PLACES = [
  ...["snapshot", "message", "topic", "typing", "onClear", "onGap", "onClose", "status"],
  ...["other mention", "other onGap", "other onClose", "other status", "client status", "onError"],
  ...["url", "headers", "fetch", "onLog connect", "onLog end", "onLog event", "onLog handled", "onLog gap"],
  ...["at once", "in a microtask", "0 ms", "1 ms", "500 ms", "2000 ms", "20000 ms"],
];
const CLOSERS = ["client", "subscription", "both", "twice"] as const;
type Closer = (typeof CLOSERS)[number];

/** Long enough for another attempt. */
const LONG = 20_000;
/** A path that nobody follows any more leaves the connection after a second. */
const LINGER = 1_100;
/** What the server did not know is remembered for a minute. */
const MEMORY = 60_000;

/** Closes at one place, and says what happened after that. Null when the place was not reached. */
async function closeAt(place: string, closer: Closer, answer: string): Promise<string[] | null> {
  const faults: string[] = [];
  const endsClient = closer !== "subscription";
  let isReached = false;
  let isClosed = false;
  let closings = 0;

  function close(): void {
    if (closer !== "client") subscription.close();
    if (endsClient) kit.client.close();
    if (closer === "twice") close2();
  }
  function close2(): void {
    subscription.close();
    kit.client.close();
  }
  /** Somebody is called. */
  function here(at: string, isAllowed = false): void {
    if (isClosed && !isAllowed) faults.push(at);
    if (at !== place || isReached) return;
    isReached = true;
    close();
    isClosed = true;
  }
  /** The calls of the other subscription are of interest only where that is closed, too. */
  const others = (at: string) => here(at, !endsClient);

  const kit: ClientKit = createKit({
    debug: true,
    url: () => (others("url"), "/events"),
    headers: () => (others("headers"), {}),
    onError: () => others("onError"),
    // Developers may hear of what has happened before.
    onLog: ({ event }) => here(`onLog ${event}`, true),
  });
  kit.server.onRequest = (request: FakeRequest) => {
    const isOwn = !request.isStream && request.channels.some((channel) => channel.startsWith(lobby.path));
    here("fetch", !endsClient && !isOwn);
    const { stream, page } = answers[answer] ?? expect.unreachable("an answer of the list");
    if (request.isStream) stream(request);
    else page(request);
  };
  const onStatus = (name: string, isAllowed: boolean) => (status: Status) =>
    here(name, isAllowed || status.state === "closed");
  const subscription: ClientSubscription = kit.client.subscribe(lobby, {
    snapshot: () => here("snapshot"),
    message: () => here("message"),
    topic: () => here("topic"),
    typing: () => here("typing"),
    onClear: () => here("onClear"),
    onGap: () => here("onGap"),
    onClose: () => {
      closings++;
      here("onClose", true);
    },
  });
  const other = kit.client.subscribe(inbox, {
    mention: () => others("other mention"),
    onGap: () => others("other onGap"),
    onClose: () => here("other onClose", true),
  });
  subscription.status.subscribe(onStatus("status", false));
  other.status.subscribe(onStatus("other status", !endsClient));
  kit.client.status.subscribe(onStatus("client status", !endsClient));

  here("at once");
  queueMicrotask(() => here("in a microtask", true));
  const milliseconds = Number(/^(\d+) ms$/.exec(place)?.[1] ?? 30_000);
  await kit.clock.advance(milliseconds);
  here(`${milliseconds} ms`, true);
  if (!isReached) {
    kit.client.close();
    return null;
  }

  await kit.clock.advance(LINGER);
  const isPageOpen = kit.server.pages.some(({ isOpen, channels }) => isOpen && channels.join().includes(lobby.path));
  if (isPageOpen) faults.push("a page request is open");
  if (endsClient && kit.clock.pending > 0) faults.push("a timer is left");
  if (endsClient && kit.network.listeners > 0) faults.push("it listens to the network");
  await kit.clock.advance(LONG);
  if (subscription.status.value.state !== "closed") faults.push(`it is ${subscription.status.value.state}`);
  if (closings !== 1) faults.push(`onClose was called ${closings} times`);
  other.close();
  await kit.clock.advance(MEMORY);
  if (kit.clock.pending > 0) faults.push("a timer is left, when nothing is followed");
  if (kit.server.requests.some(({ isOpen }) => isOpen)) faults.push("a request is open, when nothing is followed");
  return faults;
}

const reached = new Set<string>();

describe.each(CLOSERS)("what %s closes is closed, wherever that happens", (closer) => {
  test.each(Object.keys(answers))("when the server answers with %s", async (answer) => {
    const faults: string[] = [];
    for (const place of PLACES) {
      const found = await closeAt(place, closer, answer);
      if (found) reached.add(place);
      faults.push(...(found ?? []).map((fault) => `${place}: ${fault}`));
    }
    expect(faults).toEqual([]);
  });
});

test("each place of the matrix is reached", () => {
  expect(PLACES.filter((place) => !reached.has(place))).toEqual([]);
});
