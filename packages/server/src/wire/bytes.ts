const ENCODER = new TextEncoder();

/** Text as UTF-8. */
export function toBytes(text: string): Uint8Array {
  return ENCODER.encode(text);
}
