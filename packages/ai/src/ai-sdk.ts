export { tidingsTransport } from "./client/tidings-transport.ts";
export type { TidingsTransportOptions } from "./client/tidings-transport.ts";
