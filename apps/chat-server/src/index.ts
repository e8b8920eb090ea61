export { createApp } from "./app.ts";
export type { AppOptions, ChatApp } from "./app.ts";
export { createFakeModel } from "./fake-model.ts";
export type { Model, Question } from "./model.ts";
export { serve } from "./serve.ts";
export type { ChatServer, ServeOptions } from "./serve.ts";
