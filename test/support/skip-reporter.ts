import type { Reporter, TestCase } from 'vitest/node'

/** Of a test that says in its own name what it needs, and is skipped where that is not there. */
const saidInName = /\((needs |AISHELL_TEST_)[^)]*\)/

/** Names every test that was left out, with its reason. In CI one without a reason fails the run. */
export default class SkipReporter implements Reporter {
  readonly #skipped: TestCase[] = []

  onTestCaseResult(test: TestCase): void {
    if (test.result().state === 'skipped') this.#skipped.push(test)
  }

  onTestRunEnd(): void {
    const unexplained = this.#skipped.filter((test) => reasonOf(test) === null)
    for (const test of this.#skipped)
      console.log(`skipped: ${test.module.relativeModuleId}: ${test.fullName}: ${reasonOf(test) ?? 'no reason given'}`)
    if (unexplained.length === 0 || process.env['CI'] !== 'true') return
    console.log(`${unexplained.length} tests were skipped without a reason: say it by context.skip(reason)`)
    process.exitCode = 1
  }
}

function reasonOf(test: TestCase): string | null {
  const result = test.result()
  const note = result.state === 'skipped' ? result.note : undefined
  return note ?? saidInName.exec(test.fullName)?.[0] ?? null
}
