import { existsSync, readFileSync } from 'node:fs'

/** Every threat of SECURITY.md names the tests that hold it off, and they are there. */
const text = readFileSync('SECURITY.md', 'utf8')
const table = text.slice(text.indexOf('\n## Threats'), text.indexOf('\n## ', text.indexOf('\n## Threats') + 4))
const rows = table.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| threat |'))
const isTest = (path: string): boolean => /\.test\.ts$|^test\/corpus\/|^bench\//.test(path)
const problems = rows.flatMap((row) => {
  const [threat = '', named = ''] = row
    .split('|')
    .slice(1)
    .map((cell) => cell.trim())
  const tests = [...named.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path)
  if (tests.filter(isTest).length === 0) return [`"${threat}" names no test`]
  return tests.filter((path) => isTest(path) && !existsSync(path)).map((path) => `"${threat}" names ${path}, which is not there`)
})
if (rows.length < 30) problems.push(`SECURITY.md has ${rows.length} threats; there were more`)
for (const problem of problems) console.error(problem)
console.log(problems.length === 0 ? `threats: ${rows.length} have their tests` : `threats: ${problems.length} problem(s)`)
process.exitCode = problems.length === 0 ? 0 : 1
