module.exports = {
  testMatch: ["**/*.test.cjs"],
  transform: { "\\.[cm]?js$": ["babel-jest", { plugins: ["@babel/plugin-transform-modules-commonjs"] }] },
  // Tidings and what it depends on are ES modules.
  transformIgnorePatterns: ["/node_modules/(?!(.*/)?(@tidings|p-limit|yocto-queue)/)"],
};
