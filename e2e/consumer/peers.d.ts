// Optional peers of the packages. Their own types do not compile with every option of this project, and are not what
// is checked here.
declare module "ai" {
  export type UIMessageChunk = { type: "finish"; finishReason?: "interrupted" } | { type: "error"; errorText: string };
  export interface UIMessage {
    id: string;
  }
  export type PrepareSendMessagesRequest<Message> = (options: { id: string; messages: Message[] }) => { body: object };
  export interface ChatTransport<Message> {
    sendMessages(options: { messages: Message[] }): Promise<ReadableStream<UIMessageChunk>>;
  }
}
declare module "@tanstack/ai" {
  export interface StreamChunk {
    type: string;
  }
  export interface StreamDurability {
    append: (chunks: StreamChunk[]) => Promise<string[]>;
  }
}
