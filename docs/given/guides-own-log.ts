import type { EngineFacts, OpenLog } from "@tidings/log/conformance";

export { expect } from "vitest";
export declare const openBroken: OpenLog;
export declare const facts: EngineFacts;
