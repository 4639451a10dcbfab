import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // One control plane serves the whole run; a second worker uses the second core while the first one waits.
    maxWorkers: 3,
    globalSetup: ['test/support/global.ts'],
  },
});
