export { tidingsStream } from "./tanstack/tidings-stream.ts";
export type { TidingsStream, TidingsStreamOptions } from "./tanstack/tidings-stream.ts";
