import { typeNameOf } from "@tidings/protocol/checks";

/**
 * Checks what plain JavaScript may pass for a viewer.
 *
 * @param what e.g. "authenticate to answer"
 * @returns the id
 * @throws TypeError
 */
export function checkViewer(what: string, viewer: unknown): string {
  const id: unknown = typeNameOf(viewer) === "object" ? (viewer as { readonly id?: unknown }).id : viewer;
  if (typeof id === "string" && id !== "" && id !== viewer) {
    return id;
  }
  const got = id === "" ? "an empty one" : typeNameOf(id);
  throw new TypeError(`Expected ${what} a viewer with a string "id" that is not empty, got ${got}.`);
}
