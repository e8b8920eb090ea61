/** Returns the element of index.html with this id. @throws TypeError if there is none, or if it has another type */
export function element<Class extends Element>(id: string, type: abstract new () => Class): Class {
  return elementIn(document, `#${id}`, type);
}

/** Returns the first element of a part of the page. @throws TypeError if there is none, or if it has another type */
export function elementIn<Class extends Element>(
  parent: ParentNode,
  selector: string,
  type: abstract new () => Class,
): Class {
  const found = parent.querySelector(selector);
  if (!(found instanceof type)) {
    const actual = found === null ? "none" : found.tagName.toLowerCase();
    throw new TypeError(`Expected a ${type.name} at ${selector} of index.html, got ${actual}.`);
  }
  return found;
}

/** Returns a copy of the element in a template of index.html. @throws TypeError if the template is empty */
export function copyOf(templateId: string): HTMLElement {
  const { content } = element(templateId, HTMLTemplateElement);
  const copy = content.firstElementChild?.cloneNode(true);
  if (!(copy instanceof HTMLElement)) {
    throw new TypeError(`Expected an element in the template #${templateId} of index.html, got none.`);
  }
  return copy;
}

/** Writes a text only if it has changed: a screen reader reads out every text that is written. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
