import { hydrateRoot } from "react-dom/client";
import { App } from "./app.tsx";
import type { Rendered } from "./room.tsx";

declare global {
  /** Written into the page by the server. */
  var rendered: Rendered;
}

const root = document.querySelector("#root");
if (root) hydrateRoot(root, <App rendered={globalThis.rendered} />);
