import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      '{apps,packages}/*/{src,migrations,e2e}/**/*.test.{ts,tsx}',
      'scripts/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    globalSetup: ['./scripts/test-cluster.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    // A busy machine is slower than what a poll waits by itself.
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: 120_000,
  },
})
