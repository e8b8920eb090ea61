// @vitest-environment happy-dom
// The recipes for Vue, Svelte and TanStack Query: each shows the same list, and has to show the same.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { Client } from "@tidings/client";
import { memoryLog } from "@tidings/log";
import { createTestKit } from "@tidings/testing";
import { createElement, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { expect, onTestFinished, test, vi } from "vitest";
import { createApp, h, nextTick, shallowRef } from "vue";
import { todosOf } from "./svelte.ts";
import { TidingsProvider, useTodos as useTodosInReact } from "./tanstack-query.ts";
import { todoLists, type Todo } from "./todo-list.ts";
import { useTodos as useTodosInVue } from "./vue.ts";

/** A page that shows a list. */
interface Page {
  readonly text: () => string;
  /** Shows another list. */
  readonly show: (listId: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

type ShowList = (client: Client<typeof todoLists>, listId: string) => Promise<Page>;

const textOf = (todos: readonly Todo[]) => todos.map(({ text, isDone }) => (isDone ? `${text} ✓` : text)).join(", ");

const inVue: ShowList = async (client, first) => {
  const listId = shallowRef(first);
  const element = document.createElement("div");
  const app = createApp({
    setup() {
      const { todos, status } = useTodosInVue(client, listId);
      return () => h("p", `${status.value.state}: ${textOf(todos.value)}`);
    },
  });
  app.mount(element);
  return {
    text: () => element.textContent,
    async show(next) {
      listId.value = next;
      await nextTick();
    },
    close: async () => app.unmount(),
  };
};

const inSvelte: ShowList = async (client, first) => {
  let text = "";
  // What a component does with `$list`.
  const read = (listId: string) =>
    todosOf(client, listId).subscribe(({ todos, status }) => (text = `${status.state}: ${textOf(todos)}`));
  let stop = read(first);
  return {
    text: () => text,
    async show(next) {
      stop();
      stop = read(next);
    },
    close: async () => stop(),
  };
};

const inTanStackQuery: ShowList = async (client, first) => {
  const cache = new QueryClient();
  const element = document.createElement("div");
  const root = createRoot(element);
  function List({ listId }: { readonly listId: string }) {
    const { data = [], isPending } = useTodosInReact(listId);
    return `${isPending ? "connecting" : "live"}: ${textOf(data)}`;
  }
  const show = async (listId: string) => {
    const list = createElement(List, { listId });
    const provider = createElement(TidingsProvider, { client, children: list });
    root.render(createElement(StrictMode, null, createElement(QueryClientProvider, { client: cache }, provider)));
  };
  await show(first);
  return { text: () => element.textContent, show, close: async () => root.unmount() };
};

async function openLists() {
  const lists = new Map<string, Todo[]>([["tea", [{ id: "1", text: "boil water", isDone: false }]]]);
  const log = memoryLog({ keep: { entries: 2 } });
  const kit = await createTestKit(todoLists, {
    log,
    snapshot: { list: ({ listId }) => ({ todos: lists.get(listId) ?? [] }) },
  });
  onTestFinished(() => kit[Symbol.asyncDispose]());
  /** Writes the todo, and publishes it afterwards. */
  async function change(listId: string, ...todo: [id: string, text: string, isDone: boolean]): Promise<void> {
    const [id, text, isDone] = todo;
    const others = (lists.get(listId) ?? []).filter((each) => each.id !== id);
    lists.set(listId, [...others, { id, text, isDone }]);
    await kit.hub.publish(todoLists.list({ listId }), "changed", { id, text, isDone });
  }
  /** After it, the hub has only the entries that the log keeps. */
  async function forget(): Promise<void> {
    await log.trim();
    await kit.restartServer();
    await kit.clock.advance(15_000);
  }
  return { kit, change, forget };
}

test.for([
  ["Vue", inVue],
  ["Svelte", inSvelte],
  ["TanStack Query", inTanStackQuery],
] as const)("with %s, a list shows its state, every change, and the truth after a gap", async ([, showList]) => {
  const { kit, change, forget } = await openLists();
  const page = await showList(kit.client, "tea");
  const expectText = async (text: string) => {
    await kit.clock.advance(2_000);
    await vi.waitFor(() => expect(page.text()).toBe(text));
  };
  await expectText("live: boil water");
  await change("tea", "2", "warm the pot", false);
  await change("tea", "1", "boil water", true);
  await expectText("live: boil water ✓, warm the pot");

  // The log keeps two events, so two of these are lost while nobody reads.
  kit.network.drop();
  for (const text of ["milk", "sugar", "lemon"]) {
    await change("tea", "3", text, false);
  }
  await change("tea", "2", "warm the pot", true);
  await forget();
  await expectText("live: boil water ✓, lemon, warm the pot ✓");

  await page.show("coffee");
  await expectText("live: ");
  await change("tea", "4", "biscuits", false);
  await change("coffee", "1", "grind", false);
  await expectText("live: grind");

  await page.close();
  await kit.clock.advance(3_000);
  expect(kit.hub.stats().connections).toBe(0);
});
