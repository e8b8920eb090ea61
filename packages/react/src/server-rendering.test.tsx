import { act, createElement } from "react";
import { renderToString } from "react-dom/server";
import { expect, test, vi } from "vitest";
import {
  chat,
  openChat,
  textsOf,
  upsert,
  useChannel,
  useChannelState,
  useLatest,
  useStatus,
  type Message,
} from "../test/chat.ts";
import { below, hydrate } from "../test/mount.ts";

/** What the server hands to the page. */
interface Rendered {
  readonly messages: readonly Message[];
  readonly cursor: string;
}

test.each([
  ["a channel", chat.feed, "function"],
  ["nothing", undefined, "undefined"],
])("%s instead of an address is a mistake that is told on a server, too", async (_, given, got) => {
  const { kit } = await openChat();
  function Listener() {
    useChannel(given as unknown as ReturnType<typeof chat.feed>, { onGap: () => {} });
    return null;
  }
  const render = () => renderToString(below(kit.client, <Listener />));
  expect(render).toThrow(`Expected an address, got ${got}; call channels with params.`);
});

test("a rendered page becomes alive without a hole and without a repetition", async () => {
  const errors = vi.spyOn(console, "error");
  const { kit, addStory, settle } = await openChat();
  const news = chat.feed({ feedId: "news" });
  const reports: string[] = [];
  function Feed({ messages, cursor }: Rendered) {
    const [stories] = useChannelState(news, {
      initial: messages,
      after: cursor,
      gap: (all) => all,
      reduce: { story: (all, story) => (reports.push(story.text), [...all, story]) },
    });
    return textsOf(stories);
  }
  await addStory("one");
  const { events, cursor } = await kit.client.history(news, { last: 10 });
  const rendered = { messages: events.map(({ data }) => data), cursor };
  const html = renderToString(below(kit.client, <Feed {...rendered} />));
  expect(html).toBe("one");
  // Nothing is followed on a server.
  await settle();
  expect(kit.hub.stats().connections).toBe(0);

  await addStory("two");
  const page = await hydrate(kit.client, html, <Feed {...rendered} />);
  await settle();
  await addStory("three");
  expect(page.text()).toBe("one, two, three");
  expect(reports).toEqual(["two", "three"]);
  expect(errors).not.toHaveBeenCalled();
});

test("a state that the server has rendered goes on from a cursor that was read before it", async () => {
  const { kit, say, settle, loads } = await openChat();
  const lobby = chat.room({ roomId: "lobby" });
  function Room({ messages, cursor }: Rendered) {
    const [all] = useChannelState(lobby, {
      initial: messages,
      after: cursor,
      snapshot: (room) => room.messages,
      reduce: { message: upsert },
    });
    return textsOf(all);
  }
  await say("lobby", "one");
  const { cursor } = await kit.client.history(lobby, { last: 1 });
  await say("lobby", "two");
  const messages = [
    { id: "1", text: "one" },
    { id: "2", text: "two" },
  ];
  await say("lobby", "three");
  const element = <Room messages={messages} cursor={cursor} />;
  const page = await hydrate(kit.client, renderToString(below(kit.client, element)), element);
  await settle();
  expect([page.text(), loads()]).toEqual(["one, two, three", 0]);
});

test("the first view of a page is that of the server, although the client is already live", async () => {
  const errors = vi.spyOn(console, "error");
  const { kit, setPrice, settle } = await openChat();
  function Prices() {
    const [prices] = useLatest(chat.prices({ market: "tea" }), "price");
    return `${useStatus().state} ${prices.size}`;
  }
  await setPrice("ASSAM", 1);
  const html = renderToString(below(kit.client, createElement(Prices)));
  const other = kit.client.subscribe(chat.prices({ market: "tea" }), { onGap: () => {} });
  await settle();
  expect([html, other.status.value.state]).toEqual(["connecting 0", "live"]);
  const page = await hydrate(kit.client, html, <Prices />);
  await settle();
  expect(page.text()).toBe("live 1");
  expect(errors).not.toHaveBeenCalled();
  await act(async () => other.close());
});
