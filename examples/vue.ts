// A composable for Vue 3: a todo list that follows its channel for as long as the component is there.
//
//   const { todos, status } = useTodos(client, () => props.listId);
//   <li v-for="todo in todos" :key="todo.id">{{ todo.text }}</li>
import type { Client, Status } from "@tidings/client";
import { shallowReadonly, shallowRef, toValue, watchEffect, type MaybeRefOrGetter, type Ref } from "vue";
import { replaceTodo, todoLists, type Todo } from "./todo-list.ts";

export interface TodosOfList {
  readonly todos: Readonly<Ref<readonly Todo[]>>;
  readonly status: Readonly<Ref<Status>>;
}

/** With another list it begins anew. It never connects on a server: there, Vue does not run `watchEffect`. */
export function useTodos(client: Client<typeof todoLists>, listId: MaybeRefOrGetter<string>): TodosOfList {
  const todos = shallowRef<readonly Todo[]>([]);
  const status = shallowRef<Status>({ state: "connecting" });
  watchEffect((onCleanup) => {
    todos.value = [];
    const subscription = client.subscribe(todoLists.list({ listId: toValue(listId) }), {
      // At first, and after a gap.
      snapshot(state) {
        todos.value = state.todos;
      },
      changed(todo) {
        todos.value = replaceTodo(todos.value, todo);
      },
    });
    status.value = subscription.status.value;
    subscription.status.subscribe((next) => (status.value = next));
    onCleanup(subscription.close);
  });
  return { todos: shallowReadonly(todos), status: shallowReadonly(status) };
}
