export declare const getToken: (options: { fresh: boolean }) => Promise<string>;
