import type { HubResponse } from "@tidings/server";

const DECODER = new TextDecoder();

/** What one read of a body gives. */
export type ReadResult =
  | { readonly done: false; readonly value: Uint8Array }
  | { readonly done: true; readonly value: undefined };

/** The reader of a body. */
export interface BytesReader {
  read(): Promise<ReadResult>;
  cancel(): Promise<void>;
}

/**
 * The part of a `Response` that the client uses. A real response, with its web streams, costs more than everything else
 * in a request.
 */
export function partialResponse(
  { status, headers }: Pick<HubResponse, "status" | "headers">,
  reader: BytesReader,
): Response {
  const text = async (): Promise<string> => {
    const parts: Uint8Array[] = [];
    for (let result = await reader.read(); !result.done; result = await reader.read()) parts.push(result.value);
    return DECODER.decode(parts.length === 1 ? parts[0] : Buffer.concat(parts));
  };
  // The client uses these members only.
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name: string) => headers[name.toLowerCase()] ?? null },
    body: { getReader: () => reader, cancel: () => reader.cancel() },
    text,
    json: async () => JSON.parse(await text()) as unknown,
  } as unknown as Response;
}
