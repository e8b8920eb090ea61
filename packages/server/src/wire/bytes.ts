const ENCODER = new TextEncoder();

/** Text as the bytes of a sink. */
export function toBytes(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** One Uint8Array of several. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
