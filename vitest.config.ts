import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // One control plane serves the whole run; a second worker uses the second core while the first one waits.
    maxWorkers: 3,
    // Hundreds of real processes share the machine. In CI a test that fails is run once more, and the report names
    // it ("retry x1"): it is to be looked into, not to be got used to. At a developer's desk it fails.
    retry: process.env.CI === 'true' ? 1 : 0,
    globalSetup: ['test/support/global.ts'],
  },
});
