import { expect, test } from 'vitest'
import { ShellError } from '../../domain/index.ts'
import { problemOf } from './problem.ts'
import { statusOf } from './status.ts'

test.each([
  ['guard.anything', 'invalid', 400],
  ['identity.token-expired', 'denied', 401],
  ['identity.too-wide', 'denied', 403],
  ['connections.unknown', 'missing', 404],
  ['connections.name-taken', 'conflict', 409],
  ['engines.busy', 'busy', 429],
  ['engines.unreachable', 'failed', 424],
  ['engines.statement-rejected', 'invalid', 400],
  ['models.timeout', 'failed', 424],
  ['run.timeout', 'failed', 422],
  ['store.unreachable', 'failed', 503],
  ['store.role-refused', 'failed', 503],
  ['record.unavailable', 'busy', 503],
  ['somewhere.else', 'failed', 500],
] as const)('%s (%s) is status %d', (code, kind, status) => {
  expect(statusOf({ code, kind })).toBe(status)
})

test('a problem shows code, message and hint, never the cause', () => {
  const cause = new Error('user=postgres password=hunter2')
  const error = new ShellError({ code: 'engines.unreachable', kind: 'failed', message: 'No answer.', hint: 'Look at the host.', cause })
  const problem = problemOf(error, 'r1')
  expect(problem).toEqual({
    type: 'urn:aishell:problem:engines.unreachable',
    title: 'Failed Dependency',
    status: 424,
    detail: 'No answer.',
    code: 'engines.unreachable',
    hint: 'Look at the host.',
    instance: 'r1',
  })
  expect(JSON.stringify(problemOf(cause, 'r1'))).not.toContain('hunter2')
})
