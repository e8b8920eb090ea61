// A store for Svelte: a todo list that follows its channel for as long as somebody reads the store.
//
//   const list = todosOf(client, "groceries");
//   {#each $list.todos as todo (todo.id)}<li>{todo.text}</li>{/each}
import type { Client, Status } from "@tidings/client";
import { readable, type Readable } from "svelte/store";
import { replaceTodo, todoLists, type Todo } from "./todo-list.ts";

export interface TodosOfList {
  readonly todos: readonly Todo[];
  readonly status: Status;
}

/** Svelte starts it with the first reader and stops it with the last one. */
export function todosOf(client: Client<typeof todoLists>, listId: string): Readable<TodosOfList> {
  return readable<TodosOfList>({ todos: [], status: { state: "connecting" } }, (_, update) => {
    const subscription = client.subscribe(todoLists.list({ listId }), {
      // At first, and after a gap.
      snapshot: ({ todos }) => update((list) => ({ ...list, todos })),
      changed: (todo) => update((list) => ({ ...list, todos: replaceTodo(list.todos, todo) })),
    });
    const setStatus = (status: Status) => update((list) => ({ ...list, status }));
    subscription.status.subscribe(setStatus);
    setStatus(subscription.status.value);
    return subscription.close;
  });
}
