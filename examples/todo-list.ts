// The contract of vue.ts, svelte.ts and tanstack-query.ts: todo lists that several people change.
import { channel, defineContract } from "@tidings/contract";
import { z } from "zod";

const Todo = z.object({ id: z.string(), text: z.string(), isDone: z.boolean() });
export type Todo = z.infer<typeof Todo>;

export const todoLists = defineContract({
  list: channel("lists/:listId", { changed: Todo }, { snapshot: z.object({ todos: z.array(Todo) }) }),
});

/** A todo takes the place of the one with its id: after a snapshot, an event may come once more. */
export function replaceTodo(todos: readonly Todo[], todo: Todo): readonly Todo[] {
  const isKnown = todos.some(({ id }) => id === todo.id);
  return isKnown ? todos.map((each) => (each.id === todo.id ? todo : each)) : [...todos, todo];
}
