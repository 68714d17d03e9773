import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** What may stand in no file of the repository, and why. */
const forbidden: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/(^|[\s"'`(=])\/(work|root|opt\/node24)\//, 'an absolute path of one machine'],
  [/registry\.npmjs\.org|registry\.yarnpkg\.com|"resolved":/, 'the address of a package registry'],
  [/-----BEGIN (RSA |EC )?PRIVATE KEY-----/, 'a private key'],
  [/\bsk-(ant-)?[A-Za-z0-9]{24,}/, 'a model provider’s key'],
  [/^(<{7}|>{7}) /m, 'a merge conflict'],
]
const skippedTest = /\b(?:it|test|describe)\.(?:skip|only|todo)\b/

const files = execFileSync('git', ['ls-files'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && !file.endsWith('check-hygiene.ts'))
const problems: string[] = []
for (const file of files) {
  const text = readFileSync(file, 'utf8')
  for (const [pattern, why] of forbidden) if (pattern.test(text)) problems.push(`${file} holds ${why}`)
  if (file.endsWith('.test.ts') && skippedTest.test(text)) problems.push(`${file} skips or focuses a test; use ctx.skip(reason)`)
}
for (const problem of problems) console.error(problem)
console.log(problems.length === 0 ? `hygiene: ${files.length} files are clean` : `hygiene: ${problems.length} problem(s)`)
process.exitCode = problems.length === 0 ? 0 : 1
