/** The element of index.html with this id. @throws TypeError when page and program do not fit each other */
export function element<Class extends Element>(id: string, type: abstract new () => Class): Class {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new TypeError(`Expected #${id} to be a ${type.name} of index.html.`);
  return found;
}

/** The same inside a part of the page. */
export function elementIn<Class extends Element>(
  parent: ParentNode,
  selector: string,
  type: abstract new () => Class,
): Class {
  const found = parent.querySelector(selector);
  if (!(found instanceof type)) throw new TypeError(`Expected ${selector} to be a ${type.name} of index.html.`);
  return found;
}
