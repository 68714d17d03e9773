import type { Reporter, TestCase } from 'vitest/node'

/** Of a test that says in its own name what it needs, and is skipped where that is not there. */
const saidInName = /\((needs |AISHELL_TEST_)[^)]*\)/

/** Tells how many tests were left out and why, and names those without a reason. In CI one of these fails the run. */
export default class SkipReporter implements Reporter {
  readonly #skipped: TestCase[] = []

  onTestCaseResult(test: TestCase): void {
    if (test.result().state === 'skipped') this.#skipped.push(test)
  }

  onTestRunEnd(): void {
    const unexplained = this.#skipped.filter((test) => reasonOf(test) === null)
    for (const test of unexplained) console.log(`skipped without a reason: ${test.module.relativeModuleId}: ${test.fullName}`)
    const explained = this.#skipped.filter((test) => !unexplained.includes(test))
    for (const [reason, tests] of Map.groupBy(explained, reasonOf)) console.log(`skipped ${tests.length}: ${reason}`)
    if (unexplained.length === 0 || process.env['CI'] !== 'true') return
    console.log('Say the reason by context.skip(reason).')
    process.exitCode = 1
  }
}

function reasonOf(test: TestCase): string | null {
  const result = test.result()
  const note = result.state === 'skipped' ? result.note : undefined
  return note ?? saidInName.exec(test.fullName)?.[0] ?? null
}
