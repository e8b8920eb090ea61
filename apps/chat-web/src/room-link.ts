/** What follows the `#` in the address of the page while this room is open. */
export function linkTo(roomId: string): string {
  return `#${encodeURIComponent(roomId)}`;
}

/** The room of an address, or null where there is none that could be one. */
export function roomIn(hash: string): string | null {
  try {
    return decodeURIComponent(hash.slice(1)) || null;
  } catch {
    return null;
  }
}
