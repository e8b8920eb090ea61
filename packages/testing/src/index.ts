export { Exchange } from "./exchange.ts";
export { MemoryNetwork } from "./memory-network.ts";
export type { Listener } from "./memory-network.ts";
export type { TestNetwork } from "./network-control.ts";
export { take } from "./take.ts";
export { createTestKit } from "./test-kit.ts";
export type { TestHub, TestKit, TestKitOptions } from "./test-kit.ts";
export { VirtualClock } from "./virtual-clock.ts";
