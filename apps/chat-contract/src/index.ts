export { chat, Message } from "./chat.ts";
export { MAX_NAME, MAX_TEXT, Name, Text } from "./words.ts";
