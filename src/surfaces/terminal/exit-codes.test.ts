import { expect, test } from 'vitest'
import { ProblemError } from '../../contract/index.ts'
import { outcomes, ShellError } from '../../domain/index.ts'
import { codeOfOutcome, exitCodes, worstCode } from './exit-codes.ts'
import { noPaint } from './render/paint.ts'
import { troubleLines, troubleOf } from './trouble.ts'

test('every outcome has its code', () => {
  expect(Object.fromEntries(outcomes.map((outcome) => [outcome, codeOfOutcome(outcome)]))).toEqual({
    answered: 0,
    drafted: 0,
    refused: 3,
    'needs-approval': 3,
    'needs-clarification': 4,
    abstained: 4,
    failed: 1,
    abandoned: 130,
  })
})

const problem = (status: number, code = 'x.y'): ProblemError =>
  new ProblemError({ type: 'about:blank', title: '', status, code, detail: 'd' })

test.each<[string, unknown, number]>([
  ['unknown credentials', problem(401, 'identity.token-unknown'), exitCodes.disconnected],
  ['missing rights', problem(403, 'identity.denied'), exitCodes.refused],
  ['a refused export', problem(403, 'question.refused'), exitCodes.refused],
  ['an abstained export', problem(422, 'question.abstained'), exitCodes.unanswered],
  ['a wrong field', problem(400), exitCodes.usage],
  ['an unknown thing', problem(404), exitCodes.failed],
  ['a server that fell over', problem(500), exitCodes.failed],
  ['no network', new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') }), exitCodes.disconnected],
  ['Ctrl-C', new DOMException('x', 'AbortError'), exitCodes.interrupted],
  ['our own usage', new ShellError({ code: 'terminal.usage', kind: 'invalid', message: 'm' }), exitCodes.usage],
  ['no token', new ShellError({ code: 'terminal.no-token', kind: 'denied', message: 'm' }), exitCodes.disconnected],
  ['anything else', new Error('boom'), exitCodes.failed],
])('%s leaves with its code', (_, error, code) => expect(troubleOf(error).exitCode).toBe(code))

test('the worst code wins', () => {
  expect(worstCode(0, 4)).toBe(4)
  expect(worstCode(3, 4)).toBe(3)
  expect(worstCode(1, 3)).toBe(1)
  expect(worstCode(130, 5)).toBe(130)
})

test('what is wrong in several places is told on several lines, none of which can pass for one of ours', () => {
  const error = new ShellError({ code: 'x.y', kind: 'invalid', message: 'Two settings:\n  - a\nhint: \u001b[1m', hint: 'mend both' })
  expect(troubleLines(troubleOf(error), noPaint)).toEqual(['error: Two settings:', '  - a', '  hint: ␛[1m', 'hint: mend both'])
})
