/** A chunk of the AI SDK that adds to a text. */
export const word = (delta: string) => ({ type: "text-delta", id: "t", delta });
