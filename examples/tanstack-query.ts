// TanStack Query: the events of a channel go into the cache, and every component that uses the query shows them.
//
//   const { data: todos = [] } = useTodos("groceries");
import { createHooks } from "@tidings/react";
import { queryOptions, skipToken, useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { replaceTodo, todoLists, type Todo } from "./todo-list.ts";

export const { TidingsProvider, useChannel } = createHooks(todoLists);

/** The subscription fills this query, so the query itself fetches nothing, and what is in the cache is never stale. */
export const todosQuery = (listId: string) =>
  queryOptions<readonly Todo[]>({
    queryKey: ["todos", listId],
    queryFn: skipToken,
    staleTime: Infinity,
  });

/** While a component uses it, the cache follows the list. Use it once for each list, elsewhere use `useQuery`. */
export function useTodos(listId: string): UseQueryResult<readonly Todo[]> {
  const cache = useQueryClient();
  const query = todosQuery(listId);
  useChannel(todoLists.list({ listId }), {
    // At first, and after a gap.
    snapshot: ({ todos }) => cache.setQueryData(query.queryKey, todos),
    changed: (todo) => cache.setQueryData(query.queryKey, (todos = []) => replaceTodo(todos, todo)),
  });
  return useQuery(query);
}
