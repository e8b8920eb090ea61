import type { Failure } from "../state/ending.ts";

/** How a request has ended: why it has failed, or its result. */
export type Outcome<Result> =
  | readonly [failure: Failure, result?: undefined]
  | readonly [failure: null, result: Result];

/** Called once. */
export type OnEnd<Result> = (outcome: Outcome<Result>) => void;

/** Ends a request. Without an outcome, nobody hears of it. */
export type EndRequest = (outcome?: readonly [Failure]) => void;
