export { createHooks } from "./create-hooks.ts";
export type { Hooks, ProviderProps, StatusSource } from "./hooks.ts";
export type { LatestType, LatestValues } from "./latest-values.ts";
export type { Reduction } from "./reduction.ts";
export type { Reached, Select, View } from "./view.ts";
