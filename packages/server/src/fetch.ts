export { toFetchHandler } from "./fetch/handler.ts";
