/**
 * One line about what happens now.
 * @param {string} text
 */
export const say = (text) => console.log(`tidings: ${text}`);

/** @param {number} start from `performance.now()` */
export const since = (start) => `${((performance.now() - start) / 1000).toFixed(1)} s`;
