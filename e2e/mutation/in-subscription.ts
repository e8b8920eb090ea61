import type * as subscriptionTable from "../../packages/client/src/state/subscription-table.ts";
import { replace, type Mutation } from "./mutation.ts";

type Transition = (typeof subscriptionTable)["transition"];

/** Subscriptions whose machine answers in another way. */
export const inSubscription = (
  change: (transition: Transition, ...input: Parameters<Transition>) => ReturnType<Transition>,
): Mutation =>
  replace<typeof subscriptionTable>("packages/client/src/state/subscription-table.ts", {
    transition:
      (transition) =>
      (...input) =>
        change(transition, ...input),
  });
