import type { Client } from "@tidings/client";
import type { useTodos as useTodosOfQuery } from "../../examples/tanstack-query.ts";
import type { todoLists } from "../../examples/todo-list.ts";
import type { useTodos as useTodosOfVue } from "../../examples/vue.ts";

export declare const client: Client<typeof todoLists>;
export declare const props: { readonly listId: string };
export declare const useTodos: typeof useTodosOfVue & typeof useTodosOfQuery;
