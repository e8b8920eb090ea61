/** The response to `fetch`, which has a body. */
export declare const response: Response & { readonly body: ReadableStream<Uint8Array> };
