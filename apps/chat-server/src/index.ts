export { createApp } from "./app.ts";
export type { AppOptions, ChatApp } from "./app.ts";
export { serve } from "./serve.ts";
export type { ChatServer, ServeOptions } from "./serve.ts";
