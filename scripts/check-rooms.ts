import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { clients, floors, longestDoor, longestFile, neighbours, packageHomes, sideDoors, vagueNames } from './house-plan.ts'

interface Import {
  /** Path below src/. */
  readonly file: string
  readonly specifier: string
  /** Path below src/; null for a package. */
  readonly target: string | null
}

const source = fileURLToPath(new URL('../src', import.meta.url))

/** All breaches of the plan, one sentence each; none when the house stands as drawn. */
export function checkRooms(folder: string = source): readonly string[] {
  const files = listFiles(folder)
  const imports = files.flatMap((file) => readImports(folder, file))
  return [
    ...files.flatMap((file) => checkFile(folder, file)),
    ...imports.flatMap((found) => checkImport(found)),
    ...findCycles(files, imports),
  ]
}

export function roomOf(file: string): string {
  const [floor = '', room = ''] = file.split('/')
  if (!file.includes('/')) return 'root'
  if (floor === 'domain' || floor === 'contract') return floor
  return room.endsWith('.ts') ? floor : `${floor}/${room}`
}

function listFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted()
}

function readImports(folder: string, file: string): readonly Import[] {
  const text = readFileSync(join(folder, file), 'utf8')
  const pattern = /(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g
  return [...text.matchAll(pattern)].map((match) => {
    const specifier = match[1] ?? match[2] ?? ''
    const target = specifier.startsWith('.') ? relative(folder, resolve(folder, dirname(file), specifier)).replaceAll('\\', '/') : null
    return { file, specifier, target }
  })
}

function checkFile(folder: string, file: string): readonly string[] {
  const lines = readFileSync(join(folder, file), 'utf8').trimEnd().split('\n')
  const found: string[] = []
  if (lines.length > longestFile) found.push(`src/${file} has ${lines.length} lines; ${longestFile} is the most`)
  if (vagueNames.test(file)) found.push(`src/${file} has a name that says nothing`)
  const isDoor = file.endsWith('/index.ts') && dirname(file) === roomOf(file)
  if (isDoor && lines.filter((line) => line.startsWith('// ')).length < 4)
    found.push(`src/${file} does not open with four sentences: takes, gives, touches, refuses`)
  if (isDoor && lines.length > longestDoor) found.push(`src/${file} has ${lines.length} lines; a door has at most ${longestDoor}`)
  return found
}

function checkImport(found: Import): readonly string[] {
  const from = roomOf(found.file)
  if (found.target === null) return checkPackage(found, from)
  const to = roomOf(found.target)
  if (found.target.startsWith('..')) return [] // package.json, demo files: not rooms
  if (from === to) return []
  const problems: string[] = []
  if (!isDownward(from, to)) problems.push(`src/${found.file} (${from}) imports ${found.target} (${to}): up or sideways`)
  const isDoor = found.target === `${to}/index.ts`
  const isSideDoor = sideDoors[found.target]?.includes(from) === true
  const isWithinQuestion = from === 'question' && to.startsWith('question/') && isDoor
  if (found.target in sideDoors && !isSideDoor) problems.push(`src/${found.file} may not import ${found.target}`)
  if (!isDoor && !isSideDoor && !isWithinQuestion) problems.push(`src/${found.file} imports ${found.target} past the door ${to}/index.ts`)
  if (clients.includes(from) && to !== 'contract' && to !== 'domain')
    problems.push(`src/${found.file}: ${from} is a client and may import contract and domain only`)
  return problems
}

function isDownward(from: string, to: string): boolean {
  const floorOf = (room: string): number => floors.findIndex((floor) => floor.includes(room))
  if (floorOf(from) < 0 || floorOf(to) < 0) return false
  return floorOf(to) < floorOf(from) || neighbours[from]?.includes(to) === true
}

function checkPackage(found: Import, from: string): readonly string[] {
  if (found.specifier.startsWith('node:') || found.file.endsWith('.test.ts')) return []
  const name = found.specifier
    .split('/')
    .slice(0, found.specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const homes = packageHomes[name]
  if (homes === undefined) return [`src/${found.file} imports ${name}, which has no home in scripts/house-plan.ts`]
  return homes.includes(from) ? [] : [`src/${found.file} imports ${name}, whose home is ${homes.join(', ')}`]
}

function findCycles(files: readonly string[], imports: readonly Import[]): readonly string[] {
  const edges = Map.groupBy(imports, (found) => found.file)
  const state = new Map<string, 'open' | 'done'>()
  const problems: string[] = []
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done') return
    if (state.get(file) === 'open') {
      problems.push(`cycle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`)
      return
    }
    state.set(file, 'open')
    for (const { target } of edges.get(file) ?? []) if (target !== null && files.includes(target)) visit(target, [...path, file])
    state.set(file, 'done')
  }
  for (const file of files) visit(file, [])
  return problems
}

if (import.meta.main) {
  const problems = checkRooms()
  for (const problem of problems) console.error(problem)
  console.log(problems.length === 0 ? 'rooms: the house stands as drawn' : `rooms: ${problems.length} breach(es)`)
  process.exitCode = problems.length === 0 ? 0 : 1
}
