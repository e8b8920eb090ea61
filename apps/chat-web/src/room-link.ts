/** Returns the hash of the page's address for a room, with its `#`. */
export function linkTo(roomId: string): string {
  return `#${encodeURIComponent(roomId)}`;
}

/** Returns the room id of a hash; null if it is empty or cannot be decoded. */
export function roomIn(hash: string): string | null {
  try {
    return decodeURIComponent(hash.slice(1)) || null;
  } catch {
    return null;
  }
}
