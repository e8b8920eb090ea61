import type { Client } from "@tidings/client";
import { act, Component, createElement, StrictMode, type ReactElement, type ReactNode } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import { onTestFinished } from "vitest";
import { TidingsProvider, type chat } from "./chat.ts";

// React then warns about every change that a test has not waited for.
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

/** A component on a page. */
export interface Mounted {
  readonly text: () => string;
  /** @param client @default the first one */
  readonly render: (element: ReactElement, client?: Client<typeof chat>) => Promise<void>;
  readonly unmount: () => Promise<void>;
}

/** The element below a provider, in StrictMode. */
export const below = (client: Client<typeof chat>, element: ReactElement): ReactElement =>
  createElement(StrictMode, null, createElement(TidingsProvider, { client }, element));

/** Shows an element in StrictMode, until the test has finished. */
export async function mount(client: Client<typeof chat>, element: ReactElement): Promise<Mounted> {
  const container = document.createElement("div");
  const mounted = follow(client, container, createRoot(container));
  await mounted.render(element);
  return mounted;
}

/** Lets a page that the server has rendered become alive. */
export async function hydrate(client: Client<typeof chat>, html: string, element: ReactElement): Promise<Mounted> {
  const container = document.createElement("div");
  container.innerHTML = html;
  const root = await act(async () => hydrateRoot(container, below(client, element)));
  return follow(client, container, root);
}

function follow(first: Client<typeof chat>, container: HTMLElement, root: Root): Mounted {
  const unmount = () => act(async () => root.unmount());
  onTestFinished(unmount);
  return {
    text: () => container.textContent ?? "",
    render: (element, client = first) => act(async () => root.render(below(client, element))),
    unmount,
  };
}

/** Shows the message of an error that the components below it throw. */
export class Boundary extends Component<{ readonly children: ReactNode }, { readonly message: string | null }> {
  override readonly state = { message: null };

  static getDerivedStateFromError({ message }: Error): { readonly message: string } {
    return { message };
  }

  override render(): ReactNode {
    return this.state.message ?? this.props.children;
  }
}
