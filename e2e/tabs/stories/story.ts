/** What happens, and what has to come of it. Throws what is wrong. */
export type Story = () => Promise<void>;

/** By their sentences. */
export type Stories = Readonly<Record<string, Story>>;
