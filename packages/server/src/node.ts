export { toNodeHandler } from "./node/handler.ts";
