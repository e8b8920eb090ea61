/** Shows somebody as a letter on a colour that is always the same for a name. */
export function paintAvatar(avatar: HTMLElement, name: string): void {
  avatar.textContent = initialOf(name);
  avatar.dataset["hue"] = String(hueOf(name));
}

/** The first letter that a person would see: names may begin with an emoji of several code points. */
function initialOf(name: string): string {
  const [first] = new Intl.Segmenter().segment(name);
  return first?.segment.toLocaleUpperCase() ?? "";
}

/** One of the eight colours of the style sheet. */
function hueOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return hash % 8;
}
