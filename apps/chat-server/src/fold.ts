/** A name as it is compared: capital or small, full width or half, it is the same. */
export function fold(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}
