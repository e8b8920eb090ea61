export { takeStreams, type TakenStreams } from "./node/bare/take-streams.ts";
export type { BareRequest } from "./node/bare/bare-request.ts";
export { toNodeHandler } from "./node/handler.ts";
