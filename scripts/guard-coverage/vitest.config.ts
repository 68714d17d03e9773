import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import whole from '../../vitest.config.ts'

const suites = 'corpus gates writes threads mysql check resolution number-shape masks rules tables mysql-server own-code extensions explain'
  .split(' ')
  .map((name) => `test/integration/guard-${name}.test.ts`)
const masks = 'postgres sqlite mysql kinds'.split(' ').map((name) => `test/integration/masks-${name}.test.ts`)

/** The branches of the guard that its tests walk, in threads too. */
export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: {
    ...whole.test,
    include: [...suites, ...masks, 'src/question/guard/**/*.test.ts'],
    setupFiles: ['scripts/guard-coverage/count-threads.ts'],
    coverage: {
      provider: 'v8',
      enabled: true,
      autoAttachSubprocess: true,
      include: ['src/question/guard/**'],
      exclude: ['**/*.test.ts'],
      reporter: ['json'],
      reportsDirectory: '.cache/guard-coverage',
      reportOnFailure: true,
    },
  },
})
