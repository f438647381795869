import { defineConfig } from 'vitest/config';

/** Tests in guests and virtual machines: they wait for other systems for a good part of their time. */
const guests = ['test/{booted,install,vm}/**/*.test.ts'];

// oxlint-disable-next-line import/no-default-export -- vitest reads the default export
export default defineConfig({
  test: {
    setupFiles: ['test/support/expression-engines.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default'],
    // One after the other: what measures time here has no guest beside it.
    projects: [
      {
        extends: true,
        test: {
          name: 'here',
          include: ['test/**/*.test.ts'],
          // Minutes for each state of a real gateway: npm run test:openclaw.
          exclude: ['test/openclaw/**', ...guests],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'guests', include: guests, maxWorkers: 3, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
