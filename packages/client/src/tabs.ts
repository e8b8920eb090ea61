export { tabs } from "./tabs/tabs.ts";
export type { TabsOptions } from "./tabs/tabs.ts";
